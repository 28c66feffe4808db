"""Values: what cells say that is no plain value: marks for a missing one, yes and no, numbers with commas."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from babel import Locale

from crmreport.language import LANGUAGES
from crmreport.source import ANY_OTHER, Value
from crmreport.tables.engine import Connection

# Texts that never are a value, and those that are none only in a column of numbers, times or yes and no.
MARKS = (
    "?", "#N/A", "N/A", "n/a", "NULL", "null", "(null)", "\\N", "NaN", "nan", "#REF!", "#VALUE!", "#DIV/0!",
    "-", "--", "—", "——", "(not set)", "(data not available)", "(blank)", "暂无", "(空)",
)  # fmt: skip
DOUBTFUL_MARKS = ("NA", "na", "None", "none", ".", "/", "x", "无", "空", "未知", "unknown", "Unknown")

# What the engine reads as yes and no by itself.
_READ_AS_BOOLEAN = ("true", "false", "t", "f", "1", "0", "yes", "no", "y", "n")
_YES = {"true", "t", "1", "yes", "y", "是", "对", "有", "√", "已投诉", "on"}
_NO = {"false", "f", "0", "no", "n", "否", "不", "没有", "×", "未投诉", "off", "无"}
_WON = {"won", "closed won", "closedwon", "win", "赢单", "已赢单", "成交", "已成交", "赢", "已签约", "成功"}
_LOST = {
    "lost", "closed lost", "closedlost", "loss", "lose", "disqualified", "输单", "已输单", "丢单", "已丢单",
    "战败", "失败", "未成交", "输",
}  # fmt: skip


@dataclass(frozen=True)
class Numbers:
    """How a column writes its numbers. `is_open`: whether a comma is the decimal sign cannot be told."""

    decimal: str = "."
    thousands: str = ""
    is_open: bool = False


def boolean_map(values: tuple[str, ...]) -> dict[str, Value] | None:
    """Say what the few values of a column mean as yes and no.

    None if one of them means neither; {} if the engine reads them by itself.
    """
    folded = {value: value.strip().casefold() for value in values}
    if not values or not all(f in _YES | _NO for f in folded.values()):
        return None
    if all(f in _READ_AS_BOOLEAN for f in folded.values()):
        return {}
    return {value: f in _YES for value, f in folded.items()}


def won_map(values: tuple[str, ...]) -> dict[str, Value] | None:
    """Say which stages mean won and which lost, all others being open; None if no stage means won."""
    meant: dict[str, Value] = {}
    for value in values:
        folded = value.strip().casefold().replace("-", " ")
        if folded in _WON or folded in _LOST:
            meant[value] = folded in _WON
    if not any(meant.values()):
        return None
    return meant | {ANY_OTHER: None}


def numbers_of_texts(connection: Connection, texts: str) -> Numbers | None:
    """Say how texts that the engine does not read as numbers write them; None if they are none.

    `texts`: SQL of a table with a column x.
    """
    bare = "trim(regexp_replace(x, '[€$£¥￥元%]|USD|EUR|GBP|CNY|RMB', '', 'g'))"
    shapes = (
        "[+-]?[0-9]+([.][0-9]+)?",  # plain
        "[+-]?[0-9]{1,3}(,[0-9]{3})+([.][0-9]+)?",  # 1,234.5
        "[+-]?[0-9]{1,3}([.][0-9]{3})+(,[0-9]+)?",  # 1.234,5
        "[+-]?[0-9]+,[0-9]+",  # 1234,5 and, alas, 1,234
        "[+-]?[0-9]{1,3},[0-9]{3}",  # 1,234: either
        "[+-]?[0-9]{1,3}[.][0-9]{3}",  # 1.234: either
        "[+-]?[0-9]{1,3}( [0-9]{3})+([.][0-9]+)?",  # 1 234.5
    )
    counted = [f"count(*) FILTER (regexp_full_match({bare}, '{shape}'))" for shape in shapes]
    row = connection.con.execute(f"SELECT count(x), {', '.join(counted)} FROM {texts}").fetchone()
    n, plain, commas, points, comma, either_comma, either_point, spaces = (int(count) for count in row)
    if not n:
        return None
    if plain == n:
        return Numbers()
    if plain + commas == n:
        # Every comma stands before three digits: 1,234 alone may be 1.234 in other countries.
        return Numbers(".", ",", is_open=commas == either_comma and plain == 0)
    integers = plain
    if integers + points + comma - either_point >= n or comma + points + integers >= n:
        return Numbers(",", "." if points else "")
    if plain + spaces == n:
        return Numbers(".", " ")
    return None


@cache
def countries() -> frozenset[str]:
    """Name the countries, in all languages of a review and by their codes, in small letters."""
    names: set[str] = {"usa", "uk", "england", "korea", "russia", "holland", "czech republic", "turkey"}
    for language in LANGUAGES:
        territories = Locale.parse(language).territories
        names |= {n.casefold() for code, n in territories.items() if not code.isdigit()}
        names |= {code.casefold() for code in territories if len(code) == 2}
    return frozenset(names)
