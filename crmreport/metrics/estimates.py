"""Estimates: from the parts that a pass has summed to each figure's value, interval and status."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import numpy as np
import pandas as pd

from crmreport.metrics import intervals
from crmreport.metrics.intervals import Array
from crmreport.metrics.metric import Estimate, Expression, Metric
from crmreport.metrics.reach import Reach
from crmreport.tables.facts.fact import multiplied, squared

_PARTS = ("numerator", "denominator", "squares", "products", "weight_squares", "cases")


def aggregates(metric: Metric) -> dict[str, Expression]:
    """Give what must be summed for a metric, by the name of the part."""
    if metric.estimate is Estimate.WEIGHTED:
        # A row that lacks either is in neither sum.
        value = metric.weight.notnull().ifelse(metric.of, ibis.null())
        weight = metric.of.notnull().ifelse(metric.weight, ibis.null())
        found = {
            "numerator": value.sum(),
            "denominator": weight.sum(),
            "squares": squared(value).sum(),
            "products": multiplied(value, weight).sum(),
            "weight_squares": squared(weight).sum(),
            "cases": weight.count(),
        }
    else:
        found = {"numerator": metric.numerator, "denominator": metric.denominator, "squares": metric.squares}
    parts = {name: part.cast("float64") for name, part in found.items() if part is not None}
    if metric.estimate is Estimate.MEDIAN:
        parts["quantiles"] = metric.of.quantile(list(intervals.QUANTILES))
    return parts


def figures_of(
    metric: Metric, cells: pd.DataFrame, totals: Mapping[str, Array], reach: Reach
) -> pd.DataFrame:
    """Take one metric's parts out of a pass's totals, and add value, interval, status and `people`.

    `cells`: `period`, `dimension`, `segment`; `totals`: for each cell, the parts by `METRIC.PART` and the
    numbers of `rows` and `customers` behind it. `people` says how many customers a figure can rest on at
    most.
    """
    parts = _parts_of(metric, cells, totals, reach)
    cases = parts.get("cases", parts.get("denominator", parts["numerator"]))
    value, low, high = _estimate(metric, parts, totals.get(f"{metric.name}.quantiles"))
    given = np.isfinite(value)  # the median of cases most of which wait for an answer is not
    is_small = (cases < metric.minimum) & (metric.estimate not in (Estimate.TOTAL, Estimate.KNOWN))
    is_whole = cells["period"].map(reach.is_whole).to_numpy(dtype=bool)
    customers = totals.get("customers", np.nan)
    return cells.assign(
        metric=metric.name,
        numerator=parts["numerator"],
        denominator=parts.get("denominator", np.nan),
        value=np.where(given, value, np.nan),
        low=np.where(given & np.isfinite(low), low, np.nan),
        high=np.where(given & np.isfinite(high), high, np.nan),
        status=np.select([~given, ~is_whole, is_small], ["undefined", "incomplete", "small"], "ok"),
        people=customers if metric.estimate is Estimate.TOTAL else np.fmin(customers, cases),
    )


def _parts_of(
    metric: Metric, cells: pd.DataFrame, totals: Mapping[str, Array], reach: Reach
) -> dict[str, Array]:
    covered = cells["period"].map(reach.covers).to_numpy(dtype=bool)
    # A sum over no rows is 0 where the data cover the period, and unknown where they do not.
    parts = {
        part: np.where(covered, np.nan_to_num(totals[f"{metric.name}.{part}"]), np.nan)
        for part in _PARTS
        if f"{metric.name}.{part}" in totals
    }
    if metric.denominator is None and metric.estimate is not Estimate.WEIGHTED:
        # Rows of which none has an amount are no amount of 0, and none of them counts only if that is known.
        nothing_known = (totals["rows"] > 0) & np.isnan(totals[f"{metric.name}.numerator"])
        parts["numerator"] = np.where(nothing_known, np.nan, parts["numerator"])
    return parts


def _estimate(metric: Metric, parts: dict[str, Array], quantiles: Array | None) -> tuple[Array, Array, Array]:
    """Give a metric's values with the bounds of their 95 % intervals; missing where there are no cases."""
    numerator = parts["numerator"]
    if metric.estimate is Estimate.KNOWN:
        return numerator, numerator, numerator
    if metric.estimate is Estimate.COUNT:
        return numerator, *intervals.poisson(numerator)
    if metric.estimate is Estimate.TOTAL:
        return numerator, *intervals.total(numerator, parts["squares"])
    below = parts["denominator"]
    if quantiles is not None:
        value = quantiles[:, intervals.QUANTILES.index(metric.quantile)]
        return value, *intervals.quantile(quantiles, below, metric.quantile)
    value = np.divide(numerator, below, out=np.full(len(below), np.nan), where=below > 0)
    if metric.estimate is Estimate.SHARE:
        return value, *intervals.wilson(numerator, below)
    if metric.estimate is Estimate.WEIGHTED:
        residuals = parts["squares"] - 2 * value * parts["products"] + value**2 * parts["weight_squares"]
        return value, *intervals.weighted(numerator, below, residuals)
    return value, *intervals.mean(numerator, below, parts["squares"])
