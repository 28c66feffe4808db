"""Analyses: what is not a ratio; one file per method, each a plain function from tables to small frames."""

from __future__ import annotations

from crmreport.analyses.analysis import Analysis

ANALYSES: tuple[Analysis, ...] = ()
