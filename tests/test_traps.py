"""Traps: what makes figures lie, each with its number.

Others stand beside what they are about: the three conversion, bounce and win rates and the edges of periods
in tests/metrics, the mix that hides the rates and the corrected tests in test_findings, late answers and open
deals in test_survival, vintages in test_market_position, hidden cells in test_cube.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from crmreport.analyses import ANALYSES
from crmreport.analyses.value import bgnbd
from crmreport.analyses.value.counts import Counts
from crmreport.findings.decompose import mix_and_rate
from crmreport.findings.detect import find_changes
from crmreport.metrics.customers import REPEAT_PURCHASE_RATE
from crmreport.metrics.sales import REVENUE, REVENUE_PER_ORDER
from crmreport.metrics.satisfaction import CSAT, RESPONSE_RATE
from tests.test_findings import BEFORE, NOW, cube, of_two, whole_and_parts
from tests.tiny import cube_of, figure, tiny_data


def test_a_mean_of_ratios_is_no_ratio_of_sums():
    """North 1 order of 1,000, South 9 of 10: 109 per order, and not the 505 of the mean of 1,000 and 10."""
    orders = "order_id customer_id ordered_at amount\n0 n 2025-04-01 1000\n" + "".join(
        f"{number} s 2025-04-02 10\n" for number in range(1, 10)
    )
    customers = "customer_id region\nn North\ns South\n"
    data = tiny_data(orders=orders, customers=customers)
    found = cube_of(data, "2025-04", metrics=(REVENUE_PER_ORDER,))
    assert figure(found, REVENUE_PER_ORDER, "2025-04")["value"] == 109
    assert figure(found, REVENUE_PER_ORDER, "2025-04", "region", "North")["value"] == 1000
    assert figure(found, REVENUE_PER_ORDER, "2025-04", "region", "South")["value"] == 10


def test_a_refund_counts_when_it_is_given():
    """Sold in April for 100 and given back in May: 100 and -100, and never 0 and 0."""
    data = tiny_data(
        orders="""
        order_id customer_id ordered_at amount
        1        ann         2025-04-30 100
        2        ann         2025-05-02 -100
        """
    )
    found = cube_of(data, "2025-04", "2025-05", metrics=(REVENUE,))
    assert [figure(found, REVENUE, period)["value"] for period in ("2025-04", "2025-05")] == [100, -100]


def test_recent_customers_are_not_yet_lost_ones():
    """Of two customers of January one came back; the ten of March are judged in June, not in April."""
    rows = [("a", "2025-01-05"), ("a", "2025-02-05"), ("b", "2025-01-06")]
    rows += [(f"c{n}", "2025-03-20") for n in range(10)]
    orders = pd.DataFrame(
        [(str(n), who, day, "1") for n, (who, day) in enumerate(rows)],
        columns=["order_id", "customer_id", "ordered_at", "amount"],
    )
    data = tiny_data(orders=orders, as_of=date(2025, 6, 30))
    found = cube_of(data, "2025-04", "2025-06", metrics=(REPEAT_PURCHASE_RATE,))
    april, june = (figure(found, REPEAT_PURCHASE_RATE, period) for period in ("2025-04", "2025-06"))
    assert (april["numerator"], april["denominator"]) == (1, 2)
    assert (june["numerator"], june["denominator"]) == (0, 10)


def test_who_answers_is_not_who_was_asked():
    """All of those who answer are satisfied, and three of four have not answered."""
    invitations = """
    invitation_id customer_id invited_at answered_at
    1             ann         2025-04-01 2025-04-02
    2             bob         2025-04-01 -
    3             cyd         2025-04-01 -
    4             dee         2025-04-01 -
    """
    feedback = "feedback_id customer_id answered_at csat\n1 ann 2025-04-02 5\n"
    data = tiny_data(feedback=feedback, invitations=invitations)
    found = cube_of(data, "2025-04", metrics=(CSAT, RESPONSE_RATE))
    assert figure(found, CSAT, "2025-04")["value"] == 1
    assert figure(found, RESPONSE_RATE, "2025-04")["value"] == 0.25


def test_another_mix_of_answers_is_no_change_of_satisfaction():
    """Web 80 of 100 and phone 10 of 20, then 40 of 50 and 35 of 70: 75.0 % to 62.5 % by the mix alone."""
    old, new = {"Web": (80, 100), "Phone": (10, 20)}, {"Web": (40, 50), "Phone": (35, 70)}
    total, parts = whole_and_parts(of_two(CSAT, old, new))
    assert (total["before_value"], total["after_value"]) == (0.75, 0.625)
    mix = mix_and_rate(CSAT, parts, total, "lead_source")
    assert mix is not None
    assert (mix.rate, mix.mix) == pytest.approx((0, -0.125), abs=1e-12)


def test_of_many_comparisons_without_a_change_few_are_called_clear():
    """Twenty segments, chance alone, 200 times: without correction some 64 % of the reviews would err."""
    draw = np.random.default_rng(20)
    wrong = alone = 0
    for _ in range(200):
        both = [
            {f"s{n}": (int(k), 400) for n, k in enumerate(draw.binomial(400, 0.8, 20))} for _side in range(2)
        ]
        _, parts = whole_and_parts(find_changes(cube(CSAT, {BEFORE: both[0], NOW: both[1]}), NOW, ()))
        wrong += bool(parts["is_clear"].any())
        alone += bool((parts["p"] < 0.05).any())
    assert alone / 200 == pytest.approx(1 - 0.95**20, abs=0.08)
    assert wrong <= stats.binom.ppf(0.999, 200, 0.05)


def test_the_best_of_last_year_are_not_as_good_next_year():
    """All buy alike, 4 times a year. The best tenth did so 8 times or more; next year it will be 4 again."""
    draw = np.random.default_rng(12)
    weeks, customers = 52.0, 4000
    counts = draw.poisson(4, customers)
    last = np.where(counts > 0, weeks * draw.random(customers) ** (1 / np.maximum(counts, 1)), 0)
    known_for = np.full(customers, weeks)
    model = bgnbd.fit(Counts(counts.astype(float), last, known_for, np.ones(customers)))
    best = counts >= np.quantile(counts, 0.9)
    expected = bgnbd.expected(model.values, weeks, counts.astype(float), last, known_for)[best].mean()
    assert counts[best].mean() > 6.9
    assert expected == pytest.approx(4, abs=0.5)


@pytest.mark.parametrize("name", ["response_time", "budget", "forecast"])
def test_what_goes_together_is_not_called_a_cause(name: str):
    (analysis,) = (a for a in ANALYSES if a.name == name)
    said = f"{analysis.definition} {analysis.trap}".lower()
    assert any(word in said for word in ("cause", "causal", "association", "observ"))
