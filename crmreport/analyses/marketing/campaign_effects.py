"""Campaign effects: what campaigns changed, judged by the customers who were held out."""

from __future__ import annotations

from datetime import date

import ibis
import numpy as np
import pandas as pd

from crmreport.analyses.analysis import Analysis, Declined, Frames, Known
from crmreport.language import _t
from crmreport.metrics.intervals import Array, wilson
from crmreport.tables.engine import IbisTable
from crmreport.tables.facts.fact import complete

MOST_CAMPAIGNS = 50
FALSE_DISCOVERY_RATE = 0.05
WORKS, HARMS, NOT_SHOWN = "works", "harms", "not_shown"

TITLES: dict[str, str] = {
    WORKS: _t("Works"),
    HARMS: _t("Does harm"),
    NOT_SHOWN: _t("No effect shown"),
}

_GROUPS = ("target_customers", "target_buyers", "control_customers", "control_buyers")


def groups_of(campaigns: IbisTable, end: date) -> pd.DataFrame:
    """Add up the groups of each campaign that were addressed and held out and are known before `end`.

    Rows of a campaign count when their last day is past, since before it some have yet to buy. `campaigns`
    is the contract's table. Columns: `campaign_id`, `campaign_name`, `marketing_channel`, `starts_on`,
    `ends_on`, `spend` (money), and the four numbers of customers; sorted by first day and identifier.
    """
    rows = complete(campaigns, "campaigns")
    if "marketing_channel" not in rows.columns:
        rows = rows.mutate(marketing_channel=ibis.null("string"))
    last = rows.ends_on.coalesce(rows.starts_on)
    rows = rows.filter([last < end, *(rows[group].notnull() for group in _GROUPS)])
    found = rows.group_by("campaign_id").aggregate(
        campaign_name=rows.campaign_name.min(),
        marketing_channel=rows.marketing_channel.min(),
        starts_on=rows.starts_on.min(),
        ends_on=rows.ends_on.coalesce(rows.starts_on).max(),
        spend=rows.spend.sum().cast("float64"),
        **{group: rows[group].sum().cast("int64") for group in _GROUPS},
    )
    frame: pd.DataFrame = found.to_pandas().sort_values(["starts_on", "campaign_id"], ignore_index=True)
    return frame


def lift(target_buyers: Array, targets: Array, control_buyers: Array, controls: Array) -> pd.DataFrame:
    """Compare the shares of buyers of two groups, target less control.

    Columns: `target_rate`, `control_rate`, `lift` (difference of shares), `low`, `high` (95 %, Newcombe
    1998, Statistics in Medicine 17, method 10) and `p` (chi-square test of the two shares, without
    continuity correction; 1 where nobody or everybody bought).
    """
    from scipy import stats

    with np.errstate(divide="ignore", invalid="ignore"):
        rates = target_buyers / targets, control_buyers / controls
        pooled = (target_buyers + control_buyers) / (targets + controls)
        error = np.sqrt(pooled * (1 - pooled) * (1 / targets + 1 / controls))
        difference = rates[0] - rates[1]
        z = np.where(error > 0, difference / error, 0.0)
    (low_1, high_1), (low_2, high_2) = wilson(target_buyers, targets), wilson(control_buyers, controls)
    return pd.DataFrame(
        {
            "target_rate": rates[0],
            "control_rate": rates[1],
            "lift": difference,
            "low": difference - np.hypot(rates[0] - low_1, high_2 - rates[1]),
            "high": difference + np.hypot(high_1 - rates[0], rates[1] - low_2),
            "p": 2 * stats.norm.sf(np.abs(z)),
        }
    )


def effects(groups: pd.DataFrame) -> pd.DataFrame:
    """Judge campaigns by their control groups: what they changed, and what each additional buyer cost.

    `groups`: see `groups_of`. Adds the columns of `lift`; `p_adjusted` (Benjamini and Hochberg 1995, Journal
    of the Royal Statistical Society B 57, over all campaigns given); `additional_buyers` (lift times the
    customers addressed) with `additional_low` and `additional_high`; `cost_per_additional_buyer` (money) with
    `cost_low` and `cost_high`, which is missing where the interval of the lift reaches 0, since the cost may
    then be as high as one likes; and `verdict`, see `TITLES`.
    """
    from scipy import stats

    numbers = [groups[name].to_numpy(dtype=float) for name in ("target_buyers", "target_customers")]
    numbers += [groups[name].to_numpy(dtype=float) for name in ("control_buyers", "control_customers")]
    found = pd.concat([groups.reset_index(drop=True), lift(*numbers)], axis=1)
    found["p_adjusted"] = stats.false_discovery_control(found["p"]) if len(found) else found["p"]
    addressed = found["target_customers"].astype(float)
    for name, bound in (("buyers", "lift"), ("low", "low"), ("high", "high")):
        found[f"additional_{name}"] = addressed * found[bound]
    cost = {
        name: (found["spend"] / found[f"additional_{of}"]).where(found[f"additional_{of}"] > 0)
        for name, of in (("cost_per_additional_buyer", "buyers"), ("cost_low", "high"), ("cost_high", "low"))
    }
    is_clear = (found["p_adjusted"] < FALSE_DISCOVERY_RATE) & ((found["low"] > 0) | (found["high"] < 0))
    verdict = np.where(is_clear, np.where(found["lift"] > 0, WORKS, HARMS), NOT_SHOWN)
    return found.assign(**cost, verdict=pd.Series(verdict, index=found.index, dtype=object))


