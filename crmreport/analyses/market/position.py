"""Market position: the shares of the market by seller, as they were known then, and how they are revised."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.language import _t
from crmreport.periods import Period
from crmreport.tables.engine import IbisTable
from crmreport.tables.facts.market import COMPETITOR, INDUSTRY, OWN, market_unit, sums_of_periods, vintages

MOST_PERIODS = 25
MOST_SELLERS = 10
OTHERS = "others"  # what no series is about
TITLES: dict[str, str] = {OTHERS: _t("Others")}


def sales_by_seller(market: IbisTable, periods: tuple[Period, ...]) -> pd.DataFrame:
    """Give each seller's sales, and those of the industry, by period, from the values published last.

    `market` is the contract's table, cut at the day on which one wants to know. Series in another unit than
    the industry's are left out; a series of no organisation goes by its own name. Columns: `period`, `kind`,
    `seller` (missing for the industry), `sales`, `first_sales` (from the values published first),
    `published_on`.
    """
    values = vintages(market)
    values = values.filter(values.unit == market_unit(values))
    frames = {}
    for which in ("is_latest", "is_first"):
        found = sums_of_periods(values.filter(values[which]), periods).to_pandas()
        found["seller"] = found["organisation"].fillna(found["series"])
        found.loc[found["kind"] == INDUSTRY, "seller"] = INDUSTRY
        found.loc[found["kind"] == OWN, "seller"] = found["seller"].where(found["kind"] == OWN)
        chosen = found[found["kind"].isin([OWN, COMPETITOR, INDUSTRY])]
        frames[which] = chosen.groupby(["period", "kind", "seller"], as_index=False).agg(
            sales=("value", "sum"), published_on=("published_on", "max")
        )
    first = frames["is_first"].drop(columns="published_on").rename(columns={"sales": "first_sales"})
    both = frames["is_latest"].merge(first, on=["period", "kind", "seller"], how="left")
    return both.sort_values(["period", "kind", "seller"], ignore_index=True)


def shares_of(sales: pd.DataFrame, year_before: dict[str, str]) -> pd.DataFrame:
    """Give each seller's share of the industry's sales.

    `sales`: see `sales_by_seller`; `year_before`: the key of each period's period of the year before. Periods
    of which the industry's sales are not known are left out. Columns: `period`, `seller`, `is_own`,
    `sales`, `share`, `first_share` (by the figures published first), `revision` (share less that one),
    `share_before` (a year before), `change` (difference of the shares, in points as a share),
    `relative_share` (sales over those of the largest other seller), `published_on`. What no series is about
    is the seller `OTHERS`.
    """
    industry = sales[sales["kind"] == INDUSTRY].set_index("period")
    of_sellers = sales[sales["kind"] != INDUSTRY]
    of_sellers = of_sellers[of_sellers["period"].isin(industry.index)]
    known = (
        of_sellers.groupby("period")[["sales", "first_sales"]].sum().reindex(industry.index, fill_value=0.0)
    )
    others = (industry[["sales", "first_sales"]] - known).clip(lower=0).reset_index()
    others = others.assign(kind="", seller=OTHERS, published_on=industry["published_on"].to_numpy())
    rows = pd.concat([of_sellers, others], ignore_index=True)
    total, first_total = (rows["period"].map(industry[c]).astype(float) for c in ("sales", "first_sales"))
    rows = rows.assign(
        is_own=rows["kind"] == OWN,
        share=rows["sales"] / total.where(total > 0),
        first_share=rows["first_sales"] / first_total.where(first_total > 0),
    )
    rows["revision"] = rows["share"] - rows["first_share"]
    before = rows.set_index(["period", "seller"])["share"]
    keys = [(year_before.get(p, ""), s) for p, s in zip(rows["period"], rows["seller"], strict=True)]
    rows["share_before"] = before.reindex(pd.MultiIndex.from_tuples(keys)).to_numpy(dtype=float)
    rows["change"] = rows["share"] - rows["share_before"]
    rows["relative_share"] = _relative(rows)
    return rows.sort_values(["period", "sales", "seller"], ascending=[True, False, True], ignore_index=True)


def _relative(rows: pd.DataFrame) -> pd.Series:
    """Divide each seller's sales by those of the largest other one; missing for `OTHERS`."""
    named = rows[rows["seller"] != OTHERS]
    order = named.sort_values("sales", ascending=False).groupby("period")["sales"]
    largest = named["period"].map(order.nth(0).groupby(named["period"]).first())
    second = named["period"].map(order.nth(1).groupby(named["period"]).first())
    rivals = largest.where(named["sales"] < largest, second)
    return (named["sales"] / rivals).reindex(rows.index)


