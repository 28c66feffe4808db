"""Issue columns: what the columns of the issues' frames mean."""

from __future__ import annotations

from crmreport.language import _t

ISSUES = {
    "issue_type": _t("What the case was about"),
    "cases": _t("Contacts and cases that customers opened in the period"),
    "complaints": _t("Complaints among them; missing where the data do not tell them"),
    "customers": _t("Customers who opened them; a case of nobody known counts as one customer"),
    "case_share": _t("Share of all cases of the period"),
    "complaint_share": _t("Share of the cases that are complaints"),
    "complaint_share_low": _t("Lower end of its interval, 95 %"),
    "complaint_share_high": _t("Upper end of its interval, 95 %"),
    "active_customers": _t("Customers active when the period ends; missing without orders"),
    "complaints_per_1000": _t("Complaints per 1,000 active customers"),
    "low": _t("Lower end of its interval, 95 %"),
    "high": _t("Upper end of its interval, 95 %"),
}

CHANGES = {
    "baseline": _t("previous: the period before; year_before: the same one of the year before"),
    "counted": _t("cases, or the complaints among them"),
    "issue_type": _t("What the case was about"),
    "after": _t("Number in the period"),
    "before": _t("Number in the earlier one"),
    "per_customer": _t("Whether the ratio is per active customer and day; else per day"),
    "ratio": _t("Times as many as before, for equal customers and days; missing if there were none"),
    "low": _t("Lower end of its interval, 95 %"),
    "high": _t("Upper end of its interval, 95 %"),
    "p": _t("Chance of such a difference if nothing had changed"),
    "q": _t("The same, corrected for the number of comparisons"),
    "is_clear": _t("Whether it is more than chance: at most 5 % of those called so are expected to be false"),
}

TIMES = {
    "issue_type": _t("What the case was about"),
    "cases": _t("Cases of the last 365 days"),
    "open": _t("Those not resolved yet"),
    "median_days": _t("Days until half are resolved, open ones allowed for; missing if half are open"),
    "low": _t("Lower end of its interval, 95 %"),
    "high": _t("Upper end of its interval, 95 %; missing where the data do not reach it"),
    "resolved": _t("Cases resolved at least 30 days ago, whose reopening is known"),
    "reopened": _t("Those that were opened again"),
    "reopened_share": _t("Share that was opened again"),
    "reopened_low": _t("Lower end of its interval, 95 %"),
    "reopened_high": _t("Upper end of its interval, 95 %"),
}

AGEING = {
    "issue_type": _t("What the case was about"),
    "place": _t("Place of the age, from 0, the youngest"),
    "from_days": _t("Open for at least so many days"),
    "to_days": _t("Open for at most so many days; missing for the oldest"),
    "open": _t("Cases open when the period ends"),
}
