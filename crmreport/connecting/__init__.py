"""Connecting: look at files, and propose which tables of the contract they give and how they are read."""

from crmreport.connecting.proposal import Looked, Proposal
from crmreport.connecting.proposing import look
from crmreport.connecting.several import choose
from crmreport.connecting.writing import write_tables

__all__ = ["Looked", "Proposal", "choose", "look", "write_tables"]
