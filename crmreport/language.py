"""Languages: the catalogue of translations, and how numbers, money and dates are written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from babel import Locale
from babel.dates import format_date
from babel.messages.pofile import read_po

from crmreport.periods import Kind, Period

SOURCE_LANGUAGE = "en"
LANGUAGES = ("en", "zh_CN")

_LOCALE_FOLDER = Path(__file__).parent / "locale"


def _t(text: str) -> str:
    """Mark an English text for the catalogue; it is translated where it is shown."""
    return text


@cache
def catalogue(language: str) -> dict[str, str]:
    """Read one language's translations, English text to its own; none for English itself."""
    if language == SOURCE_LANGUAGE:
        return {}
    path = _LOCALE_FOLDER / language / "LC_MESSAGES" / "crmreport.po"
    with path.open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file) if m.id and m.string}


@cache
def locale_of(language: str) -> Locale:
    """Give a language's rules of writing."""
    # Babel looks them up in its folder each time that it is given a name (python-babel/babel #620).
    return Locale.parse(language)


def translate(text: str, language: str, /, **values: object) -> str:
    """Give a marked text in a language, its ``{placeholders}`` filled with values."""
    words = catalogue(language).get(text, text)
    said = {k: v.say(language) if isinstance(v, Phrase) else v for k, v in values.items()}
    return words.format(**said)


@dataclass(frozen=True)
class Phrase:
    """A marked text with its values, to be said later in a language that is not known yet."""

    text: str
    values: dict[str, object]

    def say(self, language: str) -> str:
        """Say it in a language."""
        return translate(self.text, language, **self.values)


def escaped(text: str) -> str:
    """Keep what the data say (a segment's name) from being read as Markdown or HTML."""
    for sign in "\\`*_{}[]<>#|$~":
        text = text.replace(sign, f"\\{sign}")
    return text


def write_date(day: date, language: str) -> str:
    """Write a day: 31 October 2025, 2025年10月31日."""
    pattern = "d MMMM y" if language == SOURCE_LANGUAGE else "y年M月d日"
    return str(format_date(day, pattern, locale=locale_of(language)))


def _write_months(first: date, last: date, language: str) -> str:
    """Write a run of whole months of one year: August to October 2025, 2025年8月至10月."""
    if language == SOURCE_LANGUAGE:
        opening = format_date(first, "MMMM", locale=locale_of(language))
        return f"{opening} to {format_date(last, 'MMMM y', locale=locale_of(language))}"
    return f"{first.year}年{first.month}月至{last.month}月"


def write_period(period: Period, language: str) -> str:
    """Write a period as a reader says it: October 2025, 2025年10月; a part of one by its days."""
    if period.is_partial or period.kind is Kind.RANGE:
        first, last = period.start, period.end - timedelta(days=1)
        if first == last:
            return write_date(first, language)
        if first.day == 1 and period.end.day == 1 and first.year == last.year and first.month < last.month:
            return _write_months(first, last, language)
        if (first.year, first.month) == (last.year, last.month) and language == SOURCE_LANGUAGE:
            return f"{first.day}–{write_date(last, language)}"
        return translate(
            _t("{first} to {last}"),
            language,
            first=write_date(first, language),
            last=write_date(last, language),
        )
    if period.kind is Kind.DAY:
        return write_date(period.start, language)
    if period.kind is Kind.MONTH:
        pattern = "MMMM y" if language == SOURCE_LANGUAGE else "y年M月"
        return str(format_date(period.start, pattern, locale=locale_of(language)))
    year, _, part = period.name.partition("-")
    if period.kind is Kind.QUARTER:
        return translate(_t("Q{quarter} {year}"), language, quarter=part[1:], year=year)
    if period.kind is Kind.WEEK:
        return translate(_t("week {week} of {year}"), language, week=int(part[1:]), year=year)
    return translate(_t("{year}"), language, year=year)
