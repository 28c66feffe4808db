"""The review of a real company's invoices: one file, no customers' table, no feedback, many unusable rows."""

from __future__ import annotations

import re
import shutil

import pytest

from tests.conftest import ROOT, BuiltReview, build_review


@pytest.fixture(scope="module")
def online_retail(tmp_path_factory: pytest.TempPathFactory) -> BuiltReview:
    folder = tmp_path_factory.mktemp("real")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    ours = shutil.ignore_patterns("_build", "_run", ".crmreport")
    shutil.copytree(ROOT / "data" / "online_retail", folder / "data" / "online_retail", ignore=ours)
    return build_review(folder / "data" / "online_retail", "--period", "2011-11", "--language", "en")


def page(review: BuiltReview, name: str) -> str:
    text = (review.html("en") / "2011-11" / f"{name}.html").read_text(encoding="utf-8")
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def test_it_is_built_without_a_complaint(online_retail: BuiltReview) -> None:
    assert {line["state"] for line in online_retail.run["pages"]} == {"ok"}
    assert online_retail.run["warnings"] == []
    assert (online_retail.output / "pdf" / "en" / "2011-11.pdf").is_file()


def test_the_rows_that_it_cannot_use_are_counted_and_explained(online_retail: BuiltReview) -> None:
    text = page(online_retail, "data")
    for line in (
        "order_lines read 541,909",
        "order_lines set aside no customer is named 135,080",
        "order_lines set aside cancelled or returned 8,905",
        "order_lines set aside no price 40",
        "order_lines used 397,884",
        "orders used 18,532",
        "customers used 4,338",
    ):
        assert line in text


def test_a_person_would_read_it(online_retail: BuiltReview) -> None:
    text = page(online_retail, "summary")
    assert "November 2011" in text
    assert re.search(r"Revenue .{0,80}£1\.16M", text)
    assert "not shown, for lack of data: connect feedback ." in text
    # The data begin in December 2010: who is new in 2011 cannot be told yet.
    assert re.search(r"New customers .{0,60}323 .{0,60}incomplete", text)
