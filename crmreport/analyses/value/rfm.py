"""RFM: the customers in eleven segments, by how recently, how often and for how much they bought."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.analyses.value import rfm_scores
from crmreport.analyses.value.rfm_scores import (
    MEASURES,
    SEGMENTS,
    WINDOW_DAYS,
    Cuts,
    cut_points,
    rfm_measures,
    score,
    segment_of,
)
from crmreport.language import _t
from crmreport.tables.engine import IbisTable

NEW, HIDDEN = "new", "hidden"
FROZEN, RELATIVE = "frozen", "relative"
TITLES: dict[str, str] = rfm_scores.TITLES | {
    NEW: _t("New"),
    HIDDEN: _t("Groups of few customers"),
    FROZEN: _t("Kept from the first year"),
    RELATIVE: _t("Of this period"),
}
_LEAST_CUSTOMERS = 50


def segmented(measures: pd.DataFrame, cuts: Cuts) -> pd.DataFrame:
    """Add to the measures the scores by these cut points and the `segment`."""
    scores = score(measures, cuts)
    return measures.join(scores).assign(segment=segment_of(scores))


def migration(before: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """Count the customers by their segment at two times; `new` at the first are those who had not bought.

    Columns: `from_segment`, `to_segment`, `customers`, `share` (of those in `from_segment`). Both frames
    have `customer_id` and `segment`; customers are never lost from the second.
    """
    joined = now[["customer_id", "segment"]].merge(
        before[["customer_id", "segment"]], on="customer_id", how="left", suffixes=("", "_before")
    )
    pairs = pd.DataFrame(
        {"from_segment": joined["segment_before"].fillna(NEW), "to_segment": joined["segment"]}
    )
    return _with_shares(
        pairs.groupby(["from_segment", "to_segment"]).size().rename("customers").reset_index()
    )


def hide_small_moves(moves: pd.DataFrame, minimum_cell: int) -> pd.DataFrame:
    """Put moves of few customers together as `hidden`, so that rows still add up to their segment.

    Where these are still few, the next smallest move joins them; segments of few customers do, too.
    """
    sizes = moves.groupby("from_segment")["customers"].sum()
    few = _together(sizes, minimum_cell)
    merged = moves.assign(from_segment=moves["from_segment"].mask(moves["from_segment"].isin(few), HIDDEN))
    merged = merged.groupby(["from_segment", "to_segment"], as_index=False)["customers"].sum()
    parts = []
    for _, rows in merged.groupby("from_segment", sort=False):
        small = _together(rows.set_index("to_segment")["customers"], minimum_cell)
        parts.append(rows.assign(to_segment=rows["to_segment"].mask(rows["to_segment"].isin(small), HIDDEN)))
    if not parts:
        return moves
    found = pd.concat(parts).groupby(["from_segment", "to_segment"], as_index=False)["customers"].sum()
    return _with_shares(found)


def _together(sizes: pd.Series, least: int) -> list[str]:
    """Name the groups that are too few to show, with as many of the next smallest as make them enough."""
    ordered = sizes.sort_index().sort_values(kind="stable")
    few = int((ordered < least).sum())
    while 0 < few < len(ordered) and ordered.iloc[:few].sum() < least:
        few += 1
    return list(ordered.index[:few])


def _with_shares(moves: pd.DataFrame) -> pd.DataFrame:
    order = {name: place for place, name in enumerate((*SEGMENTS, NEW, HIDDEN))}
    whole = moves.groupby("from_segment")["customers"].transform("sum")
    ordered = moves.assign(share=moves["customers"] / whole)
    return ordered.sort_values(["from_segment", "to_segment"], key=lambda s: s.map(order), ignore_index=True)


def _compute(known: Known) -> Frames:
    orders, end = known.facts["orders"], known.period.end
    now = rfm_measures(orders, end)
    buyers = int(now["purchase_days"].notna().sum())
    if buyers < _LEAST_CUSTOMERS:
        raise Declined(
            _t("Only {buyers} customers bought within a year; fifths of them need {least}."),
            buyers=buyers,
            least=_LEAST_CUSTOMERS,
        )
    if not (now["amount"] > 0).any():
        raise Declined(_t("No order has an amount. Connect the orders' amounts or their lines."))
    reference = _reference(known, orders)
    measured = now if reference == end else rfm_measures(orders, reference)
    if int(measured["purchase_days"].notna().sum()) < _LEAST_CUSTOMERS:
        reference, measured = end, now
    frozen, relative = cut_points(measured), cut_points(now)
    customers = segmented(now, frozen)
    by_relative = segmented(now, relative)
    before = segmented(rfm_measures(orders, known.period.start), frozen)
    minimum_cell = known.settings.minimum_cell
    return {
        "segments": _segments(customers, before, by_relative, minimum_cell),
        "migration": hide_small_moves(migration(before, customers), minimum_cell),
        "cuts": pd.concat(
            [_written(FROZEN, reference, frozen), _written(RELATIVE, end, relative)], ignore_index=True
        ),
        "customers": customers.assign(
            relative_recency=by_relative["recency"],
            relative_frequency=by_relative["frequency"],
            relative_money=by_relative["money"],
            relative_segment=by_relative["segment"],
        ),
    }


def _reference(known: Known, orders: IbisTable) -> date:
    """Find the end of the first whole period before which the orders cover a year; or this period's."""
    first = orders.aggregate(first=orders.ordered_at.date().min()).to_pyarrow().to_pylist()[0]["first"]
    covered = [p.end for p in known.periods if p.end - timedelta(days=WINDOW_DAYS) >= first]
    return covered[0] if covered else known.period.end


