"""Exhibits: what a page shows, one file each; from a context's figures to an output."""
