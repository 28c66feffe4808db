"""Intervals: figures that can be looked up, and how often an interval covers the truth."""

from __future__ import annotations

import numpy as np
import pytest

from crmreport.metrics import intervals

ENOUGH = np.array([30.0])


def one(value: float) -> np.ndarray:
    return np.array([float(value)])


def test_wilson():
    """Nine of ten: 0.5958 to 0.9821 (METRICS, section 3.10)."""
    low, high = intervals.wilson(one(9), one(10))
    assert (round(low[0], 4), round(high[0], 4)) == (0.5958, 0.9821)


def test_wilson_stays_within_bounds_and_knows_nothing_of_nothing():
    low, high = intervals.wilson(np.array([0.0, 5.0, 0.0]), np.array([5.0, 5.0, 0.0]))
    assert low[0] == 0 and 0 < high[0] < 1
    assert 0 < low[1] < 1 and high[1] == 1
    assert np.isnan(low[2]) and np.isnan(high[2])


def _nps(promoters: float, detractors: float, n: float) -> tuple[float, float, float]:
    """Score and bounds of an NPS, from the parts that its metric sums."""
    sums, squares = 100 * (promoters - detractors), 10_000 * (promoters + detractors)
    low, high = intervals.mean(one(sums), one(n), one(squares))
    return sums / n, low[0], high[0]


def test_nps():
    """Half promoters, a sixth detractors, n = 100: 33.3, standard error 7.454, margin 14.61."""
    score, low, high = _nps(50, 100 / 6, 100)
    margin = (high - low) / 2
    assert round(score, 1) == 33.3
    assert margin / intervals.Z == pytest.approx(7.454, abs=5e-4)
    assert margin == pytest.approx(14.61, abs=5e-3)


@pytest.mark.parametrize(
    ("n", "margin"), [(30, 26.67), (100, 14.61), (400, 7.30), (1000, 4.62)], ids=lambda v: str(v)
)
def test_nps_margins(n, margin):
    """sqrt((p + d - (p - d)^2) / n) with p = 1/2, d = 1/6 is sqrt(5 / 9 / n)."""
    assert 100 * intervals.Z * np.sqrt(5 / 9 / n) == pytest.approx(margin, abs=5e-3)
    _, low, high = _nps(n / 2, n / 6, n)
    assert (high - low) / 2 == pytest.approx(margin, abs=5e-3)


def test_poisson_is_exact():
    """Garwood's table: 0 gives 0 to 3.689, 10 gives 4.795 to 18.390."""
    low, high = intervals.poisson(np.array([0.0, 10.0, np.nan]))
    assert low[:2] == pytest.approx([0, 4.795], abs=5e-4)
    assert high[:2] == pytest.approx([3.689, 18.390], abs=5e-4)
    assert np.isnan(low[2]) and np.isnan(high[2])


def test_total():
    """Orders of 3 and 4: 7, give or take 1.96 sqrt(9 + 16)."""
    low, high = intervals.total(one(7), one(25))
    assert (low[0], high[0]) == pytest.approx((7 - 9.8, 7 + 9.8), abs=1e-3)


def test_median_of_one_hundred():
    """Of 1 to 100, the bounds are the values at ranks 50 -+ 9.8."""
    values = np.quantile(np.arange(1, 101), intervals.QUANTILES)
    low, high = intervals.quantile(np.array([values, np.full(len(values), np.nan)]), np.array([100.0, 0.0]))
    assert (low[0], high[0]) == pytest.approx((50.5 - 9.7, 50.5 + 9.7), abs=0.1)
    assert np.isnan(low[1])


def test_quantile_of_few_has_no_interval():
    """Of 3 values none is surely above the median, of 30 none above the 0.9-quantile; of 4 and 35 one is."""
    grids = np.array([np.quantile(np.arange(1.0, n + 1), intervals.QUANTILES) for n in (3, 4, 30, 35)])
    low, high = intervals.quantile(grids[:2], np.array([3.0, 4.0]))
    assert np.isnan(low[0]) and np.isnan(high[0]) and np.isfinite(low[1]) and np.isfinite(high[1])
    low, high = intervals.quantile(grids[2:], np.array([30.0, 35.0]), 0.9)
    assert np.isnan(high[0]) and 31 < high[1] <= 35


def test_weighted_is_the_mean_where_weights_are_equal():
    """Values 1 to 10, each with the weight 1: the interval of their mean."""
    values = np.arange(1.0, 11)
    residuals = ((values - values.mean()) ** 2).sum()
    low, high = intervals.weighted(one(values.sum()), one(10), one(residuals))
    expected = intervals.mean(one(values.sum()), one(10), one((values**2).sum()))
    assert (low[0], high[0]) == pytest.approx((expected[0][0], expected[1][0]))


def test_ratio_is_fiellers_where_the_intervals_are_symmetric():
    """10 -+ 2 over 5 -+ 1: the roots of (10 - 5 r)^2 = 4 + r^2."""
    low, high = intervals.ratio((one(10), one(8), one(12)), (one(5), one(4), one(6)))
    expected = np.sort(np.roots([25 - 1, -100, 100 - 4]))
    assert (low[0], high[0]) == pytest.approx(tuple(expected))


