"""Behaviour metrics: what people do on the web site, in the app or in the product."""

from __future__ import annotations

from ibis import _

from crmreport.language import _t
from crmreport.metrics.metric import Better, Estimate, Metric, Unit, happened

VISITORS = Metric(
    name="visitors",
    title=_t("Visitors"),
    subject="behaviour",
    definition=_t("Visitors or devices with at least one action in the period, each counted once."),
    source=_t("Unique visitors, as web analytics counts them"),
    trap=_t("Who comes on two devices, or has deleted cookies, is counted twice; months do not add up."),
    seed="独立访客数",
    table="events",
    rows=happened("occurred_at"),
    estimate=Estimate.COUNT,
    numerator=_.visitor_id.nunique(),
    unit=Unit.COUNT,
    better=Better.HIGHER,
)

VISITS = Metric(
    name="visits",
    title=_t("Visits"),
    subject="behaviour",
    definition=_t("Visits (sessions) that began in the period."),
    source=_t(
        "Sessions, as the source of the data separates them; where it does not, a pause of more than 30 "
        "minutes begins another"
    ),
    trap=_t("Sources end a visit after different pauses, so that the visits of two tools differ."),
    seed="访问次数",
    table="visits",
    rows=happened("started_at"),
    estimate=Estimate.COUNT,
    numerator=_.actions.count(),
    unit=Unit.COUNT,
    better=Better.HIGHER,
)

PAGE_VIEWS = Metric(
    name="page_views",
    title=_t("Page views"),
    subject="behaviour",
    definition=_t(
        "Pages viewed in the visits that began in the period: actions that are called a view, and the first "
        "action on another page than before."
    ),
    source=_t("Page views, as web analytics counts them"),
    trap=_t(
        "A page that is loaded again counts again; one that changes without loading (a single-page app) "
        "counts only if it says so."
    ),
    seed="页面浏览量",
    table="visits",
    rows=happened("started_at"),
    estimate=Estimate.TOTAL,  # of pages per visit, so that it is missing where no page is known
    numerator=_.page_views.sum(),
    squares=_.page_views_squared.sum(),
    unit=Unit.COUNT,
    better=Better.HIGHER,
    echoes="visits",
)

PAGES_PER_VISIT = Metric(
    name="pages_per_visit",
    title=_t("Pages per visit"),
    subject="behaviour",
    definition=_t("Page views divided by visits."),
    source=_t("Common usage in web analytics"),
    trap=_t("Many pages may mean interest, or that something is not found."),
    table="visits",
    rows=happened("started_at"),
    estimate=Estimate.MEAN,
    numerator=_.page_views.sum(),
    denominator=_.page_views.count(),
    squares=_.page_views_squared.sum(),
    unit=Unit.NUMBER,
    better=Better.NEITHER,
)

DWELL_TIME = Metric(
    name="dwell_time",
    title=_t("Time on site"),
    subject="behaviour",
    definition=_t(
        "Median minutes from the first to the last action of a visit; visits of a single action are left "
        "out, since nobody knows how long they were."
    ),
    source=_t("Session duration, as web analytics counts it from the times of actions"),
    trap=_t(
        "A lower bound: how long the last page was read is not known. Counting visits of one action as 0 "
        "seconds, as some tools do, gives a much lower figure."
    ),
    seed="停留时间",
    table="visits",
    rows=happened("started_at"),
    estimate=Estimate.MEDIAN,
    numerator=_.dwell_seconds.sum() / 60,  # whole seconds: their sum is the same in any order
    denominator=_.dwell_minutes.count(),
    of=_.dwell_minutes,
    unit=Unit.MINUTES,
    better=Better.NEITHER,
)

SINGLE_PAGE_BOUNCE_RATE = Metric(
    name="single_page_bounce_rate",
    title=_t("Bounce rate, single page"),
    subject="behaviour",
    definition=_t("Visits that saw only one page, as a share of all visits."),
    source=_t("The classic bounce rate of web analytics: single-page sessions / sessions"),
    trap=_t(
        "One of three bounce rates that cannot be compared. Who reads the one page and has what was wanted "
        "counts as a bounce."
    ),
    seed="跳出率",
    table="visits",
    rows=happened("started_at"),
    estimate=Estimate.SHARE,
    numerator=_.has_one_page.cast("int64").sum(),
    denominator=_.has_one_page.count(),
    unit=Unit.SHARE,
    better=Better.LOWER,
)

