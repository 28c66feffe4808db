"""Marketing metrics: what campaigns cost, and what they bring."""

from __future__ import annotations

from ibis import _

from crmreport.language import _t
from crmreport.metrics.customers import NEW_CUSTOMERS
from crmreport.metrics.metric import At, Better, Estimate, Metric, Quotient, Unit, happened

MARKETING_SPEND = Metric(
    name="marketing_spend",
    title=_t("Marketing spend"),
    subject="marketing",
    definition=_t(
        "Money spent on campaigns in the period; what a campaign cost over several days counts evenly for "
        "each of them."
    ),
    source=_t("Common usage"),
    trap=_t("What the source does not know (salaries, agencies) is not in it."),
    seed="营销预算",
    table="campaign_days",
    rows=happened("spent_on"),
    estimate=Estimate.KNOWN,
    numerator=_.spend.sum(),
    unit=Unit.MONEY,
    better=Better.NEITHER,
)

ONLINE_SPEND = Metric(
    name="online_spend",
    title=_t("Marketing spend online"),
    subject="marketing",
    definition=_t("Money spent in the period on campaigns whose channel is online."),
    source=_t("Common usage"),
    trap=_t("Which channel is online is what the source says of it."),
    seed="营销预算",
    table="campaign_days",
    rows=happened("spent_on"),
    estimate=Estimate.KNOWN,
    numerator=_.online_spend.sum(),
    unit=Unit.MONEY,
    better=Better.NEITHER,
    echoes="marketing_spend",
)

_SPEND_OF_KNOWN_PLACE = Metric(
    name="spend_online_and_offline",
    title=_t("Marketing spend known to be online or offline"),
    subject="marketing",
    definition=_t("Money spent in the period on campaigns of which it is known whether they are online."),
    source=_t("Common usage"),
    trap=_t("Which channel is online is what the source says of it."),
    table="campaign_days",
    rows=happened("spent_on"),
    estimate=Estimate.KNOWN,
    numerator=_.spend_of_known.sum(),
    unit=Unit.MONEY,
    better=Better.NEITHER,
)

ONLINE_SHARE_OF_SPEND = Metric(
    name="online_share_of_spend",
    title=_t("Online share of marketing spend"),
    subject="marketing",
    definition=_t(
        "Money spent on online campaigns, as a share of all money spent on campaigns of a known kind."
    ),
    source=_t("Budget mix, common usage"),
    trap=_t("A mix that moved before sales did is no proof that it moved them."),
    seed="营销预算",
    estimate=Estimate.RATIO,
    quotient=Quotient(ONLINE_SPEND, _SPEND_OF_KNOWN_PLACE),
    unit=Unit.SHARE,
    better=Better.NEITHER,
)

IMPRESSIONS = Metric(
    name="impressions",
    title=_t("Impressions"),
    subject="marketing",
    definition=_t("Times that campaigns were shown in the period."),
    source=_t("As the advertising platforms count them"),
    trap=_t("Shown is not seen, and platforms count differently."),
    table="campaign_days",
    rows=happened("spent_on"),
    estimate=Estimate.COUNT,
    numerator=_.impressions.sum(),
    unit=Unit.COUNT,
    better=Better.NEITHER,
    echoes="marketing_spend",
)

CLICKS = Metric(
    name="clicks",
    title=_t("Clicks"),
    subject="marketing",
    definition=_t("Clicks on campaigns in the period, of all channels that count them."),
    source=_t("As the advertising platforms count them"),
    trap=_t("Programs click, too, and one person may click several times."),
    table="campaign_days",
    rows=happened("spent_on"),
    estimate=Estimate.COUNT,
    numerator=_.clicks.sum(),
    unit=Unit.COUNT,
    better=Better.HIGHER,
    echoes="marketing_spend",
)

