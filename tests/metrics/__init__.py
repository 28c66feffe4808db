"""Metrics: tests of the declarations, by subject."""
