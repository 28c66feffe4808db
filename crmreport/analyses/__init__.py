"""Analyses: what is not a ratio; one file per method, each from tables to a small frame."""
