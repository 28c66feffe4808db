"""Source: how the settings say where a table comes from, and how its columns are read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from babel.numbers import list_currencies
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from crmreport.language import LANGUAGES, _t

# In a value map, stands for every value that the map does not name.
ANY_OTHER = "*"

Value = str | int | float | bool | datetime | date | None  # whatever YAML reads


class Frozen(BaseModel):
    """Settings that cannot be changed, and refuse a name that there is not."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def check_languages(texts: Mapping[str, object]) -> Mapping[str, object]:
    """Refuse a language that a review is not written in."""
    for language in texts:
        if language not in LANGUAGES:
            raise PydanticCustomError("no_language", "", {"wrong": language, "known": LANGUAGES})
    return texts


def _check_words(words: str | dict[str, str]) -> str | dict[str, str]:
    if isinstance(words, dict):
        check_languages(words)
    if not words or (isinstance(words, dict) and not all(words.values())):
        raise PydanticCustomError("empty", "")
    return words


def _check_currency(code: str) -> str:
    if code not in list_currencies():
        raise PydanticCustomError("no_currency", "")
    return code


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())  # it walks through the folders of all of them


def _check_timezone(name: str) -> str:
    if name not in _timezones():
        raise PydanticCustomError("no_timezone", "")
    return name


def _one_or_more(given: Any) -> Any:  # noqa: ANN401 - whatever YAML gives
    """Let ``x`` stand for ``[x]``."""
    return (given,) if isinstance(given, str) else given


def _heading_alone(given: Any) -> Any:  # noqa: ANN401 - whatever YAML gives
    """Let ``order_id: Order No``, or a list of headings, stand for ``order_id: {heading: ...}``."""
    return {"heading": given} if isinstance(given, str | list | tuple) else given


def _one_or_more_sets(given: Any) -> Any:  # noqa: ANN401 - whatever YAML gives
    """Let ``[x, y]`` stand for ``[[x, y]]``."""
    is_one = isinstance(given, list | tuple) and all(isinstance(each, str) for each in given)
    return (given,) if is_one else given


def _keys_as_texts(given: Any) -> Any:  # noqa: ANN401 - whatever YAML gives
    """Take the names of a value map as they stand in a file: YAML reads ``1:`` as a number."""
    if not isinstance(given, dict):
        return given
    return {("true" if k else "false") if isinstance(k, bool) else str(k): v for k, v in given.items()}


Words = Annotated[str | dict[str, str], AfterValidator(_check_words)]  # in all languages, or by language
Currency = Annotated[str, AfterValidator(_check_currency)]
Timezone = Annotated[str, AfterValidator(_check_timezone)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_one_or_more)]
TextSets = Annotated[tuple[tuple[str, ...], ...], BeforeValidator(_one_or_more_sets)]
ValueMap = Annotated[dict[str, Value], BeforeValidator(_keys_as_texts)]


class SetAside(Frozen):
    """Rows that are not used: a condition (SQL, over the file's own columns) and the reason, in words."""

    where: str
    reason: Words


class Cell(Frozen):
    """How one column of the contract is read: from a heading, an SQL expression or a constant."""

    heading: Texts = Field(default=(), description=_t("The file's own heading; of several, the first it has"))
    sql: str = Field(default="", description=_t("Instead: SQL over the file's own columns"))
    constant: Value = Field(default=None, description=_t("Instead: one value for all rows"))
    values: ValueMap = Field(
        default={}, description=_t("What values of the file mean; `*` stands for all others, null for none")
    )
    dates: Texts = Field(default=(), description=_t("Formats of this column's dates, as of a table"))
    fill: Value = Field(default=None, description=_t("What to put where the value is missing"))
    fill_with: Literal["median", "most common"] | None = Field(
        default=None, description=_t("The same, found in the data: `median` or `most common`")
    )
    missing_with: str = Field(
        default="",
        description=_t(
            "The column without which this one says nothing, as the day on which an open opportunity is only "
            "expected to close"
        ),
    )
    optional: bool = Field(default=False, description=_t("A file without the heading is no mistake"))

    @model_validator(mode="after")
    def _one_origin(self) -> Cell:
        origins = [bool(self.heading), bool(self.sql), self.constant is not None]
        if sum(origins) > 1:
            raise PydanticCustomError("several_origins", "")
        return self


Column = Annotated[Cell, BeforeValidator(_heading_alone)]


class NearDuplicates(Frozen):
    """Rows that say the same within some minutes of each other, of which only the first is meant."""

    columns: tuple[str, ...] = Field(min_length=1)
    within_minutes: Annotated[float, Field(gt=0)]


