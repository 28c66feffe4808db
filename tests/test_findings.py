"""Findings: what is called a change, what is not, through which parts, and how it is said."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmreport.findings.decompose import contributions, explaining_segment, mix_and_rate
from crmreport.findings.detect import MINIMUM_HISTORY, POOLED, PREVIOUS, YEAR_BEFORE, find_changes
from crmreport.findings.rank import CHANGED, HIDDEN, IN_SEGMENT, Change, Finding, find, headlines, of_segment
from crmreport.findings.sentences import Speaker, details, headline
from crmreport.language import LANGUAGES, write_period
from crmreport.metrics import intervals
from crmreport.metrics import metric as metric_named
from crmreport.metrics.conversion import LEAD_CONVERSION_RATE, WIN_RATE
from crmreport.metrics.figures import Writer
from crmreport.metrics.metric import Estimate, Metric
from crmreport.metrics.sales import ORDERS, REVENUE
from crmreport.metrics.satisfaction import CSAT, NPS
from crmreport.periods import Calendar, Kind, Period

CALENDAR = Calendar()
NOW = CALENDAR.period("2025-10")
MONTHS = CALENDAR.last_complete(NOW.end, Kind.MONTH, 30)
BEFORE = CALENDAR.period("2024-10")
ALL = ("all", "all")

Parts = tuple[float, ...]  # numerator; with its denominator; with its squares


def row(metric: Metric, period: Period, place: tuple[str, str], parts: Parts) -> dict[str, object]:
    """Write one row of a cube: the value of its parts with its interval."""
    numerator, denominator, squares = (np.array([p]) for p in (*parts, *[math.nan] * (3 - len(parts))))
    value = numerator / denominator if metric.is_ratio else numerator
    if metric.estimate is Estimate.SHARE:
        low, high = intervals.wilson(numerator, denominator)
    elif metric.estimate is Estimate.MEAN:
        low, high = intervals.mean(numerator, denominator, squares)
    elif metric.estimate is Estimate.TOTAL:
        low, high = intervals.total(numerator, denominator)  # a total has squares for a denominator
        denominator = np.array([math.nan])
    else:
        low, high = intervals.poisson(numerator)
    cases = numerator if metric.estimate is Estimate.COUNT else denominator
    return {
        "period": period.key, "dimension": place[0], "segment": place[1], "metric": metric.name,
        "numerator": numerator[0], "denominator": denominator[0], "value": value[0], "low": low[0],
        "high": high[0], "status": "small" if cases[0] < metric.minimum else "ok",
    }  # fmt: skip


def cube(
    metric: Metric, figures: dict[Period, dict[str, Parts]], dimension: str = "lead_source"
) -> pd.DataFrame:
    """Write a cube of one metric from the parts of its segments; the company is their sum."""
    rows = []
    for period, segments in figures.items():
        rows += [row(metric, period, (dimension, name), parts) for name, parts in segments.items()]
        rows.append(row(metric, period, ALL, tuple(sum(p) for p in zip(*segments.values(), strict=True))))
    return pd.DataFrame(rows)


def whole_and_parts(changes: pd.DataFrame, baseline: str = YEAR_BEFORE) -> tuple[pd.Series, pd.DataFrame]:
    rows = changes[changes["baseline"] == baseline]
    return rows[rows["dimension"] == "all"].iloc[0], rows[rows["dimension"] != "all"]


def of_two(metric: Metric, old: dict[str, Parts], new: dict[str, Parts]) -> pd.DataFrame:
    return find_changes(cube(metric, {BEFORE: old, NOW: new}), NOW, ())


# Mix and rate.

T15 = ({"Social": (200, 4000), "Direct": (200, 1000)}, {"Social": (30, 1000), "Direct": (720, 4000)})


def test_mix_and_rate():
    """T15: social 4000 at 5 % and direct 1000 at 20 %, then 1000 at 3 % and 4000 at 18 %.

    In total 8.0 % to 15.0 %: each rate fell by 2 points, and the mix brought 9.
    """
    total, parts = whole_and_parts(of_two(LEAD_CONVERSION_RATE, *T15))
    assert (total["before_value"], total["after_value"]) == (0.08, 0.15)
    mix = mix_and_rate(LEAD_CONVERSION_RATE, parts, total, "lead_source")
    assert mix is not None
    assert (mix.rate, mix.mix) == pytest.approx((-0.02, 0.09), abs=1e-12)
    assert (mix.segments, mix.same_way) == (2, 2)
    assert mix.shift_p < 1e-6


CELLS = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
TWICE = st.lists(st.tuples(CELLS, CELLS), min_size=2, max_size=5)


@settings(max_examples=40, deadline=None)
@given(TWICE)
def test_effects_and_contributions_add_up(pairs):
    old, new = ({f"s{i}": pair[side] for i, pair in enumerate(pairs)} for side in (0, 1))
    total, parts = whole_and_parts(of_two(LEAD_CONVERSION_RATE, old, new))
    mix = mix_and_rate(LEAD_CONVERSION_RATE, parts, total, "lead_source")
    assert mix is not None
    assert mix.mix + mix.rate == pytest.approx(total["difference"], abs=1e-12)
    split = contributions(LEAD_CONVERSION_RATE, parts, total)
    assert split["contribution"].sum() == pytest.approx(total["difference"], abs=1e-12)


@settings(max_examples=20, deadline=None)
@given(TWICE, CELLS)
def test_effects_add_up_though_a_segment_is_withheld(pairs, lost):
    """A segment that is not shown, if not too large, counts as one more."""
    old, new = ({f"s{i}": pair[side] for i, pair in enumerate(pairs)} | {"x": lost} for side in (0, 1))
    written = cube(LEAD_CONVERSION_RATE, {BEFORE: old, NOW: new})
    total, parts = whole_and_parts(find_changes(written[written["segment"] != "x"], NOW, ()))
    mix = mix_and_rate(LEAD_CONVERSION_RATE, parts, total, "lead_source")
    sizes = [sum(n for _, n in side.values()) for side in (old, new)]
    assert (mix is None) == any(lost[1] > 0.2 * size for size in sizes)
    if mix:
        assert mix.mix + mix.rate == pytest.approx(total["difference"], abs=1e-12)


def test_means_give_back_their_variance():
    """The NPS of a segment that is not shown is known from the whole and the others, and so is its error."""
    sides = [{"a": (3000, 100, 700_000), "b": (1000, 100, 600_000), "x": (500, 20, 90_000)} for _ in range(2)]
    written = cube(NPS, dict(zip((BEFORE, NOW), sides, strict=True)))
    errors = []
    for shown in (written, written[written["segment"] != "x"]):
        total, parts = whole_and_parts(find_changes(shown, NOW, ()))
        mix = mix_and_rate(NPS, parts, total, "lead_source")
        assert mix is not None
        errors.append(mix.high - mix.low)
    assert errors[0] == pytest.approx(errors[1], rel=1e-9)


def test_overlapping_segments_are_not_split():
    """Customers who buy through two channels are in both: the parts are more than the whole."""
    rows = [row(ORDERS, p, ALL, (100,)) for p in (BEFORE, NOW)]
    rows += [row(ORDERS, p, ("sales_channel", s), (80,)) for p in (BEFORE, NOW) for s in ("web", "shop")]
    total, parts = whole_and_parts(find_changes(pd.DataFrame(rows), NOW, ()))
    assert contributions(ORDERS, parts, total).empty


# What is clear.


def test_a_change_within_noise_is_not_clear():
    """82 and 80 of 100: two points, with a standard error of 5.5."""
    changes = of_two(CSAT, {"mail": (82, 100)}, {"mail": (80, 100)})
    assert not changes["is_clear"].any()
    assert find(changes) == ()
    assert changes["standard_error"].iloc[0] == pytest.approx(math.sqrt(0.81 * 0.19 * 2 / 100))


def test_a_large_change_is_clear():
    changes = of_two(CSAT, {"mail": (82, 100)}, {"mail": (55, 100)})
    assert changes["is_clear"].all()
    assert [f.kind for f in find(changes)] == [CHANGED]


def _history(counts: Iterable[float]) -> pd.DataFrame:
    """Orders of the last months, oldest first, by a single channel."""
    return cube(ORDERS, {p: {"web": (n,)} for p, n in zip(MONTHS[-24:], counts, strict=True)})


@pytest.mark.parametrize(("swing", "is_clear"), [(0, True), (250, False)], ids=["quiet", "restless"])
def test_a_change_within_routine_variation_is_not_clear(swing, is_clear):
    """1,000 orders, then 1,200: 4 standard errors; but not where orders swing by 250 every other month."""
    wave = [0, 1, 1, 0, -1, -1]
    counts = [1000 + swing * wave[i % 6] for i in range(22)] + [1000, 1200]
    changes = find_changes(_history(counts), NOW, MONTHS)
    whole = changes[(changes["dimension"] == "all") & (changes["baseline"] == PREVIOUS)].iloc[0]
    assert whole["is_clear"] == is_clear
    assert (whole["dispersion"] == 1) == is_clear


def test_a_short_history_says_nothing_of_routine():
    counts = [1000, 500] * 12
    changes = find_changes(_history(counts), NOW, MONTHS[-MINIMUM_HISTORY:])
    assert (changes["dispersion"] == 1).all()


def test_small_samples_are_not_tested():
    changes = of_two(CSAT, {"mail": (20, 25), "phone": (400, 500)}, {"mail": (2, 25), "phone": (400, 500)})
    mail = changes[changes["segment"] == "mail"].iloc[0]
    assert math.isnan(mail["p"]) and not mail["is_clear"]


def test_a_dimension_mostly_unknown_is_not_judged():
    old, new = {"mail": (50, 60), "unknown": (35, 40)}, {"mail": (10, 60), "unknown": (35, 40)}
    assert set(of_two(CSAT, old, new)["dimension"]) == {"all"}


def test_a_metric_without_one_usable_figure_changes_nothing():
    # New customers in the first year of the data: every figure is incomplete.
    unusable = cube(ORDERS, {BEFORE: {"mail": (40,)}, NOW: {"mail": (60,)}}).assign(status="incomplete")
    usable = cube(CSAT, {BEFORE: {"mail": (50, 60)}, NOW: {"mail": (10, 60)}})
    changes = find_changes(pd.concat([unusable, usable], ignore_index=True), NOW, ())
    assert set(changes["metric"]) == {"csat"}


def test_no_more_can_be_lost_than_there_was():
    changes = of_two(ORDERS, {"mail": (60,)}, {"mail": (2,)})
    assert (changes["low"] >= -changes["before_value"]).all()


def test_a_year_is_compared_with_one_year():
    now, before = CALENDAR.period("2024"), CALENDAR.period("2023")
    changes = find_changes(cube(ORDERS, {before: {"mail": (400,)}, now: {"mail": (500,)}}), now, ())
    assert set(changes["baseline"]) == {YEAR_BEFORE}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_short_history_is_owned_up_to(language):
    (finding,) = find(of_two(CSAT, {"mail": (500, 600)}, {"mail": (300, 600)}))
    said = {"en": "too short to tell its usual ups and downs", "zh_CN": "无法判断其平时的起伏"}[language]
    assert said in details(finding, speaker(language))[-1]


# Where nothing changed.


def _null_review(random: np.random.Generator) -> pd.DataFrame:
    """Thirty months of four figures that never change but by chance."""
    rows = []
    for period in MONTHS:
        rows.append(row(CSAT, period, ALL, (random.binomial(600, 0.82), 600)))
        rows.append(row(WIN_RATE, period, ALL, (random.binomial(250, 0.27), 250)))
        p, _, d = random.multinomial(400, [0.5, 0.3, 0.2])
        rows.append(row(NPS, period, ALL, (100 * (p - d), 400, 10_000 * (p + d))))
        rows.append(row(ORDERS, period, ALL, (random.poisson(1400),)))
        amounts = random.gamma(2, 250, random.poisson(1400))
        rows.append(row(REVENUE, period, ALL, (amounts.sum(), (amounts**2).sum())))
    return pd.DataFrame(rows)


def test_few_reviews_of_nothing_find_something():
    """With no true change anywhere, at most one review in twenty should say there is one."""
    random = np.random.default_rng(20251031)
    reviews = 80
    wrong = sum(find_changes(_null_review(random), NOW, MONTHS)["is_clear"].any() for _ in range(reviews))
    assert wrong / reviews <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / reviews)


def test_the_rate_effect_is_as_likely_to_deceive_as_it_says():
    """The mix shifts, the rates (8 % and 35 %) do not: p is below 0.05 in one case of twenty."""
    random = np.random.default_rng(20251031)
    cases, wrong = 300, 0
    for _ in range(cases):
        old = {"Social": (random.binomial(200, 0.08), 200), "Partner": (random.binomial(70, 0.35), 70)}
        new = {"Social": (random.binomial(80, 0.08), 80), "Partner": (random.binomial(180, 0.35), 180)}
        total, parts = whole_and_parts(of_two(LEAD_CONVERSION_RATE, old, new))
        mix = mix_and_rate(LEAD_CONVERSION_RATE, parts, total, "lead_source")
        wrong += mix is not None and mix.p < 0.05
    assert abs(wrong / cases - 0.05) <= 3 * math.sqrt(0.05 * 0.95 / cases)


# What hides, and what explains.


def _months(old: dict[str, Parts], new: dict[str, Parts], kept: int = 3) -> pd.DataFrame:
    """The last months of this year and of the year before."""
    now = MONTHS[-3:]
    figures = {p.year_before(): old for p in now[-kept:]} | dict.fromkeys(now[-kept:], new)
    return find_changes(cube(LEAD_CONVERSION_RATE, figures), NOW, ())


OLD_LEADS = {"Social": (8, 100), "Partner": (20, 50), "Search": (20, 100)}
NEW_LEADS = {"Social": (2, 30), "Partner": (40, 140), "Search": (12, 80)}


def test_a_hidden_fall_is_found_in_three_months():
    """19.2 % and 21.6 % in total; Partner from 40 to 29 %, Search from 20 to 15 %, Social from 8 to 7 %."""
    findings = find(_months(OLD_LEADS, NEW_LEADS))
    found = next(f for f in findings if f.kind == HIDDEN)
    assert found.change.baseline == POOLED
    assert (found.change.period, found.change.before_period) == (
        "2025-08-01..2025-10-31",
        "2024-08-01..2024-10-31",
    )
    assert (found.change.before, found.change.after) == (144 / 750, 162 / 750)
    assert found.mix is not None
    assert found.mix.rate < 0 < found.mix.mix
    assert (found.mix.segments, found.mix.same_way) == (3, 3)
    assert found.mix.q < 0.05 and found.mix.high < 0


def test_one_month_is_too_short_for_it():
    assert not [f for f in find(_months(OLD_LEADS, NEW_LEADS, kept=1)) if f.kind == HIDDEN]


def test_pooled_rows_are_not_called_clear():
    changes = _months(OLD_LEADS, NEW_LEADS)
    assert not changes.loc[changes["baseline"] == POOLED, "is_clear"].any()


def test_a_clear_total_hides_nothing():
    findings = find(_months({k: (n * 10, d * 10) for k, (n, d) in T15[0].items()}, T15[1]))
    assert HIDDEN not in {f.kind for f in findings}


def test_explaining_segment():
    """All of the fall is in one of four, which stands for a quarter of the answers."""
    old = dict.fromkeys(("North", "South", "East", "West"), (246, 300))
    changes = find_changes(
        cube(CSAT, {BEFORE: old, NOW: old | {"North": (165, 300)}}, dimension="region"), NOW, ()
    )
    total, parts = whole_and_parts(changes)
    row_found = explaining_segment(CSAT, parts, total)
    assert row_found is not None and row_found["segment"] == "North"
    assert row_found["share"] == pytest.approx(1)
    found = find(changes)[0]
    assert found.part is not None
    assert (found.part.before_without, found.part.after_without) == pytest.approx((0.82, 0.82))


def test_no_segment_explains_what_all_share():
    old = dict.fromkeys(("North", "South", "East", "West"), (246, 300))
    new = dict.fromkeys(old, (210, 300))
    total, parts = whole_and_parts(of_two(CSAT, old, new))
    assert explaining_segment(CSAT, parts, total) is None


def test_the_segment_with_a_page_is_named():
    """The same customers by region and by team: the one that has a page."""
    old, new = {"a": (240, 300), "b": (240, 300)}, {"a": (120, 300), "b": (240, 300)}
    frames = [cube(CSAT, {BEFORE: old, NOW: new}, dimension=d) for d in ("tier", "region")]
    both = pd.concat(frames).drop_duplicates(["period", "dimension", "segment"])
    changes = find_changes(both, NOW, ())
    for page in ("tier", "region"):
        found = find(changes, (page,))[0]
        assert found.part is not None and found.part.change.dimension == page


def test_a_change_in_one_segment_only():
    old = {"North": (50, 60), "South": (3280, 4000)}
    changes = find_changes(
        cube(CSAT, {BEFORE: old, NOW: old | {"North": (22, 60)}}, dimension="region"), NOW, ()
    )
    found = find(changes)[0]
    assert (found.kind, found.change.segment) == (IN_SEGMENT, "North")
    assert found.other is not None and not found.other.is_clear
    assert [f.change.segment for f in of_segment(changes, "region", "North")] == ["North"]
    assert of_segment(changes, "region", "South") == ()


# Ranking and words.


def _several() -> tuple[Finding, ...]:
    """Revenue and orders fell much, satisfaction less: two subjects."""
    rows = [
        *[row(REVENUE, p, ALL, (n, 1e8)) for p, n in ((BEFORE, 900_000), (NOW, 600_000))],
        *[row(ORDERS, p, ALL, (n,)) for p, n in ((BEFORE, 2000), (NOW, 1400))],
        *[row(CSAT, p, ALL, (n, 400)) for p, n in ((BEFORE, 330), (NOW, 285))],
    ]
    return find(find_changes(pd.DataFrame(rows), NOW, ()))


def test_the_weightiest_comes_first():
    findings = _several()
    assert [f.change.metric for f in findings] == ["revenue", "orders", "csat"]
    assert [f.weight for f in findings] == sorted((f.weight for f in findings), reverse=True)


def of(metric: str, weight: float, kind: str = CHANGED) -> Finding:
    values = dict.fromkeys(
        ("before", "after", "before_cases", "after_cases", "low", "high", "dispersion"), 1.0
    )
    change = Change(
        metric=metric, dimension="all", segment="all", baseline=YEAR_BEFORE, period="2025-10",
        before_period="2024-10", difference=-1.0, history=20, z=-weight, q=0.01, is_clear=True, **values,
    )  # fmt: skip
    return Finding(kind, change, None, None, None, weight)


def test_key_figures_come_before_all_others():
    """Impressions moved most, but they are no key figure: they head only what would else have no head."""
    findings = tuple(
        of(*each) for each in (("impressions", 9), ("csat", 4), ("gross_margin", 3), ("orders", 2))
    )
    assert [f.change.metric for f in headlines(findings, 2)] == ["csat", "orders"]
    assert [f.change.metric for f in headlines(findings, 3)] == ["impressions", "csat", "orders"]


def test_one_thing_is_said_once():
    """Churn, lost customers and lost revenue say what retention says, which is told though it moved least."""
    figures = {"churn_rate": 155, "retention_rate": 845}
    tables = []
    for name, count in figures.items():
        old = {"a": (count - (40 if name == "retention_rate" else -45), 1000)}
        tables.append(cube(metric_named(name), {BEFORE: old, NOW: {"a": (count, 1000)}}))
    changes = find_changes(pd.concat(tables), NOW, ())
    assert set(changes.loc[changes["is_clear"], "metric"]) == {"churn_rate", "retention_rate"}
    assert [f.change.metric for f in find(changes)] == ["retention_rate"]
    alone = changes[changes["metric"] == "churn_rate"]
    assert [f.change.metric for f in find(alone)] == ["churn_rate"]


def test_many_other_figures_do_not_blunt_the_key_ones():
    """A change of CSAT with p = 0.04 is clear beside five steady figures that are no key ones."""
    csat = cube(CSAT, {BEFORE: {"a": (820, 1000)}, NOW: {"a": (784, 1000)}})
    same = {BEFORE: {"a": (500, 1000)}, NOW: {"a": (500, 1000)}}
    others = ("churn_rate", "cross_sell_rate", "close_rate", "ease", "open_rate")
    found = find_changes(pd.concat([csat, *(cube(metric_named(name), same) for name in others)]), NOW, ())
    of_csat = found[(found["metric"] == CSAT.name) & (found["dimension"] == "all")].iloc[0]
    assert 0.03 < of_csat["p"] < 0.05
    assert of_csat["q"] == of_csat["p"] and of_csat["is_clear"]


def test_growth_is_not_compared_with_growth():
    rows = cube(REVENUE, {BEFORE: {"a": (1000, 9.0)}, NOW: {"a": (500, 9.0)}})
    growth = rows.assign(metric="revenue_growth_year")
    assert set(find_changes(pd.concat([rows, growth]), NOW, ())["metric"]) == {"revenue"}


def test_quotients_are_tested_by_their_intervals_and_do_not_add_up():
    """12 (11 to 13) after 10 (9 to 11): 2, give or take the root of 1 + 1."""
    name = "revenue_per_active_customer"
    rows = cube(metric_named(name), {BEFORE: {"a": (10.0, 1.0)}, NOW: {"a": (12.0, 1.0)}}).assign(
        status="ok", denominator=1.0
    )
    rows = rows.assign(low=rows["value"] - 1, high=rows["value"] + 1)
    total, parts = whole_and_parts(find_changes(rows, NOW, ()))
    assert (total["difference"], total["low"], total["high"]) == pytest.approx((2, 2 - 2**0.5, 2 + 2**0.5))
    assert contributions(metric_named(name), parts, total).empty
    assert mix_and_rate(metric_named(name), parts, total, "lead_source") is None


def test_headlines_give_each_subject_its_turn():
    findings = _several()
    assert [f.change.metric for f in headlines(findings, 2)] == ["revenue", "csat"]
    assert [f.change.metric for f in headlines(findings, 3)] == ["revenue", "orders", "csat"]


def speaker(language: str) -> Speaker:
    return Speaker(
        writer=Writer(language, "GBP"),
        period=write_period(NOW, language),
        period_name=lambda key: write_period(CALENDAR.period(key), language),
        segment_name=lambda dimension, value: value,
        dimension_name=lambda dimension: dimension,
    )


def _numbers(text: str) -> list[float]:
    return [float(n.replace("−", "-")) for n in re.findall(r"[+−]?\d+(?:\.\d+)?", text.replace(",", ""))]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_headline_has_the_figures_it_rests_on(language):
    for finding in _several():
        change = finding.change
        said = _numbers(headline(finding, speaker(language)))
        scale = {"csat": 100, "orders": 1, "revenue": 1e-4 if language == "zh_CN" else 1e-3}[change.metric]
        for value in (change.before, change.after):
            assert any(abs(abs(n) - value * scale) < 0.051 for n in said), (said, value)
        moved = change.difference if change.metric == "csat" else change.difference / change.before
        assert any(abs(n - 100 * moved) < 0.11 for n in said), (said, moved)
        assert 2025 in said and 2024 in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_hidden_fall_in_words(language):
    finding = next(f for f in find(_months(OLD_LEADS, NEW_LEADS)) if f.kind == HIDDEN)
    assert finding.mix is not None
    rate, mix = 100 * finding.mix.rate, 100 * finding.mix.mix
    words = headline(finding, speaker(language))
    assert any(abs(n + rate) < 0.051 for n in _numbers(words)), (words, rate)
    assert {"en": "August to October 2025", "zh_CN": "2025年8月至10月"}[language] in words
    told = _numbers(" ".join(details(finding, speaker(language))))
    for expected in (rate, mix, 19.2, 21.6, 3, 100 * finding.mix.low, 100 * finding.mix.high):
        assert any(abs(n - expected) < 0.051 for n in told), (told, expected)


def test_every_finding_has_a_metric_that_is_declared():
    assert {metric_named(f.change.metric).name for f in _several()} == {"revenue", "orders", "csat"}
