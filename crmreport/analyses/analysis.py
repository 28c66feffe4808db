"""Analyses: what an analysis is: a method with its source, and the small frames that it gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from crmreport.config import Settings
from crmreport.language import Phrase
from crmreport.periods import Period
from crmreport.segments import ALL
from crmreport.tables.data import Data
from crmreport.tables.engine import IbisTable
from crmreport.tables.facts import fact_named

Frames = dict[str, pd.DataFrame]


@dataclass(frozen=True, eq=False)
class Declared(Mapping[str, IbisTable]):
    """The tables, of those that there are, that an analysis has declared.

    To ask for another, or whether it is there, is a mistake of the analysis' author: what is kept of an
    analysis would not be computed anew when that table changes. RuntimeError.
    """

    given: Mapping[str, IbisTable]
    names: tuple[str, ...]

    def __getitem__(self, name: str) -> IbisTable:
        """Give a table; KeyError where it is not connected."""
        if name in self:
            return self.given[name]
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        """Say whether a table is connected."""
        if name not in self.names:
            raise RuntimeError(f"{name} is read but not declared; declared are {', '.join(self.names)}")
        return name in self.given

    def __iter__(self) -> Iterator[str]:
        """Name those that there are."""
        return (name for name in self.names if name in self.given)

    def __len__(self) -> int:
        """Count those that there are."""
        return sum(1 for _ in self)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known when a period ends; nothing later is in it.

    `tables`: the contract's tables, cut at the period's end (see `crmreport.tables.data.until`); `facts`:
    the fact tables made of them. `periods`: the whole periods of the same kind that the data cover, oldest
    first, `period` last. `cube`: see `crmreport.metrics.cube`, of these periods alone.
    """

    data: Data
    facts: Mapping[str, IbisTable]
    period: Period
    periods: tuple[Period, ...]
    cube: pd.DataFrame
    settings: Settings

    @property
    def tables(self) -> Mapping[str, IbisTable]:
        """The contract's tables, by name."""
        return self.data.tables

    def declared_by(self, analysis: Analysis) -> Known:
        """Give what the analysis declares that it reads, and nothing else."""
        return replace(
            self,
            data=replace(self.data, tables=Declared(self.tables, analysis.tables)),
            facts=Declared(self.facts, analysis.facts),
            cube=figures_of(self.cube, analysis.metrics),
        )


def figures_of(cube: pd.DataFrame, metrics: tuple[str, ...]) -> pd.DataFrame:
    """Give the whole company's rows of these metrics."""
    return cube[cube["metric"].isin(metrics) & (cube["dimension"] == ALL)] if metrics else cube.iloc[:0]


class Declined(Exception):  # noqa: N818 - an answer, not an error
    """An analysis that the data do not allow says why, for the reader, and what would allow it."""

    def __init__(self, message: str, /, **values: object) -> None:
        super().__init__(message)
        self.phrase = Phrase(message, values)


@dataclass(frozen=True, kw_only=True, eq=False)
class Analysis:
    """An analysis' declaration.

    `needs`: tables (``orders``) and columns (``feedback.csat``) without which it is left out. `tables`,
    `facts`, `metrics`: the contract's tables, the fact tables, and the whole company's figures that it
    reads, where they are there; it is given no others, and computed anew only when one of these has changed.
    `compute` gives its frames, by name; `columns` says of each frame what its columns mean, with the unit.
    Frames named in `private` have a row per customer: they are kept in the project's folder and shown
    nowhere. `limit` says how far it scales, `trap` what readers get wrong; `seed` is the term in the users'
    sources.
    """

    name: str
    title: str
    subject: str
    definition: str
    source: str
    trap: str
    limit: str
    needs: tuple[str, ...]
    tables: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    compute: Callable[[Known], Frames]
    columns: Mapping[str, Mapping[str, str]]
    private: tuple[str, ...] = field(default=())
    seed: str = ""

    @property
    def rests_on(self) -> tuple[str, ...]:
        """The contract's tables whose rows it is made of, by name, sorted."""
        behind = {name for fact in self.facts for name in fact_named(fact).made_from}
        # Every fact has its customer's dimensions.
        return tuple(sorted({*self.tables, *behind, *(["customers"] if self.facts else [])}))