CLICK_THROUGH_RATE = Metric(
    name="click_through_rate",
    title=_t("Click-through rate"),
    subject="marketing",
    definition=_t("Clicks as a share of the times shown, of campaigns that count both."),
    source=_t("CTR: clicks / impressions, common usage"),
    trap=_t("The mix of channels moves it: a search advertisement is clicked on far more than a banner."),
    seed="点击率",
    table="campaign_days",
    rows=happened("spent_on"),
    estimate=Estimate.SHARE,
    numerator=_.clicks.sum(where=_.impressions.notnull()),
    denominator=_.impressions.sum(where=_.clicks.notnull()),
    unit=Unit.SHARE,
    better=Better.HIGHER,
)

_SPEND_OF_CLICKS = Metric(
    name="spend_of_clicks",
    title=_t("Spend on campaigns that count clicks"),
    subject="marketing",
    definition=_t("Money spent in the period on campaigns that count clicks."),
    source=_t("Common usage"),
    trap=_t("What the source does not know (salaries, agencies) is not in it."),
    table="campaign_days",
    rows=happened("spent_on"),
    estimate=Estimate.KNOWN,
    numerator=_.spend.sum(where=_.clicks.notnull()),
    unit=Unit.MONEY,
    better=Better.NEITHER,
)

COST_PER_CLICK = Metric(
    name="cost_per_click",
    title=_t("Cost per click"),
    subject="marketing",
    definition=_t("Money spent on campaigns that count clicks, divided by their clicks."),
    source=_t("CPC, common usage"),
    trap=_t("A cheap click that nobody buys after is dear: read it with what clicks bring."),
    estimate=Estimate.RATIO,
    quotient=Quotient(_SPEND_OF_CLICKS, CLICKS),
    unit=Unit.MONEY,
    better=Better.LOWER,
)

OPEN_RATE = Metric(
    name="open_rate",
    title=_t("E-mail open rate"),
    subject="marketing",
    definition=_t("Messages opened, as a share of those delivered in the period."),
    source=_t("Opens / deliveries, as e-mail services report it"),
    trap=_t(
        "Mail programs that load every picture to hide their reader (privacy proxies) count as opening: the "
        "level says little, and it rises with their use."
    ),
    seed="营销自动化/邮件",
    table="campaign_days",
    rows=happened("spent_on"),
    estimate=Estimate.SHARE,
    numerator=_.opens.sum(where=_.deliveries.notnull()),
    denominator=_.deliveries.sum(where=_.opens.notnull()),
    unit=Unit.SHARE,
    better=Better.HIGHER,
)

CLICK_TO_DELIVERY_RATE = Metric(
    name="click_to_delivery_rate",
    title=_t("E-mail click rate"),
    subject="marketing",
    definition=_t("Clicks in messages, as a share of the messages delivered in the period."),
    source=_t("Clicks / deliveries, as e-mail services report it"),
    trap=_t(
        "Clicks over opens is another figure, as unsure as the opens; one person may click several times."
    ),
    seed="营销自动化/邮件",
    table="campaign_days",
    rows=happened("spent_on"),
    estimate=Estimate.SHARE,
    numerator=_.clicks.sum(where=_.deliveries.notnull()),
    denominator=_.deliveries.sum(where=_.clicks.notnull()),
    unit=Unit.SHARE,
    better=Better.HIGHER,
)

UNSUBSCRIBE_RATE = Metric(
    name="unsubscribe_rate",
    title=_t("E-mail unsubscribe rate"),
    subject="marketing",
    definition=_t("People who unsubscribed, as a share of the messages delivered in the period."),
    source=_t("Unsubscribes / deliveries, as e-mail services report it"),
    trap=_t("Those who mark the message as spam, or never read it, do not unsubscribe."),
    seed="营销自动化/邮件",
    table="campaign_days",
    rows=happened("spent_on"),
    estimate=Estimate.SHARE,
    numerator=_.unsubscribes.sum(where=_.deliveries.notnull()),
    denominator=_.deliveries.sum(where=_.unsubscribes.notnull()),
    unit=Unit.SHARE,
    better=Better.LOWER,
)

