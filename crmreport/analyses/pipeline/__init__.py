"""Pipeline: how far leads come, and how long deals take."""
