"""Chance: our tests and corrections give the numbers that scipy.stats gives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from crmreport.findings.chance import false_discovery, mix_changed, spread, two_sided

RANDOM = np.random.default_rng(20251031)


def test_two_sided() -> None:
    z = np.array([0.0, 1.959964, -2.5758293, 40.0])
    assert two_sided(z) == pytest.approx([1, 0.05, 0.01, 0], abs=1e-7)
    assert np.array_equal(two_sided(z), 2 * stats.norm.sf(np.abs(z)))


def test_the_correction_for_many_tests() -> None:
    # 0.01 4/1, 0.02 4/2, 0.03 4/3 and 0.9: all three small ones fare like the third.
    assert false_discovery(np.array([0.9, 0.03, 0.01, 0.02])) == pytest.approx([0.9, 0.04, 0.04, 0.04])
    p = np.round(RANDOM.random(200) ** 3, 2)  # with many ties
    assert np.array_equal(false_discovery(p), stats.false_discovery_control(p))
    assert len(false_discovery(np.array([]))) == 0


@pytest.mark.parametrize("segments", [2, 3, 7])
def test_whether_the_mix_changed(segments: int) -> None:
    for _ in range(20):
        old, new = RANDOM.integers(1, 200, (2, segments)).astype(float)
        expected = stats.chi2_contingency(np.array([old, new])).pvalue
        assert mix_changed(old, new) == pytest.approx(expected, rel=1e-9)
        gone = np.append(old, 0), np.append(new, 0)  # a segment that nobody is in says nothing
        assert mix_changed(*gone) == pytest.approx(expected, rel=1e-9)


def test_one_segment_has_no_mix() -> None:
    assert mix_changed(np.array([5.0]), np.array([9.0])) == 1


def test_the_spread_of_rows_with_gaps() -> None:
    rows = RANDOM.normal(size=(30, 15))
    rows[RANDOM.random(rows.shape) < 0.3] = np.nan
    expected = stats.median_abs_deviation(rows, axis=1, scale="normal", nan_policy="omit")
    assert np.array_equal(spread(rows), expected)
