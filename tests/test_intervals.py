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
    low, high = intervals.median([values, None], np.array([100.0, 0.0]))
    assert (low[0], high[0]) == pytest.approx((50.5 - 9.7, 50.5 + 9.7), abs=0.1)
    assert np.isnan(low[1])


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
    grids = list(np.quantile(waits, intervals.QUANTILES, axis=1).T)
    found["median"] = _coverage(*intervals.median(grids, n), 110)

    assert all(0.935 <= share <= 0.965 for share in found.values()), found
