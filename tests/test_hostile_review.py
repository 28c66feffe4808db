"""A whole review of hostile data: what they say stands in HTML and PDF as text, and nothing of it runs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.small_project import crmreport, write
from tests.test_site import browse

OWNED = "<script>document.title='owned'</script>"
IMAGE = "<img src=x onerror=\"document.title='owned'\">"
SQL = "'; DROP TABLE orders; --"
FORMULA = "=cmd|' /C calc'!A0"
CLOSING = "</script></div><!--<script><b>bold</b>"

CONFIG = f"""\
crmreport:
  company: "{SQL}"
  folder: data
  as_of: 2025-10-31
  segments: [region]
  notebooks: {ROOT / "notebooks"}
  chapters: [summary, sales, segment, data]
"""


def _quoted(*cells: str) -> str:
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n"


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two customers' regions, three products' categories and the channels have hostile names."""
    folder = tmp_path_factory.mktemp("hostile-review")
    regions, categories, channels = (SQL, OWNED), (OWNED, IMAGE, CLOSING), (FORMULA, IMAGE)
    customers = "customer_id,region\n" + "".join(_quoted(f"c{n}", regions[n % 2]) for n in range(40))
    products = "product_id,product_name,category\n"
    products += "".join(_quoted(f"p{n}", OWNED, name) for n, name in enumerate(categories))
    orders, lines = (
        "order_id,customer_id,ordered_at,sales_channel\n",
        "order_id,product_id,quantity,unit_price\n",
    )
    for month in ("2024-10", "2025-08", "2025-09", "2025-10"):
        for n in range(200):
            order = f"{month}-{n}"
            orders += _quoted(order, f"c{n % 40}", f"{month}-{n % 28 + 1:02d}", channels[n % 2])
            lines += _quoted(order, f"p{n % 3}", "1", "10" if month < "2025-10" else "30")
    tables = {"customers": customers, "products": products, "orders": orders, "order_lines": lines}
    for name, text in tables.items():
        write(folder / "data" / f"{name}.csv", text)
    write(folder / "_config.yml", CONFIG)
    write(folder / "book" / "index.md", "# Front page\n")
    built = crmreport("build", "--quiet", "--project", str(folder))
    assert (built.exit_code, built.output) == (0, ""), built.output
    return folder / "_build"


def test_no_page_has_a_hostile_name_as_markup(output: Path) -> None:
    pages = sorted((output / "html" / "en").rglob("*.html"))
    assert len(pages) > 6
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for name in (OWNED, IMAGE, CLOSING):
            assert name not in text, page.name
        assert "<img src=x" not in text, page.name
        assert "<!--<script>" not in text, page.name
    sales = (output / "html" / "en" / "2025-10" / "sales.html").read_text(encoding="utf-8")
    assert "owned" in sales  # it is shown, as text


@pytest.mark.parametrize("name", ["summary", "sales", "segment"])
def test_in_a_browser_nothing_of_it_runs(output: Path, chromium: str, tmp_path: Path, name: str) -> None:
    document, console, _ = browse(chromium, output / "html" / "en" / "2025-10" / f"{name}.html", tmp_path)
    assert "<title>owned" not in document
    assert "October 2025" in document
    assert [line for line in console if "Error" in line or "error" in line] == []


def test_the_pdf_says_it_as_text(output: Path, pdftotext: str) -> None:
    pdf = output / "pdf" / "en" / "2025-10.pdf"
    said = subprocess.run(
        [pdftotext, str(pdf), "-"], capture_output=True, encoding="utf-8", check=True
    ).stdout
    assert "DROP TABLE orders" in said
    assert "document.title" in said
    assert b"/JavaScript" not in pdf.read_bytes()
