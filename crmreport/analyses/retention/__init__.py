"""Retention: who stays and for how long: cohorts, stages of the lifecycle, tenure."""
