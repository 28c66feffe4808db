"""Cleaning: the rules by which rows are kept or set aside, each counted; what only a person may decide."""
