"""Volume: one language's book, before it is written anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from crmreport.config import Project
from crmreport.context import Context
from crmreport.language import _t, translate
from crmreport.pages.plan import Chapter, Page
from crmreport.pages.touched import quality_of
from crmreport.periods import Period
from crmreport.results import Results
from crmreport.segments import WHOLE, Segment

LANGUAGE_NAMES = {"en": "English", "zh_CN": "简体中文"}


@dataclass(frozen=True)
class Book:
    """One language's book: its pages with their executed notebooks, and the periods that it covers."""

    project: Project
    results: Results
    language: str
    chapters: tuple[Chapter, ...]
    periods: tuple[Period, ...]
    pages: Mapping[Page, str]
    failed: frozenset[str]  # names of pages that failed

    @cached_property
    def quality(self) -> pd.DataFrame:
        """The checks of the data; see `crmreport.pages.touched.quality_of`."""
        return quality_of(self.project, self.results)

    @property
    def title(self) -> str:
        """The book's title, which names the company."""
        return self.say(
            _t("{company}: CRM review"), company=self.project.settings.company_name(self.language)
        )

    def say(self, text: str, **values: object) -> str:
        """Translate a text into the book's language."""
        return translate(text, self.language, **values)

    def context(self, period: Period) -> Context:
        """Give the whole company's context in a period."""
        return Context(self.project, self.results, period, WHOLE, self.language)

    def segment_name(self, segment: Segment) -> str:
        """Give a segment's name as the configuration labels it."""
        return self.context(self.periods[-1]).segment_name(segment)

    def pages_of(self, period: Period) -> list[Page]:
        """Give a period's pages, in the book's order."""
        return [page for page in self.pages if page.period == period.name]