def _segments(
    now: pd.DataFrame, before: pd.DataFrame, by_relative: pd.DataFrame, minimum_cell: int
) -> pd.DataFrame:
    sizes = pd.DataFrame(
        {
            "customers": now.groupby("segment").size(),
            "customers_before": before.groupby("segment").size(),
            "customers_relative": by_relative.groupby("segment").size(),
        },
        index=list(SEGMENTS),
    )
    sizes = sizes.fillna(0).astype("int64")
    few = _together(sizes["customers"][sizes["customers"] > 0], minimum_cell)
    sizes = sizes[sizes["customers"] > 0]
    names = now["segment"].mask(now["segment"].isin(few), HIDDEN)
    means = now.assign(segment=names).groupby("segment")[list(MEASURES)].agg(["mean", "sum"])
    counts = sizes.groupby(lambda name: HIDDEN if name in few else name).sum()
    order = [name for name in (*SEGMENTS, HIDDEN) if name in counts.index]
    counts, means = counts.loc[order], means.loc[order]
    revenue = means[("amount", "sum")].to_numpy()
    of_before = counts["customers_before"].to_numpy(dtype=float)
    return pd.DataFrame(
        {
            "segment": order,
            "customers": counts["customers"].to_numpy(),
            "share": counts["customers"].to_numpy() / len(now),
            "revenue": revenue,
            "revenue_share": revenue / revenue.sum(),
            "recency_days": means[("days_since_last", "mean")].to_numpy(),
            "purchase_days": means[("purchase_days", "mean")].to_numpy(),
            "amount": means[("amount", "mean")].to_numpy(),
            "customers_before": counts["customers_before"].to_numpy(),
            "change": counts["customers"].to_numpy() - counts["customers_before"].to_numpy(),
            "relative_change": np.divide(
                counts["customers"].to_numpy() - of_before,
                of_before,
                out=np.full(len(order), np.nan),
                where=of_before > 0,
            ),
            "customers_relative": counts["customers_relative"].to_numpy(),
        }
    )


def _written(kind: str, day: date, cuts: Cuts) -> pd.DataFrame:
    rows = []
    for measure in MEASURES:
        for place, cut in enumerate(cuts[measure]):
            turned = -cut if measure == "days_since_last" else cut
            rows.append((kind, pd.Timestamp(day), measure, place + 2, turned if np.isfinite(cut) else np.nan))
    return pd.DataFrame(rows, columns=["kind", "day", "measure", "score", "begins_at"])


RFM = Analysis(
    name="rfm",
    title=_t("RFM segments"),
    subject="customers",
    definition=_t(
        "Customers score 1 to 5 by the days since their last purchase (few days score high), their purchase "
        "days and their revenue, each of the 365 days before the period ends. A score is the fifth of the "
        "buyers in which the value lies; equal values score the same, the worst scores 1. Recency, and the "
        "mean of the other two, give one of ten segments; who bought only earlier is lost. So that periods "
        "compare, scores begin at the values of the first whole period with a year of orders."
    ),
    source=_t(
        "Hughes 1994, Strategic Database Marketing; Fader, Hardie and Lee 2005, Journal of Marketing "
        "Research 42(4); the map to segments is ours"
    ),
    trap=_t(
        "Fifths of each period's own customers always hold a fifth: if all buy less, no segment shrinks. "
        "Look at the scores with kept values for change, and at the relative ones to choose whom to address."
    ),
    limit=_t(
        "At least 50 buyers within a year. The kept values age as prices rise. Segments and moves of few "
        "customers are put together."
    ),
    needs=("orders",),
    facts=("orders",),
    compute=_compute,
    columns={
        "segments": {
            "segment": _t("Segment, by the kept values"),
            "customers": _t("Customers at the end of the period"),
            "share": _t("Share of all who ever bought, 0 to 1"),
            "revenue": _t("Revenue of the 365 days, in money"),
            "revenue_share": _t("Share of that revenue, 0 to 1"),
            "recency_days": _t("Mean days since the last purchase; missing for the lost"),
            "purchase_days": _t("Mean purchase days in the 365 days"),
            "amount": _t("Mean revenue per customer in the 365 days, in money"),
            "customers_before": _t("Customers when the period began"),
            "change": _t("Customers more or less than when the period began"),
            "relative_change": _t("The same as a share of those when the period began"),
            "customers_relative": _t("Customers by the fifths of this period"),
        },
        "migration": {
            "from_segment": _t("Segment when the period began; new: had not bought yet"),
            "to_segment": _t("Segment at its end"),
            "customers": _t("Customers"),
            "share": _t("Share of those in the first segment, 0 to 1"),
        },
        "cuts": {
            "kind": _t("Kept from the first year, or of this period"),
            "day": _t("Day before which the 365 days lie"),
            "measure": _t("Days since the last purchase, purchase days, or revenue"),
            "score": _t("Score from 2 to 5"),
            "begins_at": _t("Value at which the score begins; for days, at or below; missing if none has it"),
        },
        "customers": {
            "customer_id": _t("Customer"),
            "days_since_last": _t("Days since the last purchase"),
            "purchase_days": _t("Purchase days in the 365 days"),
            "amount": _t("Revenue of the 365 days, in money"),
            "recency": _t("Score of recency by kept values, 1 to 5; 0 for the lost"),
            "frequency": _t("Score of purchase days by kept values"),
            "money": _t("Score of revenue by kept values"),
            "segment": _t("Segment by kept values"),
            "relative_recency": _t("Score of recency among this period's buyers"),
            "relative_frequency": _t("Score of purchase days among this period's buyers"),
            "relative_money": _t("Score of revenue among this period's buyers"),
            "relative_segment": _t("Segment among this period's buyers"),
        },
    },
    private=("customers",),
    seed="RFM",
)