NO_OPERATION_BOUNCE_RATE = Metric(
    name="no_operation_bounce_rate",
    title=_t("Bounce rate, no operation"),
    subject="behaviour",
    definition=_t(
        "Visits that left without any operation (a search, a click, something put into the cart ...), as a "
        "share of all visits; looking at pages is no operation."
    ),
    source=_t("The definition of the users' sources: left without any operation"),
    trap=_t(
        "One of three bounce rates that cannot be compared. It depends on which operations the site records: "
        "a new button that is recorded lowers it."
    ),
    seed="跳出率",
    table="visits",
    rows=happened("started_at"),
    estimate=Estimate.SHARE,
    numerator=_.has_no_operation.cast("int64").sum(),
    denominator=_.has_no_operation.count(),
    unit=Unit.SHARE,
    better=Better.LOWER,
    echoes="single_page_bounce_rate",
)

UNENGAGED_BOUNCE_RATE = Metric(
    name="unengaged_bounce_rate",
    title=_t("Bounce rate, not engaged"),
    subject="behaviour",
    definition=_t(
        "Visits that were not engaged, as a share of all visits; an engaged one lasted 10 seconds or more, "
        "reached the goal, or saw at least two pages."
    ),
    source=_t("Google Analytics 4: 1 - engaged sessions / sessions"),
    trap=_t(
        "One of three bounce rates that cannot be compared. Seconds are counted between actions here, not by "
        "a timer in the browser, so that Google's own figure is lower."
    ),
    seed="跳出率",
    table="visits",
    rows=happened("started_at"),
    estimate=Estimate.SHARE,
    numerator=_.is_not_engaged.cast("int64").sum(),
    denominator=_.is_not_engaged.count(),
    unit=Unit.SHARE,
    better=Better.LOWER,
    echoes="single_page_bounce_rate",
)

VISIT_CONVERSION_RATE = Metric(
    name="visit_conversion_rate",
    title=_t("Visit-to-goal conversion"),
    subject="behaviour",
    definition=_t(
        "Visits in which the goal was reached (an action named purchase or, where the site sells nothing, "
        "goal), as a share of all visits."
    ),
    source=_t("Session conversion rate, common usage in web analytics"),
    trap=_t(
        "Who visits three times and then buys counts as one success in three: rates per visitor are higher. "
        "Purchases of those who refuse to be measured are not in it."
    ),
    seed="转化率",
    table="visits",
    rows=happened("started_at"),
    estimate=Estimate.SHARE,
    numerator=_.reached_goal.cast("int64").sum(),
    denominator=_.reached_goal.count(),
    unit=Unit.SHARE,
    better=Better.HIGHER,
)

KNOWN_VISITORS_SHARE = Metric(
    name="known_visitors_share",
    title=_t("Visitors who are known customers"),
    subject="behaviour",
    definition=_t(
        "Visitors or devices of which at least one visit of the period is known to be a customer's, as a "
        "share of all visitors."
    ),
    source=_t("Common usage"),
    trap=_t("A customer who does not log in is no known one: it is a lower bound."),
    table="visits",
    rows=happened("started_at"),
    estimate=Estimate.SHARE,
    numerator=_.visitor_id.nunique(where=_.is_of_customer),
    denominator=_.visitor_id.nunique(where=_.is_of_customer.notnull()),
    unit=Unit.SHARE,
    better=Better.NEITHER,
)

BEHAVIOUR_METRICS = (
    VISITORS,
    VISITS,
    PAGE_VIEWS,
    PAGES_PER_VISIT,
    DWELL_TIME,
    SINGLE_PAGE_BOUNCE_RATE,
    NO_OPERATION_BOUNCE_RATE,
    UNENGAGED_BOUNCE_RATE,
    VISIT_CONVERSION_RATE,
    KNOWN_VISITORS_SHARE,
)
