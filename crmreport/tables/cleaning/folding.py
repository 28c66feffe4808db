"""Folding: values of one column that look like slips of one another, proposed to be read as one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import ibis
import pandas as pd
import yaml
from rapidfuzz import fuzz, process

from crmreport.config import SECTION
from crmreport.language import _t
from crmreport.source import Cell, Source
from crmreport.tables.contract import TABLES, table
from crmreport.tables.engine import IbisTable, IbisValue

FOLD_COLUMNS = ("table", "column", "value", "rows", "proposed", "rows_of_proposed", "why")

# Why a value looks like another one.
WHY = {
    "same letters": _t("differs only in capitals, spaces or signs"),
    "alike": _t("nearly the same, and much rarer"),
    "unknown": _t("nearly the same, and not in the table that it refers to"),
}

MOST_CATEGORIES = 200  # distinct values of a column; one of more holds no categories
MOST_REFERENCES = 5_000  # distinct values of a reference, and of what it refers to
LEAST_RATIO = 88  # of 100, from which on two values are alike
LEAST_WORD_RATIO = 80  # the same for each word, where both have as many: East is no slip of West
FEWEST_LETTERS = 5  # in shorter values every sign matters: A+ is no slip of A-
TIMES_RARER = 10

# Signs and spaces, but for those between digits: 1.0 is not 10.
_SIGNS = re.compile(r"(?<!\d)[\W_]+|[\W_]+(?!\d)")


@dataclass(frozen=True)
class _Value:
    """One value of a column, and in how many rows it stands."""

    text: str
    rows: int

    @cached_property
    def small(self) -> str:
        return self.text.casefold()

    @cached_property
    def words(self) -> tuple[str, ...]:
        return tuple(re.findall(r"\w+", self.small))

    @cached_property
    def digits(self) -> str:
        return "".join(sign for sign in self.text if sign.isdigit())

    @cached_property
    def letters(self) -> str:
        """What is left without capitals, spaces and signs; of a short value, without the former two."""
        bare = _SIGNS.sub("", self.small)
        return bare if len(bare) >= FEWEST_LETTERS else "".join(self.small.split())


_Fold = tuple[_Value, _Value, str]  # what stands there, what is perhaps meant, why


def proposed_folds(tables: Mapping[str, IbisTable]) -> pd.DataFrame:
    """Find values that look like slips of another value of the same column, or of what they refer to.

    Looked at are the contract's dimensions of up to `MOST_CATEGORIES` values, and references to a connected
    table, of which only values that this table lacks can be slips. There is no dictionary: a slip whose right
    spelling is nowhere in the data is not found.

    Returns `FOLD_COLUMNS`, in the contract's order: `value`, which stands in `rows` rows, is perhaps meant to
    be `proposed`, which stands in `rows_of_proposed`; `why` is one of `WHY`. Nothing is changed by it. The
    values of references may be private.
    """
    found: list[tuple[object, ...]] = []
    for each in TABLES:
        for column in each.columns:
            if each.name not in tables or column.name not in tables[each.name].columns:
                continue
            given = tables[each.name][column.name]
            folds: list[_Fold] = []
            if column.references in tables:
                keys = tables[column.references][table(column.references).key[0]]
                folds = _folds_of_references(given, keys)
            elif column.dimension:
                folds = _folds_of_categories(given)
            found += [(each.name, column.name, v.text, v.rows, m.text, m.rows, why) for v, m, why in folds]
    return pd.DataFrame(found, columns=list(FOLD_COLUMNS))


def folds_as_settings(folds: pd.DataFrame, sources: Mapping[str, Source]) -> str:
    """Write proposed folds as the part of ``_config.yml`` that carries them out.

    `folds`: those that are meant, with at least the columns table, column, value and proposed. `sources`: how
    the tables are read now (`crmreport.tables.sources.find_sources`); what they say of a column stays.
    """
    settings: dict[str, Any] = {}
    for (name, column), rows in folds.groupby(["table", "column"], sort=False):
        source = sources[name]
        meant = dict(zip(rows["value"], rows["proposed"], strict=True))
        cell = source.columns.get(column, Cell()).model_dump(mode="json", exclude_defaults=True)
        # What the settings already map to a slip is mapped to what it is meant to be.
        mapped = {said: meant.get(now, now) for said, now in cell.get("values", {}).items()}
        place = source.model_dump(include={"file", "database", "table"}, exclude_defaults=True)
        columns = settings.setdefault(name, place | {"columns": {}})["columns"]
        columns[column] = {key: _alone(value) for key, value in cell.items()} | {"values": meant | mapped}
    nested = {SECTION: {"tables": settings}}
    return str(yaml.safe_dump(nested, sort_keys=False, allow_unicode=True, width=2**31))


def _alone(value: Any) -> Any:  # noqa: ANN401 - whatever a setting holds
    """Write a list of one as the settings let one be written."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _folds_of_categories(given: IbisValue) -> list[_Fold]:
    """Find the slips among the values of a column; none if it has too many to be of categories."""
    values = _counted(given, MOST_CATEGORIES)
    usual = {v.letters: v for v in reversed(_most_used_first(values)) if v.letters}
    folds = {v: (usual[v.letters], "same letters") for v in values if usual.get(v.letters, v) != v}
    right = [v for v in values if v not in folds]
    for value in right:
        likely = _likeliest(value, [v for v in right if v.rows >= TIMES_RARER * value.rows])
        if likely is not None:
            folds[value] = (likely, "alike")
    return [(value, _end(meant, folds), why) for value, (meant, why) in folds.items()]