class Layout(Frozen):
    """How the rows of one kind of file are written, whichever file it is."""

    columns: dict[str, Column] = Field(
        default={}, description=_t("By the table's own names: how each column is read; see below")
    )
    query: str = Field(
        default="",
        description=_t("SQL that makes the rows: it calls the file `file`, and others by their name"),
    )
    sheet: str | int | None = Field(
        default=None, description=_t("Sheet of a workbook: its name, or its number from 1")
    )
    skip_rows: Annotated[int, Field(ge=0)] = Field(default=0, description=_t("Rows above the headings"))
    heading_rows: Annotated[int, Field(ge=1, le=5)] = Field(
        default=1, description=_t("Rows that the headings take")
    )
    separator: Annotated[str, Field(min_length=1, max_length=1)] | None = Field(
        default=None, description=_t("What separates the cells of a CSV; found out if not given")
    )
    encoding: str | None = Field(
        default=None, description=_t("Encoding of a CSV, such as gb18030; found out if not given")
    )
    missing: Texts = Field(default=(), description=_t("Texts that stand for no value, such as `?`"))
    dates: Texts = Field(
        default=(),
        description=_t(
            "Formats of the dates, such as `%d/%m/%Y %H:%M`, or `unix`, `unix_ms`, `unix_us`; 2025-10-31 "
            "14:05 is always read"
        ),
    )
    decimal: Literal[".", ","] = Field(default=".", description=_t("Decimal sign"))
    thousands: Literal["", ",", ".", " ", "'"] = Field(
        default="", description=_t("What stands between thousands")
    )
    timezone: Timezone | None = Field(
        default=None, description=_t("Time zone of times that name none, if it is not the review's")
    )
    currency: Currency | None = Field(
        default=None, description=_t("Currency of the amounts, if it is not the review's; see `rates`")
    )
    currency_heading: str | None = Field(
        default=None, description=_t("Heading of the column that names each row's currency")
    )
    set_aside: tuple[SetAside, ...] = Field(
        default=(), description=_t("Rows that are not used: `where`, a condition in SQL, and the `reason`")
    )
    one_row_per_key: bool = Field(
        default=False,
        description=_t(
            "The file repeats the table's rows, as an export by line repeats the order; the first counts"
        ),
    )
    drop_exact_duplicates: bool = Field(
        default=False,
        description=_t("A row equal to one before in every column that is read is one too many"),
    )
    near_duplicates: NearDuplicates | None = Field(
        default=None,
        description=_t("Rows of the same `columns` within so many minutes (`within_minutes`) are one"),
    )
    pair_cancellations: bool = Field(
        default=False, description=_t("A return and the line that it takes back are both taken out")
    )


class Source(Layout):
    """Where one table comes from, and how it is read."""

    file: str = Field(
        default="",
        description=_t(
            "Path from the project's folder; a folder or a pattern such as `exports/*.csv` for many files of "
            "the same headings. It may name environment variables: `${{NAME}}`"
        ),
    )
    database: str = Field(
        default="",
        description=_t(
            "Instead: address of a database, such as `postgresql://host/name`, best in a `${{NAME}}`"
        ),
    )
    table: str = Field(
        default="", description=_t("Table of the database, or of a DuckDB or SQLite file; or give a `query`")
    )
    beside: dict[str, str] = Field(
        default={}, description=_t("Further files that the `query` reads, by the names it calls them")
    )
    preset: str = Field(
        default="", description=_t("Layout of a known system's export; what is given here overrules it")
    )

    @model_validator(mode="after")
    def _one_place(self) -> Source:
        if bool(self.file) == bool(self.database):
            raise PydanticCustomError("no_place", "")
        if self.database and bool(self.table) == bool(self.query):
            raise PydanticCustomError("no_table", "")
        return self

    @property
    def place(self) -> str:
        """The file as the settings name it; of a database only the table, since its address is a secret."""
        return self.file or self.table or "query"


class Preset(Layout):
    """The layout of a known system's export.

    `title`: what it is an export of. `table`: the contract's table that it becomes. `recognise`: headings
    that tell it from others; of several sets of them, one is enough.
    """

    title: str
    table: str
    recognise: TextSets


def with_preset(source: Source, preset: Preset) -> Source:
    """Read a source as a preset says, but for what the source itself says."""
    given = {name: getattr(source, name) for name in source.model_fields_set}
    assumed = {name: getattr(preset, name) for name in preset.model_fields_set if name in Layout.model_fields}
    columns = {name: c.model_copy(update={"optional": True}) for name, c in preset.columns.items()}
    merged = assumed | given | {"columns": columns | source.columns}
    merged["set_aside"] = preset.set_aside + source.set_aside
    return Source.model_construct(**merged)