def _credited(known: Known) -> pd.DataFrame:
    """Give the orders and the revenue that are put down to each campaign; empty where orders name none."""
    if "attributed_orders" not in known.facts:
        return pd.DataFrame({"campaign_id": [], "credited_orders": [], "credited_revenue": []})
    orders = known.facts["attributed_orders"]
    sums = orders.group_by("campaign_id").aggregate(
        credited_orders=orders.order_id.count(), credited_revenue=orders.amount.sum().cast("float64")
    )
    frame: pd.DataFrame = sums.to_pandas()
    return frame


def _compute(known: Known) -> Frames:
    groups = groups_of(known.tables["campaigns"], known.period.end)
    least = known.settings.minimum_cell
    large = (groups["target_customers"] >= least) & (groups["control_customers"] >= least)
    groups = groups[large].tail(MOST_CAMPAIGNS)
    if groups.empty:
        raise Declined(
            _t(
                "No campaign that is over has a control group. Hold a random part of the customers out of a "
                "campaign, and record how many were addressed and held out, and how many of each bought."
            )
        )
    judged = effects(groups).merge(_credited(known), on="campaign_id", how="left")
    judged["credited_orders"] = judged["credited_orders"].astype(float)
    if "attributed_orders" in known.facts:
        judged[["credited_orders", "credited_revenue"]] = judged[
            ["credited_orders", "credited_revenue"]
        ].fillna(0.0)
    newest_first = judged.sort_values(["ends_on", "campaign_id"], ascending=[False, True], ignore_index=True)
    return {"campaigns": newest_first[list(CAMPAIGN_EFFECTS.columns["campaigns"])]}


CAMPAIGN_EFFECTS = Analysis(
    name="campaign_effects",
    title=_t("Effect of campaigns"),
    subject="marketing",
    definition=_t(
        "For each campaign with a control group: the share of buyers among those addressed less that among "
        "those held out (the lift), the additional buyers, and what each of them cost."
    ),
    source=_t(
        "Difference of two shares with Newcombe's interval (1998, Statistics in Medicine 17, method 10); "
        "several campaigns corrected together (Benjamini and Hochberg 1995, Journal of the Royal Statistical "
        "Society B 57)"
    ),
    trap=_t(
        "Orders that are put down to a campaign are not its effect: the customers held out buy, too. The "
        "control group must have been drawn at random. That no effect is shown does not mean that there is "
        "none: look at the interval."
    ),
    limit=_t("The 50 newest campaigns; a customer who is in several rows of one campaign counts in each."),
    seed="营销活动效果",
    needs=(
        "campaigns.target_customers",
        "campaigns.target_buyers",
        "campaigns.control_customers",
        "campaigns.control_buyers",
    ),
    tables=("campaigns",),
    facts=("attributed_orders",),
    compute=_compute,
    columns={
        "campaigns": {
            "campaign_id": _t("Campaign"),
            "campaign_name": _t("Name of the campaign"),
            "marketing_channel": _t("Channel of the campaign"),
            "starts_on": _t("First day"),
            "ends_on": _t("Last day"),
            "spend": _t("Money spent"),
            "target_customers": _t("Customers addressed"),
            "target_buyers": _t("Customers addressed who bought"),
            "control_customers": _t("Customers held out"),
            "control_buyers": _t("Customers held out who bought"),
            "target_rate": _t("Share of buyers among those addressed"),
            "control_rate": _t("Share of buyers among those held out"),
            "lift": _t("Difference of the two shares"),
            "low": _t("Lower bound of the lift, 95 %"),
            "high": _t("Upper bound of the lift, 95 %"),
            "p": _t("Probability of such a difference by chance alone"),
            "p_adjusted": _t("The same, corrected for the number of campaigns"),
            "additional_buyers": _t("Buyers that the campaign added: lift times customers addressed"),
            "additional_low": _t("Lower bound of the additional buyers, 95 %"),
            "additional_high": _t("Upper bound of the additional buyers, 95 %"),
            "cost_per_additional_buyer": _t("Money spent for each additional buyer; missing without a lift"),
            "cost_low": _t("Lower bound of that cost, 95 %"),
            "cost_high": _t("Upper bound of that cost, 95 %; missing where there may be no effect"),
            "credited_orders": _t("Orders put down to the campaign, for comparison"),
            "credited_revenue": _t("Revenue put down to the campaign, money"),
            "verdict": _t("works, harms or not_shown"),
        }
    },
)
