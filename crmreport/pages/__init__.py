"""Pages: which there are, what each is made from, and running one. Papermill is known here alone."""
