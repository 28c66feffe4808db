"""The PDF of the sample company's review, as an executive has it."""

from __future__ import annotations

import re
import subprocess

import pytest
from pypdf import PdfReader

from tests.conftest import BuiltReview

LANGUAGES = ("en", "zh_CN")


def objects(reader: PdfReader) -> list[dict]:
    return [
        o for o in (reader.get_object(n) for n in range(1, reader.trailer["/Size"])) if isinstance(o, dict)
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_accessible_and_says_so(review: BuiltReview, language: str) -> None:
    reader = PdfReader(review.pdf(language))
    catalogue = reader.trailer["/Root"]
    assert catalogue["/Lang"].startswith(language[:2])
    assert catalogue["/MarkInfo"]["/Marked"]
    metadata = catalogue["/Metadata"].get_data().decode()
    assert re.search(r"pdfuaid:part>?=?\"?1", metadata)
    assert reader.metadata is not None and "Hazel & Quill" in reader.metadata.title


@pytest.mark.parametrize(("language", "chapters"), [
    ("en", ["Summary, October 2025", "Region: North, October 2025", "Glossary: Sales"]),
    ("zh_CN", ["2025年10月摘要", "2025年10月销售", "2025年10月满意度"]),
])  # fmt: skip
def test_it_has_bookmarks(review: BuiltReview, language: str, chapters: list[str]) -> None:
    titles = [entry.title for entry in PdfReader(review.pdf(language)).outline if not isinstance(entry, list)]
    assert set(chapters) <= set(titles)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_chart_is_a_raster_image(review: BuiltReview, language: str) -> None:
    assert [o for o in objects(PdfReader(review.pdf(language))) if o.get("/Subtype") == "/Image"] == []


@pytest.mark.parametrize(("language", "words"), [
    ("en", ["What changed", "North explains", "What to do", "Revenue", "£753.8K", "84.5%"]),
    ("zh_CN", ["变化要点", "建议", "销售额", "£75.4万", "84.5%"]),
])  # fmt: skip
def test_the_first_page_says_what_changed_why_and_what_to_do(
    review: BuiltReview, pdftotext: str, language: str, words: list[str]
) -> None:
    first = subprocess.run(
        [pdftotext, "-l", "1", str(review.pdf(language)), "-"],
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout
    first = "".join(first.split()) if language == "zh_CN" else " ".join(first.split())
    for word in words:
        assert word in first


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_fonts_are_embedded(review: BuiltReview, pdffonts: str, language: str) -> None:
    listed = subprocess.run(
        [pdffonts, str(review.pdf(language))], capture_output=True, encoding="utf-8", check=True
    )
    rows = listed.stdout.splitlines()[2:]
    assert rows
    assert [row for row in rows if " yes " not in row] == []


def test_no_code_is_printed(review: BuiltReview) -> None:
    text = "".join(p.extract_text() for p in PdfReader(review.pdf("en")).pages)
    assert "review.cards(" not in text
    assert "SELECT" not in text
