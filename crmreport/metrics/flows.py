"""Flow metrics: how the active customers of a period's beginning become those of its end.

Opening customers, plus newly active and reactivated ones, less those lost, are the active customers when the
period ends, whatever the period and the active window.
"""

from __future__ import annotations

from ibis import _

from crmreport.language import _t
from crmreport.metrics.customers import KNOWN_AFTER_DAYS
from crmreport.metrics.metric import Better, Estimate, Metric, Unit, of_window

OPENING_CUSTOMERS = Metric(
    name="opening_customers",
    title=_t("Opening customers"),
    subject="customers",
    definition=_t("Customers with at least one order in the {active_days} days before the period begins."),
    source=_t("Opening balance of the customer base; the closing one is the active customers"),
    trap=_t("Another window gives another number; compare only figures of the same window."),
    seed="客户生命周期",
    table="activity",
    rows=of_window("period"),
    estimate=Estimate.COUNT,
    numerator=_.active_at_start.cast("int64").sum(),
    unit=Unit.COUNT,
    better=Better.HIGHER,
    echoes="active_customers",
)

NEWLY_ACTIVE_CUSTOMERS = Metric(
    name="newly_active_customers",
    title=_t("Newly active customers"),
    subject="customers",
    definition=_t(
        "Customers active when the period ends, with an order in the {active_days} days before, who had "
        "never ordered before it began."
    ),
    source=_t("Flow of the customer base: opening + new + reactivated - lost = closing"),
    trap=_t(
        "Fewer than the new customers where the period is longer than the window: some are gone at its end. "
        "Where the data begin, every customer looks new."
    ),
    seed="客户生命周期",
    table="activity",
    rows=of_window("period"),
    estimate=Estimate.COUNT,
    numerator=(_.active_at_end & ~_.active_at_start & ~_.had_ordered_before).cast("int64").sum(),
    unit=Unit.COUNT,
    better=Better.HIGHER,
    history_days=KNOWN_AFTER_DAYS,
    echoes="new_customers",
)

REACTIVATED_CUSTOMERS = Metric(
    name="reactivated_customers",
    title=_t("Reactivated customers"),
    subject="customers",
    definition=_t(
        "Customers active when the period ends, with an order in the {active_days} days before, who were not "
        "active when it began but had ordered earlier."
    ),
    source=_t("Flow of the customer base: opening + new + reactivated - lost = closing"),
    trap=_t("Who orders once a year comes back every year: they were never lost."),
    seed="客户生命周期",
    table="activity",
    rows=of_window("period"),
    estimate=Estimate.COUNT,
    numerator=(_.active_at_end & ~_.active_at_start & _.had_ordered_before).cast("int64").sum(),
    unit=Unit.COUNT,
    better=Better.HIGHER,
    history_days=KNOWN_AFTER_DAYS,
)

LOST_CUSTOMERS = Metric(
    name="lost_customers",
    title=_t("Lost customers"),
    subject="customers",
    definition=_t(
        "Customers active when the period begins who are not when it ends; active means an order in the "
        "{active_days} days before."
    ),
    source=_t("Flow of the customer base: opening + new + reactivated - lost = closing"),
    trap=_t(
        "They placed their last order a whole window ago: what drove them away is older than the period."
    ),
    seed="客户流失率",
    table="activity",
    rows=of_window("period"),
    estimate=Estimate.COUNT,
    numerator=(_.active_at_start & ~_.active_at_end).cast("int64").sum(),
    unit=Unit.COUNT,
    better=Better.LOWER,
    echoes="retention_rate",
)

FLOW_METRICS = (OPENING_CUSTOMERS, NEWLY_ACTIVE_CUSTOMERS, REACTIVATED_CUSTOMERS, LOST_CUSTOMERS)
