"""Pipeline: `crmreport build` beside a `papermill` process for each page and one `jupyter-book build`.

Both make the same pages of the same company, one route after the other in one run, from figures and analyses
that are already computed: what is compared is running notebooks and making the book. The pages that come out
are compared with each other, too.
"""

from __future__ import annotations

import argparse
import compileall
import json
import math
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pypdf import PdfReader

from benchmarks.company import ROOT, change_one_row, copy_company, put_data
from benchmarks.measured import Cost, cost_of
from benchmarks.plain import differences, make_book, run_notebooks
from crmreport.config import read_project
from crmreport.work import Request, plan_work

NEWEST = "2025-10"


@dataclass(frozen=True)
class Bench:
    """A project of the sample company in a folder for work, and the log of all that is run."""

    folder: Path
    project: Path
    log: Path

    def build(self, months: Sequence[str], pdf: bool = False) -> Cost:
        """Build the review of these months: HTML, and PDFs if they are asked for."""
        asked = [word for month in months for word in ("--period", month)]
        kinds = [] if pdf else ["--no-pdf"]
        command = [sys.executable, "-m", "crmreport", "build", "--quiet", *kinds, *asked]
        return cost_of(command, self.project, self.log)

    @property
    def ran(self) -> list[str]:
        """The pages that the last build ran."""
        record = json.loads((self.project / "_build/run.json").read_text(encoding="utf-8"))
        return [f"{p['language']}/{p['page']}" for p in record["pages"] if p["state"] != "kept"]

    @property
    def stages(self) -> dict[str, float]:
        """The seconds that each stage of the last build took."""
        record = json.loads((self.project / "_build/run.json").read_text(encoding="utf-8"))
        return dict(record["seconds"])

    def forget_pages(self) -> None:
        """Have the next build run every page and make everything of them; figures and analyses stay."""
        for name in ("pages", "book", "drawn/charts"):
            shutil.rmtree(self.project / ".crmreport" / name, ignore_errors=True)
        shutil.rmtree(self.project / "_build", ignore_errors=True)


def months_until(newest: str, count: int) -> list[str]:
    """Name months, oldest first, up to and with the newest."""
    year, month = map(int, newest.split("-"))
    numbers = [year * 12 + month - 1 - back for back in range(count)]
    return [f"{n // 12}-{n % 12 + 1:02}" for n in reversed(numbers)]


def ours(bench: Bench, months: list[str]) -> dict[str, Any]:
    """Build from no pages and no book; then again, with nothing changed."""
    bench.forget_pages()
    whole = bench.build(months)
    stages = bench.stages
    pages = len(bench.ran)
    nothing = bench.build(months)
    if bench.ran:
        raise RuntimeError(f"nothing had changed, and yet these ran: {bench.ran}")
    return {"pages": pages, **whole.as_data(), "stages": stages, "nothing_changed": nothing.as_data()}


def with_pdfs(bench: Bench, months: list[str]) -> dict[str, Any]:
    """Build HTML and PDFs from no pages; then the PDFs again, of charts that are drawn."""
    bench.forget_pages()
    whole = bench.build(months, pdf=True)
    stages = bench.stages
    made = sorted((bench.project / "_build/pdf").rglob("*.pdf"))
    pages = sum(len(PdfReader(path).pages) for path in made)
    shutil.rmtree(bench.project / ".crmreport/book")
    bench.build(months)
    return {
        **whole.as_data(),
        "pdf_pages": pages,
        "stages": stages,
        "of_drawn_charts": bench.build(months, pdf=True).as_data(),
    }


def floor(bench: Bench, months: list[str]) -> dict[str, float]:
    """Measure what the cells of these pages cost by themselves."""
    command = [sys.executable, "-m", "benchmarks.floor", str(bench.project), *months]
    said = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return dict(json.loads(said.splitlines()[-1]))


def plain(bench: Bench, months: list[str]) -> dict[str, Any]:
    """Go the plain route for the pages that our build has just made, and compare what came out."""
    folder = Path(tempfile.mkdtemp(dir=bench.folder, prefix="plain-"))
    project = read_project(bench.project)
    work = plan_work(project, Request(periods=tuple(months), force=True))
    running = Cost()
    book = Cost()
    unequal: list[str] = []
    for language in work.languages:
        listed = []
        for planned in work.pages:
            if planned.page.language == language:
                name = f"{planned.page.name}.ipynb"
                source = folder / "prepared" / language / name
                source.parent.mkdir(parents=True, exist_ok=True)
                source.write_text(planned.prepared, encoding="utf-8")
                listed.append((source, folder / "executed" / language / name, planned.page.parameters))
        running += run_notebooks(listed, bench.project, bench.log)
        assembled, made = bench.project / ".crmreport/book" / language, folder / "book" / language
        book += make_book(assembled, folder / "executed" / language, made, bench.log)
        unequal += differences(bench.project / "_build/html" / language, made / "_build/html")
    shutil.rmtree(folder)
    return {
        **(running + book).as_data(),
        "notebooks": running.as_data(),
        "book": book.as_data(),
        "unequal_pages": unequal,
    }


