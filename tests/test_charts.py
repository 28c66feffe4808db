"""Charts: what is drawn from a metric's figures, and what goes into the specification."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import vl_convert

from crmreport.config import read_project
from crmreport.context import Context
from crmreport.covering import covered
from crmreport.display import theme
from crmreport.display.outputs import CHART_MIME, MEDIUM, Chart
from crmreport.results import compute_results
from crmreport.review import Review
from crmreport.segments import WHOLE
from tests.conftest import copy_project


@pytest.fixture(scope="module")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Review]:
    project = read_project(copy_project(tmp_path_factory.mktemp("charts") / "project"))
    results = compute_results(project)
    period = covered(project, results, "2025-10")
    return {code: Review(Context(project, results, period, WHOLE, code)) for code in ("en", "zh_CN")}


def drawn(chart: Any) -> tuple[dict[str, Any], str]:
    assert isinstance(chart, Chart)
    spec = chart.spec()
    spec.pop("usermeta")
    return spec, vl_convert.vegalite_to_svg({**spec, "width": 600})


def test_only_the_columns_that_a_chart_draws_go_into_it(reviews: dict[str, Review]) -> None:
    spec, _ = drawn(reviews["en"].trend("csat"))
    columns, *rows = spec["data"]["values"].split("\n")
    assert columns == "label|value|low|high|earlier|target|written"
    assert len(rows) == 13 and rows[0].startswith("2024-10|0.") and rows[0].endswith("%")


def test_thirteen_months_are_drawn_so_that_a_month_stands_beside_last_years(
    reviews: dict[str, Review],
) -> None:
    chart = reviews["en"].trend("revenue")
    assert isinstance(chart, Chart)
    labels = [row[0] for row in chart.twin.rows]
    assert len(labels) == 13 and labels[0] == "2024-10" and labels[-1] == "2025-10"


@pytest.mark.parametrize(
    ("language", "labels"),
    [("en", ["0k", "100k", "200k", "300k"]), ("zh_CN", ["0", "10万", "20万", "30万"])],
)
def test_large_numbers_are_shortened_as_the_language_counts(
    reviews: dict[str, Review], language: str, labels: list[str]
) -> None:
    _, svg = drawn(reviews[language].split("revenue", "sales_channel"))
    found = re.findall(r">([^<>]+)</text>", svg)
    assert set(labels) <= set(found)


def test_units_and_the_favourable_direction_stand_on_the_axis(reviews: dict[str, Review]) -> None:
    _, svg = drawn(reviews["en"].trend("first_response_time"))
    assert "First response time, minutes (lower is better)" in svg
    _, svg = drawn(reviews["zh_CN"].trend("revenue"))
    assert "销售额，GBP（越高越好）" in svg


def test_a_finding_is_the_title_and_the_numbers_are_beside_it(reviews: dict[str, Review]) -> None:
    chart = reviews["en"].compare("csat", "region")
    assert isinstance(chart, Chart)
    assert chart.title.startswith("Customer satisfaction (CSAT) by region: North stands out, ")
    north = next(row for row in chart.twin.rows if row[0] == "North")
    cube = reviews["en"].context.results.cube.set_index(["period", "segment", "metric"])
    assert north[1] == f"{100 * cube.loc[('2025-10', 'North', 'csat'), 'value']:.1f}%"


def test_a_trend_tells_the_period_to_who_points_at_it(reviews: dict[str, Review]) -> None:
    spec, _ = drawn(reviews["en"].trend("csat"))
    (told,) = [part["encoding"]["tooltip"] for part in spec["layer"] if "tooltip" in part["encoding"]]
    assert [column["title"] for column in told] == [
        "Period",
        "Customer satisfaction (CSAT) (higher is better)",
    ]


def test_a_chart_weighs_little_and_a_books_theme_is_in_none(
    reviews: dict[str, Review], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thirteen months, with interval, year before and target: less than 3 kB, where it was 6.9."""
    monkeypatch.setenv(MEDIUM, "book")
    for review in reviews.values():
        chart = review.trend("csat")
        assert isinstance(chart, Chart)
        spec = dict(chart._repr_mimebundle_()[CHART_MIME])
        del spec["usermeta"]
        assert len(json.dumps(spec, ensure_ascii=False, separators=(",", ":")).encode()) < 3000
        assert "config" not in spec and chart.spec()["config"] == theme.vega_config()
