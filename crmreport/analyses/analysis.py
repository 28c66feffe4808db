"""Analyses: what an analysis is: a method with its source, and the small frames that it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from crmreport.config import Settings
from crmreport.language import Phrase
from crmreport.periods import Period
from crmreport.tables.data import Data
from crmreport.tables.engine import IbisTable

Frames = dict[str, pd.DataFrame]


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known when a period ends; nothing later is in it.

    `tables`: the contract's tables, cut at the period's end (see `crmreport.tables.data.until`); `facts`:
    the fact tables made of them. `periods`: the whole periods of the same kind that the data cover, oldest
    first, `period` last. `cube`: see `crmreport.metrics.cube`, of these periods alone.
    """

    data: Data
    facts: dict[str, IbisTable]
    period: Period
    periods: tuple[Period, ...]
    cube: pd.DataFrame
    settings: Settings

    @property
    def tables(self) -> dict[str, IbisTable]:
        """The contract's tables, by name."""
        return self.data.tables


class Declined(Exception):  # noqa: N818 - an answer, not an error
    """An analysis that the data do not allow says why, for the reader, and what would allow it."""

    def __init__(self, message: str, /, **values: object) -> None:
        super().__init__(message)
        self.phrase = Phrase(message, values)


@dataclass(frozen=True, kw_only=True, eq=False)
class Analysis:
    """An analysis' declaration.

    `needs`: tables (``orders``) and columns (``feedback.csat``) without which it is left out. `compute` gives
    its frames, by name; `columns` says of each frame what its columns mean, with the unit. Frames named in
    `private` have a row per customer: they are kept in the project's folder and shown nowhere. `limit` says
    how far it scales, `trap` what readers get wrong; `seed` is the term in the users' sources.
    """

    name: str
    title: str
    subject: str
    definition: str
    source: str
    trap: str
    limit: str
    needs: tuple[str, ...]
    compute: Callable[[Known], Frames]
    columns: Mapping[str, Mapping[str, str]]
    private: tuple[str, ...] = field(default=())
    seed: str = ""
