"""The PDF: real Sphinx, real Typst, and what a reader of the file finds in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from docutils import nodes
from docutils.parsers.rst import Directive
from pypdf import PdfReader
from sphinx.application import Sphinx
from sphinx.errors import ConfigError
from sphinx.util.docutils import docutils_namespace

from crmreport.display.nodes import cards, chart
from crmreport.pdf import drawing, formulas, markup
from crmreport.pdf.diagnosis import PrintError
from crmreport.pdf.editions import editions, moment

CHART = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    "width": "container",
    "height": 120,
    "data": {"values": [{"month": month, "rate": rate} for month, rate in ((1, 0.29), (2, 0.31), (3, 0.24))]},
    "mark": "bar",
    "encoding": {
        "x": {"field": "month", "type": "ordinal", "title": "Month / 月份"},
        "y": {"field": "rate", "type": "quantitative", "title": None},
    },
}

CARD = {
    "title": "Win rate", "value": "24.1%", "interval": "21.0 to 27.5%", "note": "", "target": "30%",
    "changes": [{"label": "vs September", "text": "▼ 5.3 points", "verdict": "bad"}],
    "trend": [0.29, None, 0.31, 0.24], "alt": "Win rate 24.1%.",
}  # fmt: skip
CHINESE_CARD = CARD | {
    "title": "赢单率", "interval": "21.0%至27.5%",
    "changes": [{"label": "较上月", "text": "▼ 5.3个百分点", "verdict": "bad"}],
}  # fmt: skip

SUMMARY = """# Summary

