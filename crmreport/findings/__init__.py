"""Findings: what changed, how surely and through which parts; each a value before it is a sentence."""