def compare(bench: Bench, sizes: list[int], alone: list[int], repeat: int) -> list[dict[str, Any]]:
    """Measure our build and the plain route by turns; ours alone where the plain one takes too long."""
    found: list[dict[str, Any]] = []
    if not (sizes or alone):
        return found
    per_month = len(plan_work(read_project(bench.project), Request(periods=(NEWEST,))).pages)
    # Figures and analyses, which both routes find ready.
    bench.build(months_until(NEWEST, max(math.ceil(n / per_month) for n in (*sizes, *alone))))
    for size in sorted({*sizes, *alone}):
        months = months_until(NEWEST, math.ceil(size / per_month))
        for _ in range(repeat if size in sizes else 1):
            line: dict[str, Any] = {"asked": size, "months": len(months), "ours": ours(bench, months)}
            line["pages"] = line["ours"]["pages"]
            if size in sizes:
                line["floor"] = floor(bench, months)
                line["with_pdfs"] = with_pdfs(bench, months)
                line["plain"] = plain(bench, months)
                line["ratio"] = round(line["plain"]["wall_seconds"] / line["ours"]["wall_seconds"], 1)
            found.append(line)
            _tell(line)
    return found


def _tell(line: dict[str, Any]) -> None:
    text = f"{line['pages']:>4} pages: {line['ours']['wall_seconds']:>7.1f} s"
    if "plain" in line:
        text += f", plain {line['plain']['wall_seconds']:>7.1f} s: {line['ratio']} times"
        text += f", {len(line['plain']['unequal_pages'])} pages differ"
    print(text, file=sys.stderr)


def changes(bench: Bench, repeat: int) -> dict[str, Any]:
    """Measure a new month on top of twelve and all from nothing by turns; list what one changed row runs."""
    before, now = months_until("2025-09", 12), months_until(NEWEST, 13)
    store, twelve = bench.project / ".crmreport", bench.folder / "twelve"
    put_data(bench.project, date(2025, 10, 1))
    shutil.rmtree(store, ignore_errors=True)
    bench.build(before)
    shutil.copytree(store, twelve)
    put_data(bench.project, date(2025, 11, 1))
    turns = []
    for _ in range(repeat):
        shutil.rmtree(store)
        shutil.copytree(twelve, store)
        month = {**bench.build(now).as_data(), "stages": bench.stages, "ran": bench.ran}
        shutil.rmtree(store)
        whole = {**bench.build(now).as_data(), "stages": bench.stages}
        share = round(month["wall_seconds"] / whole["wall_seconds"], 3)
        turns.append({"from_nothing": whole, "month_more": month, "month_more_share": share})
        print(f"a month more: {share:.1%} of all from nothing", file=sys.stderr)
    rows = {}
    for table, column in (("feedback", "csat"), ("orders", "amount")):
        change_one_row(bench.project, NEWEST, table, column)
        cost = bench.build(now)
        rows[f"{table}.{column}"] = {**cost.as_data(), "ran": bench.ran}
        put_data(bench.project, date(2025, 11, 1))
    middle = sorted(turns, key=lambda turn: turn["month_more_share"])[len(turns) // 2]
    return {**middle, "shares": [turn["month_more_share"] for turn in turns], "row_changed": rows}


def main() -> None:
    """Run the benchmark, and print what it measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pipeline", description=__doc__)
    parser.add_argument(
        "--pages", type=int, nargs="*", default=[24, 72], help="for both routes (at least so many)"
    )
    parser.add_argument("--alone", type=int, nargs="*", default=[], help="for our build alone")
    parser.add_argument("--repeat", type=int, default=1, help="of what is measured by turns")
    parser.add_argument("--changes", action="store_true", help="a new month, and a changed row, as well")
    parser.add_argument("--json", action="store_true", help="print all figures")
    given = parser.parse_args()
    # As installed, and whatever the environment says of writing bytecode: else each process compiles it anew.
    compileall.compile_dir(ROOT / "crmreport", quiet=1)
    with tempfile.TemporaryDirectory(prefix="crmreport-bench-") as place:
        folder = Path(place)
        bench = Bench(folder, copy_company(folder / "company"), folder / "said.log")
        found: dict[str, Any] = {
            "cores": len(os.sched_getaffinity(0)),
            "python": platform.python_version(),
            "day": str(date.today()),
            "builds": compare(bench, given.pages, given.alone, given.repeat),
        }
        if given.changes:
            found["changes"] = changes(bench, given.repeat)
    if given.json:
        print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
