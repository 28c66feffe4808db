"""The HTML of the sample company's review, as a reader's browser has it."""

from __future__ import annotations

import html
import json
import re
import socketserver
import subprocess
import threading
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from crmreport.config import ALL_CHAPTERS
from crmreport.versions import page_code
from tests.conftest import PERIOD, BuiltReview

LANGUAGES = ("en", "zh_CN")
CHAPTERS = ALL_CHAPTERS
REGIONS = ("east", "north", "south", "west")
PAGES = [f"{PERIOD}/{chapter}" for chapter in CHAPTERS] + [
    f"{PERIOD}/segment/region-{name}" for name in REGIONS
]


class Links(HTMLParser):
    """Every address that a page names."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name in ("href", "src") and value:
                self.found.append((tag, value))


def page(review: BuiltReview, language: str, name: str) -> str:
    return (review.html(language) / f"{name}.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_each_page_is_at_its_address(review: BuiltReview, language: str, name: str) -> None:
    text = page(review, language, name)
    assert "<h1>" in text
    assert ("2025年10月" if language == "zh_CN" else "October 2025") in text


def test_every_page_ran_and_nothing_is_warned_of(review: BuiltReview) -> None:
    assert [line["state"] for line in review.run["pages"]] == ["ok"] * len(PAGES) * len(LANGUAGES)
    assert review.run["warnings"] == []


def test_the_front_door_leads_to_the_newest_summary(review: BuiltReview) -> None:
    text = (review.output / "html" / "index.html").read_text(encoding="utf-8")
    assert f"url=en/{PERIOD}/summary.html" in text
    assert f'href="zh_CN/{PERIOD}/summary.html"' in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_links_within_the_site_lead_somewhere(review: BuiltReview, language: str) -> None:
    dead = []
    for path in sorted(review.html(language).rglob("*.html")):
        for _, address in Links(path.read_text(encoding="utf-8")).found:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc or not parts.path:
                continue
            if not (path.parent / unquote(parts.path)).resolve().exists():
                dead.append(f"{path.relative_to(review.output)}: {address}")
    assert dead == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_loads_anything_from_another_host(review: BuiltReview, language: str) -> None:
    loads = {"link", "script", "img", "iframe", "source", "video", "audio"}
    foreign = []
    for path in sorted(review.html(language).rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        foreign += [a for tag, a in Links(text).found if tag in loads and urlsplit(a).netloc]
        foreign += re.findall(r"url\(['\"]?https?:[^)]*", text)
    assert foreign == []


class _Refusing(BaseHTTPRequestHandler):
    """A proxy that notes what is asked of it and gives nothing."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_error(502)

    do_CONNECT = do_POST = do_GET  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        pass


def browse(chromium: str, path: Path, profile: Path) -> tuple[str, list[str], list[str]]:
    """Open a page with the network off: the document once drawn, the console, and what was asked for."""
    handler = type("Handler", (_Refusing,), {"asked": []})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        said = subprocess.run(
            [
                chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-quic",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                f"--proxy-server=127.0.0.1:{proxy.server_address[1]}", f"--user-data-dir={profile}",
                "--enable-logging=stderr", "--virtual-time-budget=10000", "--dump-dom", path.as_uri(),
            ],
            capture_output=True, encoding="utf-8", timeout=120, check=True,
        )  # fmt: skip
        proxy.shutdown()
    console = [line for line in said.stderr.splitlines() if "CONSOLE" in line]
    return said.stdout, console, handler.asked  # type: ignore[attr-defined]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "name",
    ["summary", "sales", "customers", "products", "marketing", "forecast", "data", "segment/region-north"],
)
def test_a_browser_draws_every_chart_offline_and_without_a_complaint(
    review: BuiltReview, chromium: str, tmp_path: Path, language: str, name: str
) -> None:
    path = review.html(language) / PERIOD / f"{name}.html"
    document, console, asked = browse(chromium, path, tmp_path)
    figures = path.read_text(encoding="utf-8").count('<figure class="crm-chart">')
    assert figures >= 3
    assert len(re.findall(r'<svg[^>]*class="marks"', document)) == figures
    # What the theme notes of itself is no complaint.
    assert [line for line in console if "Error" in line or "error" in line or "Failed" in line] == []
    assert [address for address in asked if "google" not in address] == []


def test_charts_have_words_for_those_who_cannot_see_them_and_their_numbers(review: BuiltReview) -> None:
    for path in sorted(review.html("en").rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        figures = text.count('<figure class="crm-chart">')
        assert len(re.findall(r'class="crm-drawing" role="img" aria-label="[^"]{20,}"', text)) == figures
        assert len(re.findall(r"<details><summary>The numbers</summary><table", text)) == figures


def test_the_code_is_one_click_away_with_the_command_that_runs_it(review: BuiltReview) -> None:
    text = page(review, "en", f"{PERIOD}/segment/region-north")
    assert '<a href="../../code/segment.html">Show the code</a>' in text
    assert f"crmreport run segment --period {PERIOD} --language en --segment region=North" in text
    assert "cell_input" not in text
    code = page(review, "en", "code/segment")
    cells = json.loads((review.project / "notebooks" / "segment.ipynb").read_text(encoding="utf-8"))["cells"]
    shown = html.unescape(re.sub(r"<[^>]+>", "", code))
    for cell in cells:
        assert "".join(cell["source"]).strip() in shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_of_the_glossary_or_of_code_is_heavy(review: BuiltReview, language: str) -> None:
    folder = review.html(language)
    pages = [*folder.glob("*.html"), *folder.glob("glossary/*.html"), *folder.glob("code/*.html")]
    assert len(pages) > 20
    assert [path.name for path in pages if path.stat().st_size > 100_000] == []


def test_each_page_says_what_it_was_made_from(review: BuiltReview) -> None:
    for name in PAGES:
        text = page(review, "en", name)
        assert "This page was made from" in text
        assert page_code("en")[:8] in text
        assert "period = 2025-10" in text
        assert re.search(r"Fingerprint of its figures.{0,200}[0-9a-f]{16}", text, re.DOTALL)


def test_the_page_about_the_data_names_their_sources(review: BuiltReview) -> None:
    text = page(review, "en", f"{PERIOD}/data")
    assert "The data reach to 9 November 2025" in text
    assert re.search(r"orders.{0,200}[0-9a-f]{16}", text, re.DOTALL)


def test_pages_link_the_same_page_in_the_other_language(review: BuiltReview) -> None:
    assert f'href="../../zh_CN/{PERIOD}/sales.html"' in page(review, "en", f"{PERIOD}/sales")
    assert f'href="../../../en/{PERIOD}/segment/region-north.html"' in page(
        review, "zh_CN", f"{PERIOD}/segment/region-north"
    )


def test_no_source_of_a_page_is_published(review: BuiltReview) -> None:
    assert list(review.output.rglob("*.ipynb")) == []
    assert list(review.output.rglob("_sources")) == []


def test_no_local_path_is_published(review: BuiltReview) -> None:
    folder = str(review.project).encode()
    telling = [p for p in review.output.rglob("*") if p.is_file() and folder in p.read_bytes()]
    assert telling == []


def test_chinese_can_be_searched(review: BuiltReview) -> None:
    index = (review.html("zh_CN") / "searchindex.js").read_text(encoding="utf-8")
    assert "留存" in index or "\\u7559\\u5b58" in index
