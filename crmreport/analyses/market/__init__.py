"""Market: our place in it, and the economy around it."""
