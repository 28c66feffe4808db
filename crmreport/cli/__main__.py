"""Lets ``python -m crmreport.cli`` stand for ``crmreport``."""

from __future__ import annotations

from crmreport.cli import main

main(prog_name="crmreport")
