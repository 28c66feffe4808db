"""Rules: the reasons for which cleaning changes something, each by its name."""

from __future__ import annotations

from crmreport.language import _t

# The log's columns: `action` is one of `ACTIONS`; `rule` says why, one of `RULES` or "" (read, kept);
# `reason`, JSON, is the configuration's own words; `examples`, JSON, are up to three [row, what the cell
# said], rows counted from 1.
LOG_COLUMNS = ("table", "file", "action", "rule", "column", "reason", "rows", "examples")

# "set aside": the row is not used. "emptied": a value is treated as missing. "filled": a missing value is
# given one. "converted": amounts are put into the review's currency. "merged": a customer is counted with
# another one. "not merged": customers who look alike are still counted each.
ACTIONS = {
    "read": _t("read"),
    "kept": _t("used"),
    "set aside": _t("set aside"),
    "emptied": _t("value treated as missing"),
    "filled": _t("missing value filled"),
    "converted": _t("amount converted"),
    "merged": _t("customers merged"),
    "not merged": _t("customers not merged"),
}

RULES = {
    "no row": _t("the line has not the columns of the others"),
    "configured": _t("set aside by the configuration"),
    "missing": _t("{column} is missing"),
    "unreadable": _t("{column} cannot be read"),
    "impossible": _t("{column} cannot be true"),
    "no rate": _t("there is no rate for the currency of {column}"),
    "future": _t("{column} is in the future"),
    "undated": _t("won or lost, but {column} is missing"),
    "orphan": _t("no order of this {column} is used"),
    "duplicate": _t("same {column} as a row before"),
    "repeats": _t("another row of the same {column}, as this export has them"),
    "exact duplicate": _t("equal to a row before in every column"),
    "near duplicate": _t("same {column} as a row shortly before"),
    "cancelled": _t("a sale and the return that takes it back"),
    "default": _t("{column} was missing, and the configuration says what to put there"),
    "currency": _t("into the currency of the review"),
    "same customer": _t("same {column} as another customer"),
    "confirmed": _t("confirmed by a person"),
    "placeholder": _t("more customers have this {column} than can be one"),
    "gone": _t("confirmed by a person, but one of the two is not in the data"),
    "": "",
}

# Why none of a file's rows can be used, by the rule that took the first of them.
UNUSABLE = {
    "configured": _t("{path}: {key} in {file} sets aside {n} of its {rows} rows, and none is left. Mend it."),
    "missing": _t(
        "{path}: none of its {rows} rows can be used; {column} is empty in {n}. Fill it, or say in {file} "
        "which column it is: {key}."
    ),
    "unreadable": _t(
        "{path}: none of its {rows} rows can be used; {column} cannot be read in {n}, such as {example}. It "
        "must be of the type {type}: times are written 2025-10-31 14:05, numbers 1234.5. Say in {file} how "
        "it is written: {key}."
    ),
    "orphan": _t(
        "{path}: none of its {rows} rows can be used; in {n}, {column} is no order of the table orders. "
        "Connect the orders that they belong to."
    ),
}
UNUSABLE_OTHERWISE = _t(
    "{path}: none of its {rows} rows can be used; {n} of them because: {reason}. Mend them, or say in "
    "{file} how they are meant: {key}."
)
