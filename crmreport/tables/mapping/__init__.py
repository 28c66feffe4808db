"""Mapping: a source's columns as the contract's: where each is read from, and what its cells say."""
