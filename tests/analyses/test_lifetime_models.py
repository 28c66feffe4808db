"""BG/NBD, Pareto/NBD, Gamma-Gamma: published results, other implementations, and known parameters."""

from __future__ import annotations

import warnings
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gammaln, hyp2f1, roots_jacobi

from crmreport.analyses.value import bgnbd, gamma_gamma, pareto_nbd
from crmreport.analyses.value.counts import Counts, count_customers
from crmreport.analyses.value.lifetime_model import simulated_days
from crmreport.analyses.value.purchase_history import purchase_history
from tests.tiny import known_of, tiny_data

CDNOW = Path(__file__).parents[3] / "shared" / "data" / "cdnow"
needs_cdnow = pytest.mark.skipif(not CDNOW.is_dir(), reason="the CDNOW data are not beside the project")
MODELS = (bgnbd, pareto_nbd)


def counts(x, last, observed) -> Counts:
    history = {"repeat_days": x, "weeks_to_last": last, "weeks_observed": observed}
    return count_customers(pd.DataFrame({k: np.asarray(v, dtype=float) for k, v in history.items()}))


@pytest.fixture(scope="module")
def summary() -> pd.DataFrame:
    return pd.read_parquet(CDNOW / "cdnow_customers_summary_with_transactions.parquet")


@needs_cdnow
def test_bgnbd_on_cdnow_as_published(summary):
    fitted = bgnbd.fit(counts(summary["x"], summary["t_x"], summary["T"]))
    assert list(fitted.values.round(3)) == [0.243, 4.414, 0.793, 2.426]
    assert round(fitted.log_likelihood, 1) == -9582.4
    assert not fitted.at_border
    nobody = np.zeros(1)
    assert bgnbd.expected(fitted.values, 39, nobody, nobody, nobody)[0] == pytest.approx(1.195, abs=5e-4)
    one = [np.array([v]) for v in (2.0, 30.43, 38.86)]
    assert bgnbd.expected(fitted.values, 39, *one)[0] == pytest.approx(1.226, abs=5e-4)


@needs_cdnow
def test_pareto_nbd_on_cdnow_as_published(summary):
    fitted = pareto_nbd.fit(counts(summary["x"], summary["t_x"], summary["T"]))
    # Ours has 11.668 for beta, at a log-likelihood that rounds to the published one.
    assert fitted.values == pytest.approx([0.553, 10.578, 0.606, 11.669], abs=1.5e-3)
    assert round(fitted.log_likelihood, 1) == -9595.0


@needs_cdnow
def test_gamma_gamma_on_cdnow_as_published(summary):
    repeaters = summary[summary["x"] > 0]
    assert len(repeaters) == 946
    fitted = gamma_gamma.fit(repeaters["x"].to_numpy(float), repeaters["zbar"].to_numpy(float))
    assert fitted.values == pytest.approx([6.25, 3.74, 15.44], abs=0.01)
    assert round(fitted.log_likelihood, 2) == -4055.92


@needs_cdnow
def test_the_raw_purchases_give_the_published_parameters():
    raw = pd.read_parquet(CDNOW / "cdnow_sample.parquet")
    orders = pd.DataFrame(
        {
            "order_id": [str(n) for n in range(len(raw))],
            "customer_id": raw["customer_id"].astype(str),
            "ordered_at": raw["date"].dt.strftime("%Y-%m-%d"),
            "amount": raw["amount"].astype(str),
        }
    )
    data = tiny_data(first_day=date(1997, 1, 1), as_of=date(1998, 6, 30), orders=orders)
    known = known_of(data, "1997-09", metrics=())
    history = purchase_history(known.facts["orders"], date(1997, 10, 1))
    assert len(history) == 2357
    assert int((history["repeat_days"] > 0).sum()) == 946
    fitted = bgnbd.fit(count_customers(history))
    assert list(fitted.values.round(2)) == [0.24, 4.41, 0.79, 2.43]


