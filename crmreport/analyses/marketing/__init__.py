"""Marketing: which campaigns work, and what more spending would bring."""