CUSTOMER_ACQUISITION_COST = Metric(
    name="customer_acquisition_cost",
    title=_t("Marketing spend per new customer"),
    subject="marketing",
    definition=_t("Money spent on campaigns in the period, divided by the new customers of the period."),
    source=_t("Customer acquisition cost (CAC), blended: all new customers, whatever brought them"),
    trap=_t(
        "Spending comes before its customers, and many would have come without it. Salaries and agencies, "
        "which belong to the cost of acquisition, are not in it."
    ),
    seed="营销活动效果",
    estimate=Estimate.RATIO,
    quotient=Quotient(MARKETING_SPEND, NEW_CUSTOMERS),
    unit=Unit.MONEY,
    better=Better.LOWER,
)

NEW_CUSTOMERS_PER_SPEND_BEFORE = Metric(
    name="new_customers_per_spend_before",
    title=_t("New customers per 1,000 spent the period before"),
    subject="marketing",
    definition=_t(
        "New customers of the period for each 1,000 of money spent on campaigns in the period before it."
    ),
    source=_t("The inverse of the customer acquisition cost (CAC), with spending one period earlier"),
    trap=_t("One period is an assumption: how long it takes from campaign to order differs by channel."),
    seed="营销活动效果",
    estimate=Estimate.RATIO,
    quotient=Quotient(NEW_CUSTOMERS, MARKETING_SPEND, at=At.PREVIOUS, per=1000),
    unit=Unit.NUMBER,
    better=Better.HIGHER,
    echoes="customer_acquisition_cost",
)

ATTRIBUTED_ORDERS = Metric(
    name="attributed_orders",
    title=_t("Orders put down to campaigns"),
    subject="marketing",
    definition=_t("Orders of the period that name the campaign that led to them."),
    source=_t("Attribution as the source of the data makes it"),
    trap=_t("Put down to a campaign is not caused by it: some would have come anyway."),
    table="attributed_orders",
    rows=happened("ordered_at"),
    estimate=Estimate.COUNT,
    numerator=_.order_id.count(),
    unit=Unit.COUNT,
    better=Better.HIGHER,
    echoes="orders",
)

ATTRIBUTED_REVENUE = Metric(
    name="attributed_revenue",
    title=_t("Revenue put down to campaigns"),
    subject="marketing",
    definition=_t("Value of the orders of the period that name the campaign that led to them."),
    source=_t("Attribution as the source of the data makes it"),
    trap=_t("Put down to a campaign is not caused by it: some would have come anyway."),
    table="attributed_orders",
    rows=happened("ordered_at"),
    estimate=Estimate.TOTAL,
    numerator=_.amount.sum(),
    squares=_.amount_squared.sum(),
    unit=Unit.MONEY,
    better=Better.HIGHER,
    echoes="revenue",
)

RETURN_ON_AD_SPEND = Metric(
    name="return_on_ad_spend",
    title=_t("Return on marketing spend"),
    subject="marketing",
    definition=_t("Revenue put down to campaigns, for each unit of money spent on campaigns in the period."),
    source=_t("Return on advertising spend (ROAS), common usage"),
    trap=_t(
        "Attribution is no incrementality: a campaign to those who buy anyway has a high return and no "
        "effect. Judge by a control group. Revenue is no profit, either."
    ),
    seed="营销活动效果",
    estimate=Estimate.RATIO,
    quotient=Quotient(ATTRIBUTED_REVENUE, MARKETING_SPEND),
    unit=Unit.NUMBER,
    better=Better.HIGHER,
)

MARKETING_METRICS = (
    MARKETING_SPEND,
    ONLINE_SPEND,
    ONLINE_SHARE_OF_SPEND,
    IMPRESSIONS,
    CLICKS,
    CLICK_THROUGH_RATE,
    COST_PER_CLICK,
    OPEN_RATE,
    CLICK_TO_DELIVERY_RATE,
    UNSUBSCRIBE_RATE,
    CUSTOMER_ACQUISITION_COST,
    NEW_CUSTOMERS_PER_SPEND_BEFORE,
    ATTRIBUTED_ORDERS,
    ATTRIBUTED_REVENUE,
    RETURN_ON_AD_SPEND,
)
