"""Risk: who will be lost next, learnt from earlier customers and tested on later ones."""
