"""Source: how the settings say where a table comes from, and how its columns are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from babel.numbers import list_currencies
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from crmreport.language import LANGUAGES

# In a value map, stands for every value that the map does not name.
ANY_OTHER = "*"

Value = str | int | float | bool | None


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


def _check_timezone(name: str) -> str:
    if name not in available_timezones():
        raise PydanticCustomError("no_timezone", "")
    return name


def _one_or_more(given: Any) -> Any:  # noqa: ANN401 - whatever YAML gives
    """Let ``x`` stand for ``[x]``."""
    return (given,) if isinstance(given, str) else given


def _heading_alone(given: Any) -> Any:  # noqa: ANN401 - whatever YAML gives
    """Let ``order_id: Order No``, or a list of headings, stand for ``order_id: {heading: ...}``."""
    return {"heading": given} if isinstance(given, str | list | tuple) else given


def _keys_as_texts(given: Any) -> Any:  # noqa: ANN401 - whatever YAML gives
    """Take the names of a value map as they stand in a file: YAML reads ``1:`` as a number."""
    if not isinstance(given, dict):
        return given
    return {("true" if k else "false") if isinstance(k, bool) else str(k): v for k, v in given.items()}


Words = Annotated[str | dict[str, str], AfterValidator(_check_words)]  # in all languages, or by language
Currency = Annotated[str, AfterValidator(_check_currency)]
Timezone = Annotated[str, AfterValidator(_check_timezone)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_one_or_more)]
ValueMap = Annotated[dict[str, Value], BeforeValidator(_keys_as_texts)]


class SetAside(Frozen):
    """Rows that are not used: a condition (SQL, over the file's own columns) and the reason, in words."""

    where: str
    reason: Words


class Cell(Frozen):
    """How one column of the contract is read: from a heading, an SQL expression or a constant.

    `heading`: the file's own; of several, the first that the file has. `sql`: over the file's columns.
    `values`: what a value of the file means; ``*`` stands for all others. `dates`: as in `Layout`, for this
    column alone. `fill`: put where the value is missing; `fill_with`: the same, found in the data.
    `optional`: a file without the heading is no mistake.
    """

    heading: Texts = ()
    sql: str = ""
    constant: Value = None
    values: ValueMap = {}
    dates: Texts = ()
    fill: Value = None
    fill_with: Literal["median", "most common"] | None = None
    optional: bool = False

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
    """How the rows of one kind of file are written, whichever file it is.

    Of the file: `sheet` of a workbook (name, or number from 1), `skip_rows` above the headings,
    `heading_rows` that the headings take; `separator` and `encoding` of a CSV, found out if not given.
    Of all cells: `missing` texts that stand for no value; `dates`, formats as of strptime, or unix, unix_ms,
    unix_us; `decimal` and `thousands` signs; `timezone` of times that name none; `currency` of the amounts,
    or the heading that holds it (`currency_heading`).
    `columns`: by the contract's names. `query`: SQL over the file, which it calls ``file``, and the files
    `beside` it.
    Of the rows: `set_aside` conditions; `one_row_per_key`: the file repeats the table's rows (as an export by
    order line repeats the order), the first of each key is used and the rest is no defect;
    `drop_exact_duplicates`: a row equal to one before in every column that is read is one too many;
    `near_duplicates`; `pair_cancellations`: a return and the line that it takes back are both taken out.
    """

    sheet: str | int | None = None
    skip_rows: Annotated[int, Field(ge=0)] = 0
    heading_rows: Annotated[int, Field(ge=1, le=5)] = 1
    separator: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    encoding: str | None = None
    missing: Texts = ()
    dates: Texts = ()
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ",", ".", " ", "'"] = ""
    timezone: Timezone | None = None
    currency: Currency | None = None
    currency_heading: str | None = None
    query: str = ""
    columns: dict[str, Column] = {}
    set_aside: tuple[SetAside, ...] = ()
    one_row_per_key: bool = False
    drop_exact_duplicates: bool = False
    near_duplicates: NearDuplicates | None = None
    pair_cancellations: bool = False


class Source(Layout):
    """Where one table comes from, and how it is read.

    `file`: path from the project's folder; a folder or a pattern (``exports/*.csv``) for many files of the
    same headings; or `database`: address such as postgresql://host/name. Both may name environment variables
    (``${CRM_DATABASE}``). `table`: the one to read of a database; `query`, instead, is asked of it.
    `preset`: the layout of a known system's export, which everything given here overrules.
    """

    file: str = ""
    database: str = ""
    table: str = ""
    preset: str = ""
    beside: dict[str, str] = {}

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
    that tell it from others.
    """

    title: str
    table: str
    recognise: Texts


def with_preset(source: Source, preset: Preset) -> Source:
    """Read a source as a preset says, but for what the source itself says."""
    given = {name: getattr(source, name) for name in source.model_fields_set}
    assumed = {name: getattr(preset, name) for name in preset.model_fields_set if name in Layout.model_fields}
    columns = {name: c.model_copy(update={"optional": True}) for name, c in preset.columns.items()}
    merged = assumed | given | {"columns": columns | source.columns}
    merged["set_aside"] = preset.set_aside + source.set_aside
    return Source.model_construct(**merged)
