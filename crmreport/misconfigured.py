"""Misconfigured: what is wrong with the ``crmreport:`` section, said so that it can be mended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

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
    "greater_than": _t("{key} in {file} is {value}; it must be more than {gt}."),
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
    # Without the value, in which a password may stand.
    "no_engine": _t(
        "{key} in {file} is no engine. Write duckdb, an address of Spark (local[2], spark://HOST:PORT, "
        "sc://HOST:PORT, yarn, k8s://...) or postgresql://HOST/NAME."
    ),
    "no_place": _t(
        "{key} in {file} must say where its rows are: either a file, as file: PATH, or a database, as "
        "database: ADDRESS."
    ),
    "no_table": _t("{key} in {file} names a database. Say either a table of it or a query."),
    "several_origins": _t(
        "{key} in {file} has more than one of heading, sql and constant. Keep the one that is meant."
    ),
    "no_check": _t("{key} in {file}: {wrong} is not a check. {suggestion}"),
    "twice": _t("{key} in {file} names {name} twice. Take one away."),
    "no_chapter": _t(
        "{key} in {file} is {value}; a chapter is the name of a notebook alone, without .ipynb."
    ),
}


def explain(error: ValidationError, model: type[BaseModel], file: str = CONFIG_FILE) -> UserError:
    """Say the first thing that is wrong: the key, the value and the cure.

    `model`: what the whole file, or our section of it, must be; `file`: where it stands.
    """
    # A misspelt key first: the one that it was meant for may be missing for that reason alone.
    errors = sorted(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
    first = errors[0]
    # Of a value that may be of several types, Pydantic names the type too.
    place = [str(p) for p in first["loc"] if p not in ("str", "[key]") and not str(p).startswith("dict[")]
    values: dict[str, Any] = {
        "key": ".".join([SECTION, *place] if file == CONFIG_FILE else place),
        "file": file,
        "value": Phrase(_t("empty"), {}) if first["input"] is None else repr(first["input"]),
    } | first.get("ctx", {})
    if first["type"] == "extra_forbidden":
        return UserError(
            _t("{key} in {file} is not a setting. {suggestion}"),
            **values,
            suggestion=suggestion(place[-1], _settings_at(model, place[:-1])),
        )
    if first["type"] in ("literal_error", "no_language"):
        known = values.get("known") or re.findall(r"'([^']*)'", values["expected"])
        wrong = str(values.get("wrong", first["input"]))
        return UserError(
            _t("{key} in {file}: {wrong} cannot be used. {suggestion}"),
            key=values["key"],
            file=file,
            wrong=wrong,
            suggestion=suggestion(wrong, known),
        )
    if first["type"] == "tuple_type":
        values["example"] = first["input"] if isinstance(first["input"], str | int) else "..."
    text = _WRONG.get(first["type"])
    if text is None:
        return UserError(_t("{key} in {file} is {value}: {reason}. Mend it."), **values, reason=first["msg"])
    return UserError(text, **values)


def _settings_at(model: type[BaseModel], place: list[str]) -> list[str]:
    """Name the settings that there are at a place; a name or a number within a collection leads nowhere."""
    for part in place:
        field = model.model_fields.get(part)
        if field is not None:
            model = next(_models_in(field.annotation), model)
    return list(model.model_fields)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - whatever a type may be
    """Find the kinds of settings that a field may hold."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)
