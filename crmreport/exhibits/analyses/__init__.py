"""Exhibits of analyses: how each frame of an analysis is shown; one file per subject."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from crmreport.context import Context
from crmreport.display.outputs import Chart, Table, Text
from crmreport.exhibits.analyses import (
    buying,
    market,
    marketing,
    outlook,
    products,
    retention,
    risk,
    satisfaction,
    times,
    value,
    voices,
    web,
)
from crmreport.language import _t

# What to show of the analysis' frames, which are given by name.
Exhibit = Callable[[Context, Mapping[str, pd.DataFrame]], Chart | Table | Text]

# By the analysis' name and the exhibit's.
EXHIBITS: dict[str, Exhibit] = {
    "lifecycle.flows": retention.flows,
    "lifecycle.moves": retention.moves,
    "lifecycle.lost": retention.lost_by_segment,
    "cohorts.grid": retention.cohort_grid,
    "cohorts.curve": retention.cohort_curve,
    "joining_cohorts.curve": retention.joining_curve,
    "rfm.segments": value.rfm_segments,
    "rfm.migration": value.rfm_migration,
    "lifetime_value.groups": value.lifetime_value,
    "lifetime_value.check": value.value_check,
    "abc.classes": buying.classes,
    "purchase_times.grid": buying.times,
    "preference.grid": products.preference,
    "affinity.pairs": products.bought_together,
    "cross_sell.breadth": products.breadth,
    "cross_sell.whitespace": products.whitespace,
    "next_purchase.within": products.next_order,
    "next_category.grid": products.next_category,
    "demand.units": products.demand,
    "potential.reasons": value.potential,
    "churn.groups": risk.at_risk,
    "churn.quality": risk.quality,
    "churn.drivers": risk.drivers,
    "leaving.groups": risk.at_risk,
    "leaving.quality": risk.quality,
    "leaving.drivers": risk.drivers,
    "campaign_effects.lift": marketing.campaigns,
    "budget.channels": marketing.channels,
    "budget.curves": marketing.response,
    "budget.plan": marketing.plan,
    "market_position.shares": market.shares,
    "economy.newest": market.economy,
    "visit_funnel.steps": web.funnel,
    "visit_funnel.by_segment": web.funnel_by_segment,
    "paths.transitions": web.transitions,
    "paths.most_frequent": web.paths,
    "paths.pages": web.pages,
    "tenure.curve": times.survival_of(
        _t("Half of the customers have left after {days} days ({low} to {high})"), _t("Share still there")
    ),
    "sales_cycle.curve": times.survival_of(
        _t("Half of the opportunities are closed after {days} days ({low} to {high})"), _t("Share still open")
    ),
    "time_to_convert.curve": times.time_to_convert,
    "clusters.profiles": buying.groups,
    "sentiment.shares": voices.sentiment,
    "sentiment.topics": voices.topic,
    "sentiment.accuracy": voices.accuracy,
    "issues.complaints": voices.complaints,
    "issues.times": voices.solving,
    "kano.features": satisfaction.kano,
    "response_time.bins": satisfaction.response_time,
    "forecast.revenue": outlook.forecast_of("revenue"),
    "forecast.orders": outlook.forecast_of("orders"),
    "forecast.active_customers": outlook.forecast_of("active_customers"),
    "forecast.service_cases": outlook.forecast_of("service_cases"),
    "forecast.choice": outlook.choice,
    "forecast.scenarios": outlook.scenarios,
}