def position_of(shares: pd.DataFrame, sales: pd.DataFrame, year_before: dict[str, str]) -> pd.DataFrame:
    """Give our place in the market, and how concentrated it is, by period.

    `shares`: see `shares_of`; `sales`: see `sales_by_seller`. Columns: `period`, `market_sales`,
    `market_growth` (on the year), `own_share`, `own_change`, `own_growth`, `relative_share`, `rank` (1 for
    the largest seller that is known), `known_share` (of all sellers that are known), `hhi_low`, `hhi_high`
    (Herfindahl-Hirschman index, 0 to 10,000: if the others were countless, and if they were one).
    """
    industry = sales[sales["kind"] == INDUSTRY].set_index("period")["sales"]
    rows = []
    for period, of_period in shares.groupby("period", sort=True):
        named = of_period[of_period["seller"] != OTHERS]
        own = of_period[of_period["is_own"]]
        before = year_before.get(str(period), "")
        rest = float(of_period.loc[of_period["seller"] == OTHERS, "share"].sum())
        low = float((100 * named["share"]).pow(2).sum())
        share, change = (float(own[c].sum(min_count=1)) for c in ("share", "change"))
        growth = industry[period] / industry.get(before, np.nan) - 1
        rows.append(
            {
                "period": period,
                "market_sales": float(industry[period]),
                "market_growth": float(growth),
                "own_share": share,
                "own_change": change,
                "own_growth": share / (share - change) * (1 + growth) - 1,
                "relative_share": float(own["relative_share"].iloc[0]) if len(own) == 1 else np.nan,
                "rank": float((named["share"] > share).sum() + 1) if len(own) else np.nan,
                "known_share": 1 - rest,
                "hhi_low": low,
                "hhi_high": low + (100 * rest) ** 2,
            }
        )
    return pd.DataFrame(rows)


def years_of(shares: pd.DataFrame, sales: pd.DataFrame, periods: tuple[Period, ...]) -> pd.DataFrame:
    """Give each seller's share over the last periods that make up a year, and over those of the year before.

    The newest periods whose year before is known, too, at most a year of them; sums over sums, so that
    single months weigh as much as they sell. Columns: `seller`, `is_own`, `periods`, `share`,
    `share_before`, `change`.
    """
    of_year = {p.key: p.year_before().key for p in periods}
    there = set(shares["period"])
    both = [p.key for p in periods if p.key in there and of_year[p.key] in there][-_a_year(periods) :]
    industry = sales[sales["kind"] == INDUSTRY].set_index("period")["sales"]
    columns = ["seller", "is_own"]
    now = _summed(shares[shares["period"].isin(both)], industry[both].sum())
    old_keys = [of_year[key] for key in both]
    old = _summed(shares[shares["period"].isin(old_keys)], industry[old_keys].sum())
    found = now.merge(old, on=columns, how="left", suffixes=("", "_before")).assign(periods=len(both))
    found["change"] = found["share"] - found["share_before"]
    found = found.sort_values(["share", "seller"], ascending=[False, True], ignore_index=True)
    return found[["seller", "is_own", "periods", "share", "share_before", "change"]]


def _a_year(periods: tuple[Period, ...]) -> int:
    return max(1, round(365 / (sum(p.days for p in periods) / len(periods))))


def _summed(shares: pd.DataFrame, industry: float) -> pd.DataFrame:
    sums = shares.groupby(["seller", "is_own"], as_index=False)["sales"].sum()
    return sums.assign(share=sums["sales"] / industry).drop(columns="sales")


def revisions_of(sales: pd.DataFrame) -> pd.DataFrame:
    """Say how far the figures published first were off those published last, by seller and for the industry.

    Periods whose figure has not been revised count as 0. Columns: `seller`, `periods`, `mean` (relative
    revision), `mean_size` (of its absolute value), `largest` (of that, too).
    """
    revision = (sales["sales"] / sales["first_sales"].where(sales["first_sales"] > 0) - 1).rename("revision")
    rows = sales[["seller"]].assign(revision=revision, size=revision.abs()).dropna()
    found = rows.groupby("seller", as_index=False).agg(
        periods=("revision", "size"), mean=("revision", "mean"), mean_size=("size", "mean"),
        largest=("size", "max"),
    )  # fmt: skip
    return found.sort_values("seller", ignore_index=True)


