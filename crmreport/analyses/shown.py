"""Shown: which groups have enough customers to be shown."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from crmreport.segments import UNKNOWN


def large_enough(groups: pd.DataFrame, within: Sequence[str], people: str, least: int) -> pd.Series:
    """Say of each group whether it has at least `least` customers (column `people`), so that it may be shown.

    What is withheld could be computed from the whole and the other groups; so where only one group is
    withheld `within` the same values, the next smallest is withheld with it. Those of no known `segment`
    are not counted: nobody can tell who they are.
    """
    few = groups[people] < least
    known = groups["segment"] != UNKNOWN
    keys = [groups[c] for c in within]
    alone = (few & known).groupby(keys).transform("sum") == 1
    others = groups[people].where(~few & known & alone).groupby(keys).rank(method="first")
    return ~few & ~(others == 1)