def usual_log_likelihood(parameters, x, last, observed) -> float:
    """Pareto/NBD as it is usually written (Fader and Hardie 2005), by the hypergeometric function."""
    r, alpha, s, beta = parameters
    high, low, power = (alpha, beta, s + 1) if alpha >= beta else (beta, alpha, r + x)

    def term(t: float) -> float:
        n = r + s + x
        return hyp2f1(n, power, n + 1, (high - low) / (high + t)) / (high + t) ** n

    whole = 1 / ((alpha + observed) ** (r + x) * (beta + observed) ** s)
    whole += s / (r + s + x) * (term(last) - term(observed))
    return gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta) + np.log(whole)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.tuples(*[st.floats(0.1, 20.0)] * 4),
    st.integers(0, 8),
    st.floats(0.0, 1.0),
    st.floats(1.0, 150.0),
)
def test_pareto_nbd_agrees_with_its_usual_formula(parameters, x, part, observed):
    last = observed * part if x else 0.0
    found, _ = pareto_nbd.log_likelihood(np.array(parameters), counts([x], [last], [observed]))
    with np.errstate(all="ignore"):
        usual = usual_log_likelihood(parameters, x, last, observed)
    if np.isfinite(usual):
        assert found == pytest.approx(usual, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.tuples(*[st.floats(0.1, 20.0)] * 4), st.integers(0, 400), st.floats(0, 1), st.floats(1, 200))
def test_the_slopes_are_those_of_the_likelihood(model, parameters, x, part, observed):
    given_counts = counts([x, 0], [observed * part if x else 0, 0], [observed, observed])
    at = np.array(parameters)
    _, slopes = model.log_likelihood(at, given_counts)
    for place in range(4):
        step = np.zeros(4)
        step[place] = at[place] * 1e-5
        up, down = (model.log_likelihood(at + sign * step, given_counts)[0] for sign in (1, -1))
        assert slopes[place] == pytest.approx((up - down) / (2 * step[place]), rel=1e-3, abs=2e-3)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.floats(0.1, 20),
    st.floats(0.5, 100),
    st.floats(0.05, 10),
    st.floats(0.2, 200),
    st.integers(0, 500),
    st.floats(1, 150),
)
def test_bgnbd_expectation_is_the_integral_over_the_chance_to_leave(r, alpha, a, b, x, observed):
    weeks = 52.0
    found = bgnbd.expected_if_alive(np.array([r, alpha, a, b]), weeks, np.array([x]), np.array([observed]))[0]
    # Of a customer with the chance p: (1 - (1 + p t / (alpha + T)) ** -(r + x)) / p; p is beta (a, b + x).
    nodes, weights = roots_jacobi(200, b + x - 1, a - 1)
    p = (nodes + 1) / 2
    of_chance = -np.expm1(-(r + x) * np.log1p(p * weeks / (alpha + observed))) / p
    assert found == pytest.approx(float(weights @ of_chance) / weights.sum(), rel=1e-5)


def test_a_certain_case_by_hand():
    # alpha = T = 10, r = 1, x = 1, a = b = 1: the odds to have left at the purchase at week 0 of 10 are
    # a / (b + x - 1) * ((10 + 10) / (10 + 0)) ** 2 = 4.
    found = bgnbd.alive(np.array([1.0, 10, 1, 1]), np.array([1]), np.array([0.0]), np.array([10.0]))
    assert found[0] == pytest.approx(1 / 5)
    # p = 2, q = 3, gamma = 10, two purchases of 20: 2 * (10 + 2 * 20) / (2 * 2 + 3 - 1)
    spent = gamma_gamma.expected(np.array([2.0, 3, 10]), np.array([2.0, 0]), np.array([20.0, 0]))
    assert list(spent) == pytest.approx([100 / 6, 2 * 10 / 2])


@pytest.mark.parametrize("model", MODELS)
def test_chances_and_expectations_by_simulation(model):
    parameters = np.array([0.8, 6.0, 0.9, 3.0 if model is bgnbd else 30.0])
    random = np.random.default_rng(5)
    many = 400_000
    x, last, observed = np.full(many, 3.0), np.full(many, 20.0), np.full(many, 30.0)
    drawn = simulated_days(model, parameters, 26.0, x, last, observed, random, np.full(len(x), True))
    expected = model.expected(parameters, 26.0, x[:1], last[:1], observed[:1])[0]
    assert drawn.mean() == pytest.approx(expected, abs=5 * drawn.std() / np.sqrt(many))


def simulated(model, parameters, customers: int, seed: int) -> pd.DataFrame:
    """Purchases of customers as the model's story tells them, day by day forgotten: exact times."""
    r, alpha, third, fourth = parameters
    random = np.random.default_rng(seed)
    observed = random.uniform(30, 104, customers)
    rate = random.gamma(r, 1 / alpha, customers)
    gaps = random.exponential(1, (customers, 400)) / rate[:, None]
    times = np.cumsum(gaps, axis=1)
    if model is bgnbd:
        leaves = random.random((customers, 400)) < random.beta(third, fourth, customers)[:, None]
        # After the first purchase (time 0) nobody leaves; after a repeat purchase one may.
        may = np.cumsum(np.concatenate([np.zeros((customers, 1)), leaves[:, :-1]], axis=1), axis=1) == 0
    else:
        gone = random.exponential(1, customers) / random.gamma(third, 1 / fourth, customers)
        may = times < gone[:, None]
    bought = may & (times < observed[:, None])
    return pd.DataFrame(
        {
            "repeat_days": bought.sum(axis=1),
            "weeks_to_last": np.where(bought, times, 0).max(axis=1),
            "weeks_observed": observed,
        }
    )


