"""Misconfigured: what is wrong with the ``crmreport:`` section, said so that it can be mended."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from pydantic import ValidationError

from crmreport.errors import UserError, suggestion
from crmreport.language import Phrase, _t

CONFIG_FILE = "_config.yml"
SECTION = "crmreport"

_WHOLE_NUMBER = _t("{key} in {file} is {value}; it must be a whole number.")
_DAY = _t("{key} in {file} is {value}; it must be a day, such as 2025-10-31.")
_SECTION = _t("{key} in {file} is {value}; it must hold settings of its own, each as NAME: VALUE.")

# By Pydantic's name of an error, and by our own names of those that `config` raises.
_WRONG = {
    "missing": _t("{key} is missing in {file}. Add it."),
    "string_type": _t(
        "{key} in {file} is {value}; it must be a text. Put it into quotation marks if it is one."
    ),
    "tuple_type": _t("{key} in {file} is {value}; it must be a list, such as [{example}]."),
    "too_short": _t("{key} in {file} is empty. Name at least one."),
    "int_type": _WHOLE_NUMBER,
    "int_parsing": _WHOLE_NUMBER,
    "int_from_float": _WHOLE_NUMBER,
    "greater_than_equal": _t("{key} in {file} is {value}; it must be at least {ge}."),
    "less_than_equal": _t("{key} in {file} is {value}; it must be at most {le}."),
    "date_type": _DAY,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": _DAY,
    "dict_type": _SECTION,
    "model_type": _SECTION,
    "empty": _t("{key} in {file} is empty. Write a name or a text there."),
    "no_currency": _t(
        "{key} in {file} is {value}, which is not a currency. Use a three-letter code such as EUR or CNY."
    ),
    "no_timezone": _t(
        "{key} in {file} is {value}, which is not a time zone. Use a name such as Europe/London or "
        "Asia/Shanghai."
    ),
    "twice": _t("{key} in {file} names {name} twice. Take one away."),
    "no_chapter": _t(
        "{key} in {file} is {value}; a chapter is the name of a notebook alone, without .ipynb."
    ),
}


def explain(
    error: ValidationError, settings: Collection[str], source: Collection[str], set_aside: Collection[str]
) -> UserError:
    """Say the first thing that is wrong with the section: the key, the value and the cure.

    The other arguments: names of the settings that there are in the section, in a table of it, and in a
    condition of such a table.
    """
    # A misspelt key first: the one that it was meant for may be missing for that reason alone.
    errors = sorted(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
    first = errors[0]
    # Of a value that may be of several types, Pydantic names the type too.
    place = [str(p) for p in first["loc"] if p not in ("str", "[key]") and not str(p).startswith("dict[")]
    values: dict[str, Any] = {
        "key": ".".join([SECTION, *place]),
        "file": CONFIG_FILE,
        "value": Phrase(_t("empty"), {}) if first["input"] is None else repr(first["input"]),
    } | first.get("ctx", {})
    if first["type"] == "extra_forbidden":
        known = settings if len(place) == 1 else source if len(place) == 3 else set_aside
        return UserError(
            _t("{key} in {file} is not a setting. {suggestion}"),
            **values,
            suggestion=suggestion(place[-1], known),
        )
    if first["type"] in ("literal_error", "no_language"):
        known = values.get("known") or re.findall(r"'([^']*)'", values["expected"])
        wrong = str(values.get("wrong", first["input"]))
        return UserError(
            _t("{key} in {file}: {wrong} cannot be used. {suggestion}"),
            key=values["key"],
            file=CONFIG_FILE,
            wrong=wrong,
            suggestion=suggestion(wrong, known),
        )
    if first["type"] == "tuple_type":
        values["example"] = first["input"] if isinstance(first["input"], str | int) else "..."
    text = _WRONG.get(first["type"])
    if text is None:
        return UserError(_t("{key} in {file} is {value}: {reason}. Mend it."), **values, reason=first["msg"])
    return UserError(text, **values)