def _end(value: _Value, folds: Mapping[_Value, tuple[_Value, str]]) -> _Value:
    """Follow a value to the one that is no slip itself: the usual spelling, then one of far more rows."""
    while value in folds:
        value, _ = folds[value]
    return value


def _folds_of_references(given: IbisValue, keys: IbisValue) -> list[_Fold]:
    """Find the slips among the values that are no key of the table they refer to."""
    # First what is mostly not there, and spares reading the keys.
    unknown = _counted(given, MOST_REFERENCES, besides=keys)
    known = _counted(keys, MOST_REFERENCES) if unknown else []
    if not known:
        return []
    used = {v.text: v.rows for v in _counted(given, len(known), among=keys)}
    meant = [_Value(k.text, used.get(k.text, 0)) for k in known]
    usual = {v.letters: v for v in reversed(_most_used_first(meant)) if v.letters}
    folds: list[_Fold] = []
    for value in unknown:
        if value.letters in usual:
            folds.append((value, usual[value.letters], "same letters"))
        elif (likely := _likeliest(value, meant)) is not None:
            folds.append((value, likely, "unknown"))
    return folds


def _counted(
    column: IbisValue, most: int, *, besides: IbisValue | None = None, among: IbisValue | None = None
) -> list[_Value]:
    """Count the rows of each value of a column, in the values' order; none if there are more than `most`."""
    rows = column.as_table()
    value = rows[column.get_name()]
    rows = rows.filter(value.notnull())
    if besides is not None:
        rows = rows.filter(value.notin(besides))
    if among is not None:
        rows = rows.filter(value.isin(among))
    counts = rows.group_by(text=value).aggregate(rows=ibis._.count()).limit(most + 1).to_pyarrow().to_pylist()
    return sorted((_Value(**each) for each in counts), key=lambda v: v.text) if len(counts) <= most else []


def _most_used_first(values: Iterable[_Value]) -> list[_Value]:
    return sorted(values, key=lambda v: (-v.rows, v.text))


def _likeliest(value: _Value, others: list[_Value]) -> _Value | None:
    """Find what a value is most likely a slip of; None if it is like none of the others."""
    texts = [other.small for other in others]
    near = process.extract(value.small, texts, scorer=fuzz.ratio, score_cutoff=LEAST_RATIO, limit=None)
    alike = [(score, others[place]) for _, score, place in near if _may_be_slip(value, others[place])]
    return min(alike, key=lambda a: (-a[0], -a[1].rows, a[1].text))[1] if alike else None


def _may_be_slip(value: _Value, other: _Value) -> bool:
    if min(len(value.text), len(other.text)) < FEWEST_LETTERS or value.digits != other.digits:
        return False
    if len(value.words) != len(other.words):
        return True
    pairs = zip(value.words, other.words, strict=True)
    return all(fuzz.ratio(one, two) >= LEAST_WORD_RATIO for one, two in pairs)
