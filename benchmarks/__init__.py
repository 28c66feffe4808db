"""Benchmarks: what the README says of speed, measured again by anyone."""
