"""Voices: what customers say and how it was answered: Kano, comments, issues, waiting."""
