"""Nothing of a column that the contract marks private is in any built file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from pypdf import PdfReader

from crmreport.tables.contract import TABLES, Type
from tests.conftest import BuiltReview

REACH = 6

PRIVATE = [(t.name, c.name) for t in TABLES for c in t.columns if c.private and c.type is Type.TEXT]


def readable(path: Path) -> str:
    """Give what a reader could find in a file: text as it is, a PDF's words and its uncompressed streams."""
    if path.suffix != ".pdf":
        return path.read_bytes().decode("utf-8", errors="ignore")
    reader = PdfReader(path)
    metadata = reader.trailer["/Root"]["/Metadata"].get_data().decode()
    return "".join(page.extract_text() for page in reader.pages) + metadata


@dataclass(frozen=True)
class Published:
    """All that is published, as text, and every run of `REACH` signs in it, to look values up quickly."""

    text: str
    runs: frozenset[str]

    def holds(self, value: str) -> bool:
        return (len(value) < REACH or value[:REACH] in self.runs) and value in self.text


@pytest.fixture(scope="module")
def published(review: BuiltReview) -> Published:
    paths = [p for p in sorted(review.output.rglob("*")) if p.is_file()]
    assert {p.suffix for p in paths} >= {".html", ".js", ".pdf", ".json", ".parquet", ".css"}
    cube = pd.read_parquet(review.output / "cube.parquet").to_csv()
    ours = [p for p in paths if "/_static/" not in p.as_posix()]
    # Each line once: most of a page is the theme's, the same on all of them.
    lines = dict.fromkeys(line for text in [*map(readable, ours), cube] for line in text.splitlines())
    text = "\n".join(lines)
    return Published(text, frozenset(text[i : i + REACH] for i in range(len(text))))


@pytest.mark.parametrize(("table", "column"), PRIVATE)
def test_no_private_value_is_published(
    review: BuiltReview, published: Published, table: str, column: str
) -> None:
    values = pd.read_parquet(review.project / "data" / "sample" / f"{table}.parquet", columns=[column])[
        column
    ]
    values = values.dropna().astype(str).drop_duplicates()
    assert len(values) > 0
    assert [value for value in values if published.holds(value)] == []


def test_the_search_would_find_one(published: Published) -> None:
    for public in (
        "Web shop",
        "Hazel & Quill 家居",
        "revenue",
        "period = 2025-10, segment = all, language = en",
    ):
        assert published.holds(public.replace("&", "&amp;"))
