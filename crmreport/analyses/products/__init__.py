"""Products: who prefers what, what is bought together, and what is asked for next."""
