"""Advice: the playbook, what to look at first when a metric moves the wrong way."""

from __future__ import annotations

from crmreport.findings.rank import HIDDEN, Finding
from crmreport.language import _t
from crmreport.metrics import metric as metric_named
from crmreport.metrics.figures import verdict

_PLAYBOOK = {
    "revenue": _t("See whether orders or revenue per order moved, and call the accounts that ordered less."),
    "orders": _t("Compare buying and new customers: fewer buyers, or fewer orders of each?"),
    "revenue_per_order": _t("Check discounts and the product mix of the orders before changing prices."),
    "product_revenue": _t("Check stock and price of the categories that moved."),
    "buyers": _t("See which segment stopped buying, and ask ten of these customers why."),
    "active_customers": _t("Win back customers who are about to become inactive: start with the largest."),
    "new_customers": _t("Compare leads and their conversion by source before spending more on acquisition."),
    "retention_rate": _t(
        "Look for what changed for these customers before they left: service, price, delivery."
    ),
    "repeat_purchase_rate": _t(
        "Follow up first orders: ask about delivery and offer what goes with the purchase."
    ),
    "csat": _t(
        "Read this segment's comments and first response times, and mend the most frequent cause first."
    ),
    "nps": _t("Call back the detractors of this period, and agree on the one cause to mend."),
    "service_cases": _t("Find the issue type that grew, and mend its cause rather than adding staff."),
    "first_response_time": _t("Compare staffing with incoming cases, by team and hour, where the wait grew."),
    "leads": _t("Check campaigns and forms by source: did spending, reach or tracking change?"),
    "win_rate": _t("Review the lost opportunities of the period by reason and competitor."),
    "lead_conversion_rate": _t("Check the speed and quality of follow-up within each lead source."),
    "open_pipeline": _t("See which stage ran dry, and plan the leads that the next quarter needs."),
    "gross_margin": _t("Compare discounts, the product mix and unit costs of the categories that moved."),
    "reactivated_customers": _t("See what had brought customers back before, and write to those just lost."),
    "cross_sell_rate": _t("See which second category fell away, and offer it with the first one."),
    "won_value": _t("See what made the difference: fewer opportunities, a lower win rate or smaller deals."),
    "sales_cycle": _t("Find the stage in which opportunities wait longer, and agree on the next step there."),
    "complaint_rate": _t("Read the complaints of the issue type that grew, and mend its cause."),
    "resolution_time": _t("Find the issue types that wait longest, and whose answer they wait for."),
    "backlog": _t("Compare incoming with resolved cases by team, and add hands where fewer are resolved."),
    "first_contact_resolution": _t("See which issue types come back, and what the first contact lacks."),
    "customer_acquisition_cost": _t("Compare cost and new customers by channel before spending more."),
    "return_on_ad_spend": _t("Compare by channel, and test the weakest against a control group."),
    "visit_conversion_rate": _t("Find the step at which more visits end, by device and source."),
    "market_share": _t("See which competitor gained, and where we grew more slowly than the market."),
}


def advice(finding: Finding) -> str:
    """Say what to do first about an unfavourable finding, marked for the catalogue; "" for any other."""
    metric = metric_named(finding.change.metric)
    moved = finding.mix.rate if finding.kind == HIDDEN and finding.mix else finding.change.difference
    return _PLAYBOOK.get(metric.name, "") if verdict(metric, moved, is_clear=True) == "bad" else ""
