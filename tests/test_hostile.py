"""What the data say is shown, and never executed: names of segments and companies are only texts."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from crmreport.config import read_project
from crmreport.context import Context
from crmreport.covering import covered
from crmreport.exhibits.commentary import commentary
from crmreport.language import escaped
from crmreport.pages.caution import gaps_of
from crmreport.pages.plan import chapter_of, plan
from crmreport.pages.prepare import prepare
from crmreport.pages.touched import quality_of
from crmreport.results import compute_results
from crmreport.segments import Segment, slugs
from tests.conftest import ROOT

SCRIPT = "<script>alert(1)</script>"
FORMULA = '=HYPERLINK("x")'
MARKDOWN = "[click](javascript:alert(1)) `{{code}}` **bold** $x$"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company whose regions have hostile names, and whose first one loses its customers' orders."""
    folder = tmp_path_factory.mktemp("hostile")
    months = pd.period_range("2024-01", "2025-06", freq="M")
    rows = []
    for month in months:
        for region in (SCRIPT, MARKDOWN):
            count = 20 if region == SCRIPT and month.start_time >= pd.Timestamp("2025-06-01") else 400
            rows += [
                (f"{month}-{hash_of(region)}-{n}", region, month.end_time.floor("D"), 10 + n % 7)
                for n in range(count)
            ]
    orders = pd.DataFrame(rows, columns=["order_id", "region", "ordered_at", "amount"])
    orders["customer_id"] = orders["order_id"].str.slice(8)
    customers = orders[["customer_id", "region"]].drop_duplicates("customer_id")
    (folder / "data").mkdir()
    (folder / "book").mkdir()
    customers.to_csv(folder / "data" / "customers.csv", index=False)
    orders.drop(columns="region").to_csv(folder / "data" / "orders.csv", index=False)
    config = (
        f"crmreport:\n  company: '{FORMULA}'\n  folder: data\n  as_of: 2025-06-30\n  segments: [region]\n"
    )
    config += f"  notebooks: {ROOT / 'notebooks'}\n  chapters: [segment]\n"
    (folder / "_config.yml").write_text(config, encoding="utf-8")
    return folder


def hash_of(region: str) -> str:
    return "a" if region == SCRIPT else "b"


def test_a_segments_name_cannot_leave_its_heading(project: Path) -> None:
    found = read_project(project)
    results = compute_results(found)
    period = covered(found, results, "2025-06")
    chapter = chapter_of(found, "segment")
    segments = (Segment("region", SCRIPT), Segment("region", MARKDOWN))
    pages = plan((chapter,), (period,), segments, ("en",))
    gaps = gaps_of(found, period, quality_of(found, results))
    headings = [prepare(found, results, chapter, page, gaps).cells[0].source for page in pages]
    assert headings[1] == f"# Region: {escaped(SCRIPT)}, June 2025"
    assert [heading for heading in headings if re.search(r"(?<!\\)[<\[`]", heading)] == []
    assert all(".." not in page.name and "<" not in page.name and " " not in page.name for page in pages)


def test_a_segments_name_cannot_leave_its_sentence(project: Path) -> None:
    found = read_project(project)
    results = compute_results(found)
    context = Context(found, results, covered(found, results, "2025-06"), Segment(), "en")
    said = commentary(context, 3).markdown
    assert escaped(SCRIPT) in said
    assert "<script>" not in said


def test_addresses_hold_only_letters_figures_and_hyphens() -> None:
    found = slugs([Segment("region", name) for name in ("../../etc", "a/b", "a b", SCRIPT, "华东", "?x=1#y")])
    assert [slug for slug in found.values() if not slug.replace("-", "").isalnum()] == []
    assert len(set(found.values())) == len(found)