def test_ratio_knows_where_it_knows_nothing():
    nothing = one(np.nan)
    figure, certain = (one(10), one(8), one(12)), (one(5), one(5), one(5))
    assert intervals.ratio(figure, certain) == (pytest.approx(8 / 5), pytest.approx(12 / 5))
    assert intervals.ratio(certain, certain) == (1, 1)
    assert intervals.ratio((-figure[0], -figure[2], -figure[1]), certain) == (
        pytest.approx(-12 / 5),
        pytest.approx(-8 / 5),
    )
    assert intervals.ratio((one(0), one(0), one(3.689)), certain) == (0, pytest.approx(3.689 / 5))
    for bottom in ((one(5), one(-1), one(11)), (one(0), one(0), one(3)), (nothing, nothing, nothing)):
        low, high = intervals.ratio(figure, bottom)
        assert np.isnan(low[0]) and np.isnan(high[0])


# How often 95 % intervals cover the truth, over this many samples; the share has an error of 0.5 points.
SAMPLES = 2000


def _coverage(low: np.ndarray, high: np.ndarray, truth: float) -> float:
    return float(((low <= truth) & (truth <= high)).mean())


def test_coverage():
    random = np.random.default_rng(20251031)
    n = np.full(SAMPLES, 200.0)
    found = {"wilson": _coverage(*intervals.wilson(random.binomial(200, 0.82, SAMPLES), n), 0.82)}

    answers = random.multinomial(200, [0.5, 1 / 3, 1 / 6], SAMPLES)
    score, spread = answers[:, 0] - answers[:, 2], answers[:, 0] + answers[:, 2]
    found["mean"] = _coverage(*intervals.mean(100 * score, n, 10_000 * spread), 100 / 3)

    found["poisson"] = _coverage(*intervals.poisson(random.poisson(200, SAMPLES).astype(float)), 200)

    orders = [random.gamma(2, 250, size=count) for count in random.poisson(200, SAMPLES)]
    sums = np.array([o.sum() for o in orders])
    squares = np.array([(o**2).sum() for o in orders])
    found["total"] = _coverage(*intervals.total(sums, squares), 200 * 500)

    waits = random.lognormal(np.log(110), 1, (SAMPLES, 200))
    grids = np.quantile(waits, intervals.QUANTILES, axis=1).T
    found["median"] = _coverage(*intervals.quantile(grids, n), 110)
    ninth = float(np.exp(np.log(110) + 1.2815515655446004))
    found["0.9-quantile"] = _coverage(*intervals.quantile(grids, n, 0.9), ninth)

    # A customer pays a tenth to nine tenths of what they paid before, who paid very different amounts.
    before = random.gamma(1, 100, (SAMPLES, 200))
    after = before * random.uniform(0.1, 0.9, before.shape)
    sums, bases = after.sum(axis=1), before.sum(axis=1)
    residuals = ((after - (sums / bases)[:, None] * before) ** 2).sum(axis=1)
    found["weighted"] = _coverage(*intervals.weighted(sums, bases, residuals), 0.5)

    assert all(0.93 <= share <= 0.965 for share in found.values()), found


@pytest.mark.parametrize(("of_top", "of_bottom"), [(200, 200), (30, 30), (200, 10), (8, 200)])
def test_coverage_of_a_ratio(of_top, of_bottom):
    """Of independent counts; the interval of a count is exact, and so covers more than 95 % of few."""
    random = np.random.default_rng(20251031)
    top, bottom = (random.poisson(mean, SAMPLES).astype(float) for mean in (of_top, of_bottom))
    low, high = intervals.ratio((top, *intervals.poisson(top)), (bottom, *intervals.poisson(bottom)))
    known = np.isfinite(low)
    assert known.mean() > 0.999
    assert 0.945 <= _coverage(low[known], high[known], of_top / of_bottom) <= 0.985


def test_coverage_of_revenue_growth_and_of_revenue_per_buyer():
    """Two independent sums: 95 %. Buyers and what they pay rise and fall together: more than 95 %."""
    random = np.random.default_rng(20251031)

    def sums(mean: float) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
        orders = [random.gamma(2, 250, size=count) for count in random.poisson(mean, SAMPLES)]
        total, squares = (np.array([(o**power).sum() for o in orders]) for power in (1, 2))
        return (total, *intervals.total(total, squares)), np.array([float(len(o)) for o in orders])

    (before, _), (after, counts) = sums(200), sums(240)
    assert 0.93 <= _coverage(*intervals.ratio(after, before), 1.2) <= 0.965
    buyers = (counts, *intervals.poisson(counts))
    assert _coverage(*intervals.ratio(after, buyers), 500) >= 0.97


def test_coverage_of_the_share_of_the_top_tenth():
    """The border of the top tenth is itself uncertain, which the interval of the weighted mean leaves out.

    Of gamma(1) spending the top tenth has 0.1 (1 + ln 10) = 33 %.
    """
    random = np.random.default_rng(20251031)
    spent = np.sort(random.gamma(1, 100, (SAMPLES, 500)), axis=1)
    top = np.where(np.arange(500) >= 450, spent, 0.0)
    sums, bases = top.sum(axis=1), spent.sum(axis=1)
    residuals = ((top - (sums / bases)[:, None] * spent) ** 2).sum(axis=1)
    assert _coverage(*intervals.weighted(sums, bases, residuals), 0.1 * (1 + np.log(10))) >= 0.95
