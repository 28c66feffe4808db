"""Configuration: the ``crmreport:`` section of ``_config.yml`` as frozen, checked values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

import yaml
from babel.numbers import list_currencies
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from crmreport.errors import UserError, suggestion
from crmreport.language import _t
from crmreport.periods import Calendar, Kind

CONFIG_FILE = "_config.yml"
SECTION = "crmreport"
ALL_CHAPTERS = ("summary", "sales", "satisfaction", "segment", "data")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SetAside(_Frozen):
    """Rows that are not used: a condition (SQL, over the file's own columns) and the reason, in words."""

    where: str
    reason: str | dict[str, str]


class Source(_Frozen):
    """Where one table comes from.

    `file`: path from the project's folder. `columns`: the contract's name to the file's own, where they
    differ. `one_row_per_key`: the file repeats the table's rows (as an export by order line repeats the
    order); the first of each key is used and the rest is no defect.
    """

    file: str
    columns: dict[str, str] = {}
    set_aside: tuple[SetAside, ...] = ()
    one_row_per_key: bool = False


def _currency(code: str) -> str:
    if code not in list_currencies():
        raise ValueError("is not a currency; use a three-letter ISO 4217 code such as EUR or CNY")
    return code


def _timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("is not a time zone; use a name such as Europe/London or Asia/Shanghai")
    return name


class Settings(_Frozen):
    """The ``crmreport:`` section: what is reviewed, from what, for whom."""

    company: str | dict[str, str]
    languages: Annotated[tuple[Literal["en", "zh_CN"], ...], Field(min_length=1)] = ("en",)
    currency: Annotated[str, AfterValidator(_currency)] = "USD"
    timezone: Annotated[str, AfterValidator(_timezone)] = "UTC"
    fiscal_year_start: Annotated[int, Field(ge=1, le=12)] = 1
    frequency: Literal["month", "quarter", "week", "year"] = "month"
    periods: Annotated[int, Field(ge=1)] = 1  # how many of the last complete periods a review shows
    as_of: date | None = None  # last day that the data cover; read from the data if not given
    chapters: Annotated[tuple[str, ...], Field(min_length=1)] = ALL_CHAPTERS
    segments: tuple[str, ...] = ()  # dimensions that get a page for each of their segments
    active_days: Annotated[int, Field(ge=1)] = 90  # a customer is active this long after an order
    minimum_cell: Annotated[int, Field(ge=1)] = 5  # groups of fewer customers are not shown
    folder: str | None = None  # tables of this folder that are named as in the contract
    tables: dict[str, Source] = {}
    targets: str | None = None
    labels: dict[str, dict[str, str]] = {}  # by language: how a value of the data is written there
    notebooks: str = "notebooks"
    book: str = "book"
    page_timeout_seconds: Annotated[int, Field(ge=1)] = 600

    @field_validator("tables", mode="before")
    @classmethod
    def _file_alone(cls, tables: Any) -> Any:  # noqa: ANN401 - whatever YAML gives
        """Let ``orders: orders.csv`` stand for ``orders: {file: orders.csv}``."""
        if not isinstance(tables, dict):
            return tables
        return {name: {"file": s} if isinstance(s, str) else s for name, s in tables.items()}

    @property
    def calendar(self) -> Calendar:
        """The calendar by which periods are named."""
        return Calendar(fiscal_year_start=self.fiscal_year_start, timezone=self.timezone)

    @property
    def kind(self) -> Kind:
        """The kind of period that a review covers."""
        return Kind(self.frequency)

    def company_name(self, language: str) -> str:
        """Name of the company in a language, or in the first one that the configuration gives."""
        if isinstance(self.company, str):
            return self.company
        return self.company.get(language) or next(iter(self.company.values()))


@dataclass(frozen=True)
class Project:
    """A folder with a ``_config.yml``: our section of it, and Jupyter Book's own settings."""

    root: Path
    settings: Settings
    book_config: dict[str, Any]

    @cached_property
    def notebooks(self) -> Path:
        """Folder of the chapters' notebooks."""
        return self._folder("notebooks", self.settings.notebooks)

    @cached_property
    def book(self) -> Path:
        """Folder of what people write."""
        return self._folder("book", self.settings.book)

    @property
    def store(self) -> Path:
        """Folder in which computed results and executed pages are kept between builds."""
        return self.root / ".crmreport"

    def _folder(self, key: str, value: str) -> Path:
        folder = (self.root / value).resolve()
        if not folder.is_dir():
            raise UserError(
                _t("{key} in {file}: there is no folder {folder}. Name the folder from the project's own."),
                key=f"{SECTION}.{key}",
                file=CONFIG_FILE,
                folder=value,
            )
        return folder


def nearest_project(folder: Path | str) -> Path:
    """Find the project that a folder is in: itself, or the nearest one above that has a configuration."""
    start = Path(folder).resolve()
    return next((f for f in (start, *start.parents) if (f / CONFIG_FILE).is_file()), start)


def read_project(folder: Path | str) -> Project:
    """Read a project's configuration.

    Raises UserError, naming the key and the cure, for a missing file, broken YAML, a key that does not
    exist or a value that cannot be.
    """
    root = Path(folder).resolve()
    path = root / CONFIG_FILE
    if not path.is_file():
        raise UserError(
            _t("There is no {file} in {folder}. Name a project's folder, or make one: crmreport new DIR."),
            file=CONFIG_FILE,
            folder=str(folder),
        )
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(
            _t("{file} is not readable YAML: {reason}. Mend the line that it names."),
            file=CONFIG_FILE,
            reason=" ".join(str(error).split()),
        ) from None
    if not isinstance(content, dict) or not isinstance(content.get(SECTION), dict):
        raise UserError(
            _t("{file} has no section {section}. It needs at least: {section}: {{company: NAME}}."),
            file=CONFIG_FILE,
            section=SECTION,
        )
    section = content.pop(SECTION)
    try:
        settings = Settings.model_validate(section)
    except ValidationError as error:
        raise _as_user_error(error) from None
    return Project(root, settings, content)


def _as_user_error(error: ValidationError) -> UserError:
    """Say the first thing that is wrong with the section, by key."""
    first = error.errors()[0]
    place = [str(part) for part in first["loc"] if part not in ("str", "dict[str,str]")]
    key = ".".join([SECTION, *place])
    if first["type"] == "extra_forbidden":
        known = Source.model_fields if place[0] == "tables" and len(place) > 2 else Settings.model_fields
        return UserError(
            _t("{key} in {file} is not a setting. {suggestion}"),
            key=key,
            file=CONFIG_FILE,
            suggestion=suggestion(place[-1], known),
        )
    reason = first["msg"].removeprefix("Value error, ")
    return UserError(
        _t("{key} in {file}: {value} cannot be used: {reason}."),
        key=key,
        file=CONFIG_FILE,
        value=repr(first["input"]) if first["type"] != "missing" else _t("nothing"),
        reason=reason[0].lower() + reason[1:],
    )