Win rate fell; see [the method](method.md), [](#by-region) and [what is not printed](screen.md).[^note]

[^note]: Deals closed on the last day count.

## What fell

```{{showcards}}
[{card}]
```

```{{showchart}} Win rate fell in March
{chart}
```

(by-region)=
```{{table}} Win rate by region
| Region | Closed |
|:-------|-------:|
| North  |  1,204 |
| South  |     80 |
```

:::{{container}} no-print
Only on the screen.
:::
"""

METHOD = """---
orphan: true
---
# Method

Share: $p = \\frac{n_\\text{won}}{n}$; back to [the summary](index.md).
"""

CHINESE = """# 摘要

客户说“赢单率”下降，
原因是**折扣**收紧。

## 各项指标

```{{showcards}}
[{card}]
```

```{{showchart}} 三月赢单率下降
{chart}
```
"""

NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "metadata": {}, "source": "# Value"},
        {
            "cell_type": "code", "execution_count": 1, "metadata": {}, "source": "secret_source()",
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": "printed by the cell"},
                {
                    "output_type": "display_data", "metadata": {},
                    "data": {"text/plain": "plain form", "text/markdown": "shown as *markdown*"},
                },
            ],
        },
    ],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python"}, "orphan": True},
    "nbformat": 4, "nbformat_minor": 4,
}  # fmt: skip


class ShowChart(Directive):
    has_content = True
    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        spec = json.loads("\n".join(self.content))
        return [chart(spec=spec, title=self.arguments[0], alt="Bars of the win rate.", twin={})]


class ShowCards(Directive):
    has_content = True

    def run(self) -> list[nodes.Node]:
        return [cards(cards=json.loads("\n".join(self.content)))]


class Novelty(nodes.General, nodes.Element):
    """A node that no rule is for."""


class ShowNovelty(Directive):
    def run(self) -> list[nodes.Node]:
        return [Novelty("", nodes.paragraph("", "kept all the same"))]


@dataclass(frozen=True)
class Printed:
    reader: PdfReader
    content: bytes
    warnings: str
    said: str

    @property
    def text(self) -> str:
        return "\n".join(page.extract_text() for page in self.reader.pages)

    @property
    def dictionaries(self) -> list[dict]:
        every = (self.reader.get_object(number) for number in range(1, self.reader.trailer["/Size"]))
        return [found for found in every if isinstance(found, dict)]


def print_book(folder: Path, pages: dict[str, str], language: str, **settings) -> Printed:
    source = folder / "source"
    source.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        (source / name).write_text(text, encoding="utf-8")
    documents = [Path(name).stem for name in pages if name != "screen.md"]
    configuration = {
        "extensions": ["myst_nb", "crmreport.pdf"],
        "nb_execution_mode": "off",
        "myst_enable_extensions": ["colon_fence", "dollarmath"],
        "language": language,
        "typst_author": "Northwind",
        "typst_date": "2025-11-01T00:00:00+00:00",
        "typst_documents": [
            {"name": "2025-10", "title": "Review", "subtitle": "October 2025", "notice": "Confidential",
             "headlines": [{"sentence": "Win rate fell to 24.1%.", "why": "North explains it.", "advice": ""},
                           {"sentence": "赢单率下降。", "why": "", "advice": "复盘丢单。"}],
             "cards": [CARD], "documents": documents},
        ],
        "suppress_warnings": ["myst-nb.lexer"],
    } | settings  # fmt: skip
    status, warnings = StringIO(), StringIO()
    with docutils_namespace():
        app = Sphinx(
            source, None, folder / "pdf", folder / ".doctrees", "typst", configuration, status, warnings
        )
        app.add_directive("showchart", ShowChart)
        app.add_directive("showcards", ShowCards)
        app.add_directive("shownovelty", ShowNovelty)
        app.build()
    path = folder / "pdf" / "2025-10.pdf"
    return Printed(PdfReader(path), path.read_bytes(), warnings.getvalue(), status.getvalue())


ENGLISH_PAGES = {
    "index.md": SUMMARY.format(card=json.dumps(CARD), chart=json.dumps(CHART)),
    "value.ipynb": json.dumps(NOTEBOOK),
    "method.md": METHOD,
    "screen.md": "---\norphan: true\n---\n# Screen\n",
}
CHINESE_PAGES = {
    "index.md": CHINESE.format(card=json.dumps(CHINESE_CARD), chart=json.dumps(CHART)),
}
CHINESE_WORDS = {"contents": "目录", "what_changed": "本期变化", "page": "第 {page} 页", "target": "目标"}


@pytest.fixture(scope="module")
def english(tmp_path_factory) -> Printed:
    return print_book(tmp_path_factory.mktemp("english"), ENGLISH_PAGES, "en")


@pytest.fixture(scope="module")
def chinese(tmp_path_factory) -> Printed:
    return print_book(tmp_path_factory.mktemp("chinese"), CHINESE_PAGES, "zh_CN", typst_words=CHINESE_WORDS)


def outline(entries, depth=1):
    for entry in entries:
        if isinstance(entry, list):
            yield from outline(entry, depth + 1)
        else:
            yield depth, entry.title


def test_a_cover_then_contents_then_each_chapter_on_a_page_of_its_own(english):
    firsts = [page.extract_text().split("\n") for page in english.reader.pages]
    assert len(firsts) == 5
    assert firsts[0][:2] == ["Review", "October 2025"]
    assert "What changed" in firsts[0]
    assert "Contents" in firsts[1]
    assert [any(line == title for line in page) for title, page in zip(
        ("Summary", "Value", "Method"), firsts[2:], strict=True)] == [True, True, True]  # fmt: skip


def test_bookmarks_are_the_chapters_and_their_sections(english):
    assert list(outline(english.reader.outline)) == [
        (1, "Summary"), (2, "What fell"), (1, "Value"), (1, "Method"),
    ]  # fmt: skip


def test_every_page_after_the_cover_counts_itself_and_carries_the_notice(english):
    feet = [page.extract_text() for page in english.reader.pages[1:]]
    assert all(f"{number} / 5" in text for number, text in enumerate(feet, start=2))
    assert all("Confidential" in text for text in feet)


def test_the_file_says_its_title_language_and_author(english, chinese):
    assert english.reader.metadata.title == "Review · October 2025"
    assert english.reader.metadata.author == "Northwind"
    assert english.reader.trailer["/Root"]["/Lang"] == "en"
    assert chinese.reader.trailer["/Root"]["/Lang"] == "zh-CN"


@pytest.mark.parametrize("book", ["english", "chinese"])
def test_it_declares_the_standards_for_access_and_archives(book, request):
    reader = request.getfixturevalue(book).reader
    xmp = reader.trailer["/Root"]["/Metadata"].get_object().get_data().decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in xmp
    assert "<pdfaid:part>2</pdfaid:part>" in xmp
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in xmp
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]


@pytest.mark.parametrize("book", ["english", "chinese"])
def test_charts_are_vectors_and_their_letters_are_text(book, request):
    printed = request.getfixturevalue(book)
    assert "Month / 月份" in printed.text
    assert not [found for found in printed.dictionaries if found.get("/Subtype") == "/Image"]


def test_a_chart_and_a_card_say_what_they_show(english):
    assert "Win rate fell in March" in english.text
    for part in ("24.1%", "21.0 to 27.5%", "▼ 5.3 points", "vs September", "Target 30%"):
        assert part in english.text
    figures = [found for found in english.dictionaries if found.get("/S") == "/Figure"]
    assert [figure["/Alt"] for figure in figures] == ["Bars of the win rate."]


def test_links_lead_within_the_file_or_are_plain_words(english):
    assert "the method (p. 5)" in english.text
    assert "Win rate by region (p. 3)" in english.text
    assert "what is not printed.1" in english.text
    links = [
        annotation.get_object() for page in english.reader.pages[2:] for annotation in page.get("/Annots", ())
    ]
    assert all("/Dest" in link or link["/A"]["/S"] == "/GoTo" for link in links)


def test_footnotes_stand_on_the_page_that_refers_to_them(english):
    assert "Deals closed on the last day count." in english.reader.pages[2].extract_text()


def test_what_is_for_the_screen_is_left_out(english):
    assert "Only on the screen." not in english.text
    assert "secret_source" not in english.text


def test_a_notebook_gives_its_streams_and_the_best_form_of_each_output(english):
    assert "printed by the cell" in english.text
    assert "shown as markdown" in english.text
    assert "plain form" not in english.text


def test_numbers_end_at_the_same_place_and_words_begin_there(english):
    left = {}
    english.reader.pages[2].extract_text(
        visitor_text=lambda text, matrix, at, font, size: left.setdefault(text.strip(), at[4] or matrix[4])
    )
    assert left["North"] == left["South"]
    # The same digits' width: "80" is three digits and a comma narrower, so it begins further right.
    assert left["80"] > left["1,204"]


def test_nothing_is_warned_about(english, chinese):
    assert english.warnings == ""
    assert chinese.warnings == ""


def test_a_node_without_a_rule_is_reported_and_its_content_kept(tmp_path):
    printed = print_book(tmp_path, {"index.md": "# One\n\n```{shownovelty}\n```\n"}, "en")
    assert "The PDF has no rule for Novelty; its content is kept" in printed.warnings
    assert "kept all the same" in printed.text


def test_chinese_text_is_there_with_its_marks_and_without_spaces_at_line_ends(chinese):
    text = chinese.text.replace("\n", "")
    for part in ("本期变化", "目录", "摘要", "客户说“赢单率”下降，原因是折扣收紧。", "较上月", "目标 30%"):
        assert part in text
    assert [title for _, title in outline(chinese.reader.outline)] == ["摘要", "各项指标"]


def test_equal_input_gives_equal_bytes(english, tmp_path):
    assert print_book(tmp_path, ENGLISH_PAGES, "en").content == english.content


def test_a_second_build_leaves_an_unchanged_pdf_alone(tmp_path):
    pages = {"index.md": "# One\n\nText.\n"}
    print_book(tmp_path, pages, "en")
    pdf = tmp_path / "pdf" / "2025-10.pdf"
    before = pdf.stat().st_mtime_ns
    print_book(tmp_path, pages, "en")
    assert pdf.stat().st_mtime_ns == before
    print_book(tmp_path, {"index.md": "# One\n\nOther text.\n"}, "en")
    assert pdf.stat().st_mtime_ns > before


MONTHS = {
    "typst_documents": [
        {"name": "2025-09", "title": "Review", "documents": ["september"]},
        {"name": "2025-10", "title": "Review", "documents": ["october"]},
    ]
}


def test_one_page_changed_makes_only_the_pdf_it_is_in_anew(tmp_path):
    pages = {"index.md": "# Front\n", "september.md": "# September\n", "october.md": "# October\n\nMuch.\n"}
    print_book(tmp_path, pages, "en", **MONTHS)
    september = (tmp_path / "pdf" / "2025-09.pdf").read_bytes()
    changed = print_book(tmp_path, pages | {"october.md": "# October\n\nLittle.\n"}, "en", **MONTHS)
    assert "2025-09.pdf is as it was" in changed.said
    assert "2025-10.pdf: " in changed.said and "Little." in changed.text
    assert (tmp_path / "pdf" / "2025-09.pdf").read_bytes() == september


def test_a_pdf_is_made_anew_when_a_page_that_it_names_has_another_title(tmp_path):
    pages = {
        "index.md": "# Front\n",
        "september.md": "# September\n",
        "october.md": "See [](september.md).\n",
    }
    assert "See September." in print_book(tmp_path, pages, "en", **MONTHS).text
    renamed = print_book(tmp_path, pages | {"september.md": "# Autumn\n"}, "en", **MONTHS)
    assert "See Autumn." in renamed.text


def test_a_page_may_keep_its_sections_out_of_the_contents(tmp_path):
    pages = {
        "index.md": "# Front\n\n## Listed\n",
        "terms.md": "---\ntocdepth: 1\n---\n# Terms\n\n## Win rate\n",
    }
    printed = print_book(tmp_path, pages, "en")
    contents = printed.reader.pages[1].extract_text()
    assert "Terms" in contents and "Listed" in contents and "Win rate" not in contents
    assert (2, "Win rate") in outline(printed.reader.outline)


def test_a_pdf_with_a_warning_is_written_again_so_that_it_is_said_again(tmp_path):
    pages = {"index.md": "# One\n\n```{shownovelty}\n```\n"}
    first, second = (print_book(tmp_path, pages, "en") for _ in range(2))
    assert second.warnings == first.warnings != ""
    assert "2025-10.pdf: is up to date" in second.said


def test_a_pdf_that_is_no_more_as_it_was_made_is_made_anew(tmp_path):
    pages = {"index.md": "# One\n\nText.\n"}
    content = print_book(tmp_path, pages, "en").content
    (tmp_path / "pdf" / "2025-10.pdf").write_bytes(content[:100])
    assert print_book(tmp_path, pages, "en").content == content


def test_the_pdf_of_an_edition_that_is_no_more_goes(tmp_path):
    pages = {"index.md": "# Front\n", "september.md": "# September\n", "october.md": "# October\n"}
    print_book(tmp_path, pages, "en", **MONTHS)
    print_book(tmp_path, pages, "en", typst_documents=MONTHS["typst_documents"][1:])
    assert [file.name for file in (tmp_path / "pdf").glob("*.pdf")] == ["2025-10.pdf"]


def test_books_share_a_store_of_drawings(english, tmp_path):
    for name in ("one", "two"):
        shared = print_book(tmp_path / name, ENGLISH_PAGES, "en", crmreport_store=str(tmp_path / "store"))
        assert shared.content == english.content
    assert len(list((tmp_path / "store" / "charts").iterdir())) == 1


def test_a_sign_no_typeface_has_is_an_error_that_names_sign_and_page(tmp_path):
    with pytest.raises(PrintError, match=r"2025-10\.pdf: method: none of .* '😀' \(U\+1F600\)"):
        print_book(tmp_path, {"index.md": "# Fine\n", "method.md": "# Method\n\nA 😀.\n"}, "en")


def test_a_sign_missing_within_a_chart_names_the_page_of_the_chart(tmp_path):
    spec = json.loads(json.dumps(CHART))
    spec["encoding"]["x"]["title"] = "😀"
    page = SUMMARY.format(card=json.dumps(CARD), chart=json.dumps(spec, ensure_ascii=False))
    with pytest.raises(PrintError, match=r"a chart in index: none of .* '😀'"):
        print_book(tmp_path, ENGLISH_PAGES | {"index.md": page}, "en")


def test_a_chart_that_cannot_be_drawn_is_named(tmp_path):
    page = SUMMARY.format(card=json.dumps(CARD), chart=json.dumps(CHART | {"mark": "no such mark"}))
    with pytest.raises(PrintError, match="index: the chart 'Win rate fell in March' cannot be drawn"):
        print_book(tmp_path, ENGLISH_PAGES | {"index.md": page}, "en")


@pytest.mark.parametrize(
    ("documents", "complaint"),
    [
        ([{"name": "a", "title": "A", "documents": ["index", "gone"]}], "a lists documents .*: gone"),
        ([{"name": "a", "title": "A", "documents": []}], "a lists no documents"),
        ([{"name": "a", "titel": "A", "documents": ["index"]}], "titel, title"),
        ([{"name": "../a", "title": "A", "documents": ["index"]}], "cannot be a file's name"),
        ([{"name": "a", "title": "A", "documents": ["index"]}] * 2, "more than one is named a"),
    ],
)
def test_an_edition_that_cannot_be_built_is_refused(documents, complaint):
    with pytest.raises(ConfigError, match=complaint):
        editions(documents, {"index"})


def test_the_date_needs_a_zone():
    assert moment("2025-11-01T08:00:00+08:00").timestamp() == moment("2025-11-01T00:00:00Z").timestamp()
    with pytest.raises(ConfigError, match="no time zone"):
        moment("2025-11-01T08:00:00")


def test_a_trend_is_drawn_from_its_smallest_to_its_largest_value():
    # 10 to 30: 20 is half way up; five values stand a quarter of the width apart; None breaks the line.
    assert drawing.trend_lines([10, 20, None, 30, 10]) == [
        [(0.0, 1.0), (0.25, 0.5)],
        [(0.75, 0.0), (1.0, 1.0)],
    ]
    assert drawing.trend_lines([5, 5, 5]) == [[(0.0, 0.5), (0.5, 0.5), (1.0, 0.5)]]
    assert drawing.trend_lines([None, 7]) == []


def test_a_chart_that_fills_its_page_is_as_wide_as_the_text():
    fitted = drawing.prepared(CHART | {"config": {"axis": {"labelFont": "Georgia"}}}, "zh_CN")
    assert fitted["width"] == 612
    assert fitted["height"] == 120
    family = "Fira Sans, Noto Sans SC"
    assert fitted["config"]["font"] == fitted["config"]["axis"]["labelFont"] == family
    assert CHART["width"] == "container"


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("plain", '#"plain";'),
        ('say "no" \\ #let', '#"say \\"no\\" \\\\ #let";'),
        ("two\nlines", '#"two lines";'),
        ("两\n行", '#"两行";'),
        ("两\nlines", '#"两 lines";'),
        ("\x1b[31mred\x1b[0m", '#"red";'),
        ("x" * 40, f'#"{"x" * 40}";'),  # fits a line; longer ones may break
        ("x" * 50, f'#"{"x" * 30}\u200b{"x" * 20}";'),
        ("https://example.org/" + "x" * 25, f'#"https://\u200bexample.\u200borg/\u200b{"x" * 25}";'),
    ],
)
def test_text_is_written_as_a_string(text, source):
    assert markup.words(text) == source


def test_values_are_written_as_typst_writes_them():
    assert markup.value({"a": [1, 2.5, None, True], "b": {}}) == '("a": (1, 2.5, none, true, ), "b": (:))'


@pytest.mark.parametrize(
    ("latex", "source"),
    [
        (r"\frac{a}{b}", "frac(a, b)"),
        (r"x_i^2", "x _(i) ^(2)"),
        (r"n_\text{won deals}", 'n _("won deals")'),
        (r"\sqrt{p(1-p)}", "sqrt(p ( 1 - p ))"),
        (r"a \le 100\,\%", 'a <= 100 thin "%"'),
    ],
)
def test_formulas_are_written_as_typst_writes_them(latex, source):
    assert formulas.typst(latex) == source


@pytest.mark.parametrize("latex", [r"\begin{matrix}", "{a", "a}", r"x^"])
def test_formulas_beyond_the_covered_part_are_refused(latex):
    with pytest.raises(formulas.UnknownFormulaError):
        formulas.typst(latex)
