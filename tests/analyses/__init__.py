"""Analyses: each on data that a reader can count, on data made from known parameters, and on real ones."""