def _compute(known: Known) -> Frames:
    periods = known.periods
    sales = sales_by_seller(known.tables["market"], periods)
    if INDUSTRY not in set(sales["kind"]):
        raise Declined(
            _t(
                "No sales of the industry are published for periods of this kind. Connect a series of kind "
                "industry that is published as often, or review quarters or years."
            )
        )
    if set(sales["kind"]) == {INDUSTRY}:
        raise Declined(
            _t(
                "No seller's sales are published beside those of the industry. Connect series of kind own or "
                "competitor, in the same unit and as often."
            )
        )
    largest = sales[sales["kind"] != INDUSTRY].groupby("seller")["sales"].sum()
    kept = set(largest.sort_values(ascending=False, kind="stable").index[:MOST_SELLERS])
    kept |= set(sales.loc[sales["kind"] == OWN, "seller"])
    sales = sales[sales["seller"].isin(kept) | (sales["kind"] == INDUSTRY)]
    year_before = {p.key: p.year_before().key for p in periods}
    shares = shares_of(sales, year_before)
    position = position_of(shares, sales, year_before)
    recent = [p.key for p in periods][-MOST_PERIODS:]
    columns = MARKET_POSITION.columns
    frames = {
        "shares": shares[shares["period"].isin(recent)],
        "position": position[position["period"].isin(recent)],
        "years": years_of(shares, sales, periods),
        "revisions": revisions_of(sales),
    }
    return {name: frame[list(columns[name])].reset_index(drop=True) for name, frame in frames.items()}


MARKET_POSITION = Analysis(
    name="market_position",
    title=_t("Position in the market"),
    subject="market",
    definition=_t(
        "Each seller's share of the industry's sales by period, its change on the year, our share relative "
        "to the largest other seller, and how concentrated the market is, from what was published by the end "
        "of the period."
    ),
    source=_t(
        "Market share by value; relative share: own sales over those of the largest other seller; "
        "Herfindahl-Hirschman index: sum of the squared shares in per cent"
    ),
    trap=_t(
        "The newest figures are first estimates: see how far earlier ones were revised. Shares of one month "
        "swing with deliveries and stock; those of a year tell more."
    ),
    limit=_t(
        "The 10 largest sellers that have a series; all others together are what is left of the industry. "
        "Series in another unit, or published for longer times than the period, are not used."
    ),
    seed="竞争对手市场份额",
    needs=("market",),
    tables=("market",),
    compute=_compute,
    columns={
        "shares": {
            "period": _t("Period"),
            "seller": _t("Company; others for what no series is about"),
            "is_own": _t("Whether it is us"),
            "sales": _t("Sales in the period, in the unit of the series"),
            "share": _t("Share of the industry's sales"),
            "first_share": _t("The same, by the figures published first"),
            "revision": _t("Share less the one by the figures published first"),
            "share_before": _t("Share a year before"),
            "change": _t("Difference to the share a year before; 0.01 is one point"),
            "relative_share": _t("Sales over those of the largest other seller that is known"),
            "published_on": _t("Day on which the newest figure behind it was published"),
        },
        "position": {
            "period": _t("Period"),
            "market_sales": _t("Sales of the industry, in the unit of the series"),
            "market_growth": _t("Growth of these on the year"),
            "own_share": _t("Our share"),
            "own_change": _t("Difference to our share a year before; 0.01 is one point"),
            "own_growth": _t("Growth of our own sales on the year"),
            "relative_share": _t("Our sales over those of the largest other seller that is known"),
            "rank": _t("Our place among the sellers that are known"),
            "known_share": _t("Share of all sellers that are known"),
            "hhi_low": _t("Herfindahl-Hirschman index, 0 to 10,000, if the others were countless"),
            "hhi_high": _t("The same, if the others were one seller"),
        },
        "years": {
            "seller": _t("Company; others for what no series is about"),
            "is_own": _t("Whether it is us"),
            "periods": _t("Periods added up: the newest ones, at most a year"),
            "share": _t("Share of the industry's sales in them"),
            "share_before": _t("Share in the same periods of the year before"),
            "change": _t("Difference of the two; 0.01 is one point"),
        },
        "revisions": {
            "seller": _t("Company, or the industry"),
            "periods": _t("Periods with a figure"),
            "mean": _t("Mean revision from the figure published first to the last one, relative"),
            "mean_size": _t("Mean size of these revisions, up or down"),
            "largest": _t("Size of the largest revision"),
        },
    },
)
