"""Book: assemble what Jupyter Book reads, and call it. It is known here alone."""
