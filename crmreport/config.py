"""Configuration: the ``crmreport:`` section of ``_config.yml`` as frozen, checked values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from crmreport.errors import UserError, suggestion
from crmreport.language import _t
from crmreport.misconfigured import CONFIG_FILE, SECTION, explain
from crmreport.periods import Calendar, Kind
from crmreport.quality.checks import CHECKS
from crmreport.source import Currency, Frozen, Source, Timezone, Words, check_languages

__all__ = ["ALL_CHAPTERS", "CONFIG_FILE", "SECTION", "Project", "Settings", "nearest_project", "read_project"]

ALL_CHAPTERS = (
    *("summary", "sales", "customers", "value", "products", "satisfaction", "service", "marketing"),
    *("market", "behaviour", "forecast", "segment", "data"),
)

_ENGINE = re.compile(
    r"duckdb|local\[(\*|[1-9][0-9]*)\]|yarn|(spark|sc|k8s|postgres|postgresql)://.+|\$\{[^{}]+\}.*"
)


def _check_unique(names: Sequence[str]) -> Sequence[str]:
    for name in names:
        if names.count(name) > 1:
            raise PydanticCustomError("twice", "", {"name": name})
    return names


def _check_chapter(name: str) -> str:
    if Path(name).name != name or name.endswith(".ipynb"):
        raise PydanticCustomError("no_chapter", "")
    return name


def _check_check(name: str) -> str:
    if name not in CHECKS:
        context = {"wrong": name, "suggestion": suggestion(name, CHECKS)}
        raise PydanticCustomError("no_check", "", context)
    return name


def _check_engine(address: str) -> str:
    if not _ENGINE.fullmatch(address):
        raise PydanticCustomError("no_engine", "")
    return address


Engine = Annotated[str, AfterValidator(_check_engine)]
Names = Annotated[tuple[str, ...], AfterValidator(_check_unique)]
Checks = Annotated[tuple[Annotated[str, AfterValidator(_check_check)], ...], AfterValidator(_check_unique)]
Chapter = Annotated[str, AfterValidator(_check_chapter)]
Languages = Annotated[tuple[Literal["en", "zh_CN"], ...], Field(min_length=1), AfterValidator(_check_unique)]
Labels = Annotated[dict[str, dict[str, str]], AfterValidator(check_languages)]


class Settings(Frozen):
    """The ``crmreport:`` section: what is reviewed, from what, for whom."""

    company: Words
    languages: Languages = ("en",)
    currency: Currency = "USD"
    timezone: Timezone = "UTC"
    fiscal_year_start: Annotated[int, Field(ge=1, le=12)] = 1
    frequency: Literal["month", "quarter", "week", "year", "day"] = "month"
    periods: Annotated[int, Field(ge=1)] = 1  # how many of the last complete periods a review shows
    as_of: date | None = None  # last day that the data cover; read from the data if not given
    chapters: Annotated[tuple[Chapter, ...], Field(min_length=1), AfterValidator(_check_unique)] = (
        ALL_CHAPTERS
    )
    segments: Names = ()  # dimensions that get a page for each of their segments
    active_days: Annotated[int, Field(ge=1)] = 90  # a customer is active this long after an order
    minimum_cell: Annotated[int, Field(ge=1)] = 5  # groups of fewer customers are not shown
    engine: Engine = "duckdb"  # where tables are cleaned and counted; else an address of Spark or PostgreSQL
    engine_rows: Annotated[int, Field(ge=1)] = 1_000_000  # most rows that leave another engine at once
    folder: str | None = None  # tables of this folder that are named as in the contract
    tables: dict[str, Source] = Field(default={})
    merge_customers_by: Names = ()  # customers that share a value in one of these columns are one
    confirmed_merges: str | None = None  # pairs of customers that a person says are one, or are not
    rates: str | None = None  # what a unit of other currencies is worth: currency, starts_on, rate
    fail_on: Checks = ()  # checks of the data's quality that stop a build
    targets: str | None = None
    labels: Labels = Field(default={})  # by language: how a value of the data is written there
    notebooks: str = "notebooks"
    book: str = "book"
    page_timeout_seconds: Annotated[int, Field(ge=1)] = 600  # for each cell
    page_memory_mb: Annotated[int, Field(ge=256)] = 4096  # for each process of a page
    memory_mb: Annotated[int, Field(ge=256)] | None = None  # what the engine may hold; more it puts aside
    cache_mb: Annotated[int, Field(ge=1)] = 2000  # of results and pages kept; the least used go first

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
        return self.folder("notebooks", self.settings.notebooks)

    @cached_property
    def book(self) -> Path:
        """Folder of what people write."""
        return self.folder("book", self.settings.book)

    def find_folders(self) -> tuple[Path, Path]:
        """Find the folders of notebooks and of what people write. UserError for one that is not there."""
        return self.notebooks, self.book

    @property
    def identity(self) -> str:
        """Tell it from all others, and from itself with other settings."""
        return f"{self.root}\0{self.settings.model_dump_json()}"

    @property
    def store(self) -> Path:
        """Folder in which computed results and executed pages are kept between builds."""
        return self.root / ".crmreport"

    def folder(self, key: str, value: str) -> Path:
        """Find the folder that a setting names. UserError, naming the setting, if it is not there."""
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
        content = yaml.load(path.read_text(encoding="utf-8-sig"), _Loader)
    except yaml.MarkedYAMLError as error:
        raise UserError(
            _t("{file}, line {line}: this is not YAML: {reason}. Mend that line or the one above."),
            file=CONFIG_FILE,
            line=error.problem_mark.line + 1,
            reason=error.problem,
        ) from None
    except (
        yaml.YAMLError,
        ValueError,
    ) as error:  # the latter for bytes that are no text, and days as 2025-13-01
        raise UserError(
            _t("{file} cannot be read: {reason}. Mend it, and save it as UTF-8."),
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
        raise explain(error, Settings) from None
    return Project(root, settings, content)


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Reads YAML, and refuses a key that is there twice, of which YAML would silently use the last.

    (The ignored check: yaml ships no types.)
    """

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: ANN401
        """Make a mapping of a node of the file."""
        keys = [key.value for key, _ in node.value]
        for (key, _), name in zip(node.value, keys, strict=True):
            if keys.count(name) > 1:
                raise yaml.constructor.ConstructorError(
                    problem=f"{name!r} is there twice", problem_mark=key.start_mark
                )
        found: dict[Any, Any] = super().construct_mapping(node, deep)
        return found

    def construct_object(self, node: Any, deep: bool = False) -> Any:  # noqa: ANN401
        """Make a value of a node of the file, and say where one is that cannot be, such as 2025-13-01."""
        try:
            return super().construct_object(node, deep)
        except ValueError as error:
            raise yaml.constructor.ConstructorError(
                problem=str(error), problem_mark=node.start_mark
            ) from None
