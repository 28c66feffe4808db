"""Hiding: withhold the figures of so few customers that they would say something of one of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmreport.segments import ALL, UNKNOWN


def hide_small_cells(cube: pd.DataFrame, minimum_cell: int) -> pd.DataFrame:
    """Withhold the figures of groups of few customers, and of one more group that would give one away.

    `people` says how many customers a figure can at most rest on. A hidden segment could be computed from
    the whole and the others, so where only one segment of a dimension is hidden, the next smallest is
    hidden with it; not for those of no known segment, since nobody can tell who they are.
    """
    people = cube["people"]
    is_segment = cube["dimension"] != ALL
    few = is_segment & (people > 0) & (people < minimum_cell)
    groups = [cube["period"], cube["dimension"], cube["metric"]]
    named = few & (cube["segment"] != UNKNOWN)
    alone = (few.groupby(groups).transform("sum") == 1) & named.groupby(groups).transform("any")
    next_smallest = (
        people.where(is_segment & ~few & alone & (people > 0)).groupby(groups).rank(method="first")
    )
    hidden = few | (next_smallest == 1)
    cube = cube.copy()
    cube.loc[hidden, ["numerator", "denominator", "value", "low", "high"]] = np.nan
    cube.loc[hidden, "status"] = "hidden"
    return cube
