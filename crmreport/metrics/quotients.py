"""Quotients: metrics made of two others, computed from the figures of both."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from crmreport.metrics import intervals
from crmreport.metrics.metric import At, Metric
from crmreport.periods import Period

_KEYS = ["period", "dimension", "segment"]
_FIGURES = ("value", "low", "high")


def at(period: Period, when: At) -> Period:
    """Give the period of a quotient's lower part, seen from that of its upper one."""
    match when:
        case At.SAME:
            return period
        case At.PREVIOUS:
            return period.predecessor()
        case At.YEAR_BEFORE:
            return period.year_before()
        case At.NEXT:
            return period.successor()


def periods_needed(metric: Metric, periods: Iterable[Period]) -> tuple[Period, ...]:
    """Give all periods of which a metric's parts are needed to have the metric in these."""
    wanted = tuple(periods)
    if metric.quotient is None:
        return wanted
    below = tuple(at(period, metric.quotient.at) for period in wanted)
    parts = (*periods_needed(metric.quotient.top, wanted), *periods_needed(metric.quotient.bottom, below))
    return tuple(dict.fromkeys(parts))


def figures_of_quotient(
    metric: Metric, periods: tuple[Period, ...], plain: dict[str, pd.DataFrame]
) -> pd.DataFrame:
    """Compute a quotient for these periods; any other metric's figures are taken from `plain`, by name.

    Columns as in the cube; numerator and denominator are the two figures. It is hidden where a part is,
    "undefined" where one is or the lower is not above zero, else "incomplete" or "small" where one is.
    """
    if metric.quotient is None:
        found = plain[metric.name]
        return found[found["period"].isin([p.key for p in periods])]
    quotient = metric.quotient
    below = {period.key: at(period, quotient.at) for period in periods}
    top = figures_of_quotient(quotient.top, periods, plain)
    bottom = figures_of_quotient(quotient.bottom, tuple(dict.fromkeys(below.values())), plain)
    of_key = pd.DataFrame({"period": list(below), "below": [p.key for p in below.values()]})
    bottom = of_key.merge(bottom.rename(columns={"period": "below"}), on="below").drop(columns="below")
    shared = set(top["dimension"]) & set(bottom["dimension"])
    top, bottom = (part[part["dimension"].isin(shared)] for part in (top, bottom))
    both = top.merge(bottom, on=_KEYS, how="outer", suffixes=("", "_below"))
    return _divided(metric, both)


def _divided(metric: Metric, both: pd.DataFrame) -> pd.DataFrame:
    """Divide the figures of one part by those of the other, which stand beside them."""
    if metric.quotient is None:
        raise ValueError(f"{metric.name} is no quotient")
    per, less = metric.quotient.per, metric.quotient.less
    top, bottom = (
        tuple(both[f"{figure}{side}"].to_numpy(dtype=float) for figure in _FIGURES) for side in ("", "_below")
    )
    given = np.isfinite(top[0]) & (bottom[0] > 0)
    value = np.divide(top[0], bottom[0], out=np.full(len(both), np.nan), where=given)
    low, high = intervals.ratio((top[0], top[1], top[2]), (bottom[0], bottom[1], bottom[2]))
    statuses = [both["status"], both["status_below"]]
    hidden = _either(statuses, "hidden").to_numpy()
    conditions = [hidden, ~given, *(_either(statuses, s) for s in ("incomplete", "small"))]
    figures = {
        "numerator": top[0],
        "denominator": bottom[0],
        "value": value * per - less,
        "low": np.where(given, low * per - less, np.nan),
        "high": np.where(given, high * per - less, np.nan),
    }
    return both[_KEYS].assign(
        metric=metric.name,
        **{name: np.where(hidden, np.nan, figure) for name, figure in figures.items()},
        status=np.select(conditions, ["hidden", "undefined", "incomplete", "small"], "ok"),
    )


def _either(statuses: list[pd.Series], status: str) -> pd.Series:
    return (statuses[0] == status) | (statuses[1] == status)
