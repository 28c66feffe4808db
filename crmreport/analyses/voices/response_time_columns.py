"""Response time columns: what the columns of the response time's frames mean."""

from __future__ import annotations

from crmreport.language import _t

BINS = {
    "kind": _t("fixed: ends in common use; fifths: equal numbers of answers"),
    "place": _t("Place of the bin, from 1, the shortest wait"),
    "from_minutes": _t("Waits longer than this, in minutes"),
    "to_minutes": _t("Waits up to this, in minutes; missing for the last bin"),
    "cases": _t("Contacts with a first answer after such a wait"),
    "answers": _t("Those whose survey was answered"),
    "answer_share": _t("Share of the contacts whose survey was answered"),
    "satisfied": _t("Answers of 4 or 5"),
    "csat": _t("Share of answers of 4 or 5"),
    "low": _t("Lower end of its interval, 95 %"),
    "high": _t("Upper end of its interval, 95 %"),
    "is_small": _t("Whether there are fewer than 30 answers"),
}

TREND = {
    "bins": _t("Bins of fixed ends that have answers"),
    "answers": _t("Answers"),
    "z": _t("Cochran-Armitage statistic; negative if satisfaction falls with the wait"),
    "p": _t("Chance of such a trend if there were none"),
}

SLOPES = {
    "model": _t("unadjusted, or adjusted: at the same contact channel and issue type"),
    "answers": _t("Answers"),
    "customers": _t("Customers who gave them"),
    "strata": _t("Combinations of channel and issue type that are told apart"),
    "odds_ratio": _t("Times by which the odds of satisfaction change with each doubling of the wait"),
    "low": _t("Lower end of its interval, 95 %"),
    "high": _t("Upper end of its interval, 95 %"),
    "p": _t("Chance of such a ratio if the wait made no difference"),
    "share_change": _t("Change of the satisfied share that goes with a doubling of the wait, 0.01 = 1 point"),
}

CHANNELS = {
    "contact_channel": _t("Channel of the contact"),
    "cases": _t("Contacts from customers"),
    "median_minutes": _t("Median wait for the first answer in minutes; one without it counts as longest"),
    "answers": _t("Contacts whose survey was answered"),
    "answer_share": _t("Share of the contacts whose survey was answered"),
    "satisfied": _t("Answers of 4 or 5"),
    "csat": _t("Share of answers of 4 or 5"),
    "low": _t("Lower end of its interval, 95 %"),
    "high": _t("Upper end of its interval, 95 %"),
    "is_small": _t("Whether there are fewer than 30 answers"),
}

CHECKS = {
    "first_day": _t("First day on which the contacts were opened"),
    "last_day": _t("Last day; later contacts may still get their survey answered"),
    "cases": _t("Contacts from customers"),
    "without_response": _t("Contacts without a first answer; in no bin and no model"),
    "answers": _t("Answered surveys after a contact with a first answer"),
    "answers_without_response": _t("Answered surveys after a contact without one, left out"),
    "customers": _t("Customers who answered"),
    "answer_share": _t("Share of all contacts whose survey was answered"),
}