@pytest.mark.parametrize(
    ("model", "true"), [(bgnbd, [0.6, 8.0, 0.9, 4.0]), (pareto_nbd, [0.7, 9.0, 0.8, 25.0])]
)
def test_known_parameters_are_found_again(model, true):
    fitted = model.fit(count_customers(simulated(model, true, 6000, seed=11)))
    error = np.sqrt(np.diag(fitted.log_covariance))
    assert (np.abs(np.log(fitted.values) - np.log(true)) < 3.5 * error).all()
    assert (error < 0.5).all()


def test_gamma_gamma_finds_known_parameters_and_does_not_mind_the_unit():
    random = np.random.default_rng(3)
    x = random.integers(1, 8, 5000).astype(float)
    rate = random.gamma(3.5, 1 / 20.0, 5000)
    mean = random.gamma(2.0 * x) / rate / x
    fitted = gamma_gamma.fit(x, mean)
    error = np.sqrt(np.diag(fitted.log_covariance))
    assert (np.abs(np.log(fitted.values) - np.log([2.0, 3.5, 20.0])) < 3.5 * error).all()
    in_cents = gamma_gamma.fit(x, mean * 100)
    assert in_cents.values == pytest.approx(fitted.values * [1, 1, 100], rel=1e-5)
    assert in_cents.log_likelihood == pytest.approx(fitted.log_likelihood - 5000 * np.log(100))


def test_what_lifetimes_gives_for_the_same_purchases():
    history = simulated(bgnbd, [0.5, 6.0, 0.8, 3.0], 1500, seed=2)
    ours = bgnbd.fit(count_customers(history))
    x, last, observed = (history[c] for c in ("repeat_days", "weeks_to_last", "weeks_observed"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is older than the NumPy and pandas of today
        from lifetimes import BetaGeoFitter

        other = BetaGeoFitter()
        other.fit(x, last, observed)
        alive = other.conditional_probability_alive(x, last, observed)
        expected = other.conditional_expected_number_of_purchases_up_to_time(26, x, last, observed)
    assert ours.values == pytest.approx(other.params_[["r", "alpha", "a", "b"]].to_numpy(), rel=0.01)
    theirs = other.params_[["r", "alpha", "a", "b"]].to_numpy(dtype=float)
    assert bgnbd.alive(theirs, x, last, observed) == pytest.approx(np.asarray(alive), abs=1e-6)
    own = bgnbd.expected(theirs, 26, x.to_numpy(), last.to_numpy(), observed.to_numpy())
    assert own == pytest.approx(np.asarray(expected), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("model", MODELS)
def test_the_order_of_customers_changes_nothing_and_equal_ones_are_counted(model):
    history = simulated(model, [0.6, 8.0, 0.9, 10.0], 400, seed=4).round(0)
    first = model.fit(count_customers(history))
    again = model.fit(count_customers(history.sample(frac=1, random_state=1)))
    assert (first.values == again.values).all()
    assert len(count_customers(history).customers) < 400 == count_customers(history).total


def test_amounts_that_are_not_positive_are_refused():
    with pytest.raises(ValueError, match="above zero"):
        gamma_gamma.fit(np.array([1.0, 2.0]), np.array([5.0, 0.0]))
    with pytest.raises(ValueError, match="no customers"):
        bgnbd.fit(counts([], [], []))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.floats(0.1, 50), st.floats(0.1, 500), st.floats(1, 400), st.integers(0, 500), st.floats(1, 150))
def test_bgnbd_expectation_holds_where_hardly_anybody_is_unlike_the_others(r, alpha, size, x, observed):
    # A beta (0.06 n, 0.94 n) of a great n is the probability 0.06 for everybody: the integral is one value.
    parameters = np.array([r, alpha, 0.06 * size * 1000, 0.94 * size * 1000])
    found = bgnbd.expected_if_alive(parameters, 52.0, np.array([0.0, 1.0 * x]), np.array([observed] * 2))
    p = parameters[2] / (parameters[2] + parameters[3] + np.array([0, x]))
    usual = (1 - (1 + p * 52 / (alpha + observed)) ** -(r + np.array([0, x]))) / p
    assert found == pytest.approx(usual, rel=0.02)
