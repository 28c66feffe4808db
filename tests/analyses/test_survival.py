"""Survival: curves by hand and by other implementations, late entries, published shifted beta-geometric."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight, survdiff

from crmreport.analyses.analysis import Declined
from crmreport.analyses.pipeline.deal_times import SALES_CYCLE, TIME_TO_CONVERT, count_closing
from crmreport.analyses.retention import sbg
from crmreport.analyses.retention.tenure import TENURE, count_tenures, months_of, watched_from
from crmreport.analyses.survival import (
    count_durations,
    cumulative_incidence,
    log_rank,
    on_days,
    quantile_days,
    survival_curve,
)
from tests.tiny import known_of, tiny_data

SHARED = Path(__file__).parents[3] / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the real data sets are not beside the project")


def counted(days, status, entered=None) -> pd.DataFrame:
    """Count durations; status: 0 open, 1 ended, 2 ended otherwise."""
    status = np.asarray(status)
    rows = pd.DataFrame(
        {
            "entered_days": -1 if entered is None else entered,
            "days": days,
            "ended": (status == 1).astype(int),
            "otherwise": (status == 2).astype(int),
            "open": (status == 0).astype(int),
        }
    )
    return rows.groupby(["entered_days", "days"], as_index=False).sum()


@pytest.fixture(scope="module")
def sample() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    lasting, watched = random.weibull(1.3, 600) * 100, random.uniform(0, 200, 600)
    status = np.where(lasting > watched, 0, np.where(random.random(600) < 0.3, 2, 1))
    return np.floor(np.minimum(lasting, watched)).astype(int), status, random.integers(0, 3, 600)


def test_four_customers_by_hand():
    # Ends on days 1, 2 and 4; one is open since 2 days: 3/4, then 2/3 of that, then nothing.
    curve = survival_curve(counted([1, 2, 2, 4], [1, 1, 0, 1]))
    assert list(curve["days"]) == [1, 2, 4]
    assert list(curve["at_risk"]) == [4, 3, 1]
    assert list(curve["survival"]) == pytest.approx([3 / 4, 1 / 2, 0])
    assert quantile_days(curve)[0] == 2
    assert on_days(curve, np.array([0.0, 1, 3]))["survival"].tolist() == pytest.approx([1, 3 / 4, 1 / 2])


def test_who_enters_late_is_at_risk_only_from_then():
    # The first was seen from day 4 on and ended on day 5: on day 2 only the two others could end.
    curve = survival_curve(counted([5, 2, 9], [1, 1, 0], entered=[4, -1, -1]))
    assert list(curve["at_risk"]) == [2, 2]
    assert list(curve["survival"]) == pytest.approx([1 / 2, 1 / 4])


def test_the_lost_cannot_be_won_any_more():
    # Of four, one is won on day 1, two are lost on day 2, one is won on day 3: a half is won for ever.
    counts = counted([1, 2, 2, 3], [1, 2, 2, 1])
    assert list(cumulative_incidence(counts)["share"]) == pytest.approx([1 / 4, 1 / 4, 1 / 2])
    assert 1 - survival_curve(counts)["survival"].iloc[-1] == 1  # Kaplan-Meier would have all of them won


def test_curve_and_interval_as_scipy_and_statsmodels_have_them(sample):
    days, status, _ = sample
    curve = survival_curve(counted(days, status))
    other = SurvfuncRight(days, status == 1)
    assert curve["survival"].to_numpy() == pytest.approx(other.surv_prob, abs=1e-12)
    assert quantile_days(curve) == (other.quantile(0.5), *other.quantile_ci(0.5, method="cloglog"))
    ecdf = stats.ecdf(stats.CensoredData.right_censored(days.astype(float), status != 1))
    bounds = ecdf.sf.confidence_interval(method="log-log")
    places = np.isin(ecdf.sf.quantiles, curve["days"])
    assert curve["low"].to_numpy() == pytest.approx(bounds.low.probabilities[places], abs=1e-12)
    assert curve["high"].to_numpy() == pytest.approx(bounds.high.probabilities[places], abs=1e-12)


def test_cumulative_incidence_as_statsmodels_has_it(sample):
    days, status, _ = sample
    found = cumulative_incidence(counted(days, status))
    other = CumIncidenceRight(days, status)
    places = np.searchsorted(other.times, found["days"])
    assert found["share"].to_numpy() == pytest.approx(other.cinc[0][places], abs=1e-12)
    assert (found["low"] <= found["share"]).all() and (found["share"] <= found["high"]).all()


def test_the_interval_of_the_cumulative_incidence_covers_the_truth():
    # Two rates of 0.02 and 0.01 a day: by day t, 2/3 (1 - exp(-0.03 t)) have ended in the first way.
    truth, covered = 2 / 3 * (1 - np.exp(-0.03 * 20)), 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        first, second, watched = (random.exponential(mean, 150) for mean in (50, 100, 60))
        lasted = np.minimum(np.minimum(first, second), watched)
        status = np.select([lasted == first, lasted == second], [1, 2], 0)
        at = on_days(cumulative_incidence(counted(lasted, status)), np.array([20.0]), "share").iloc[0]
        covered += at["low"] <= truth <= at["high"]
    assert 180 <= covered <= 199  # 190 expected


def test_log_rank_as_statsmodels_and_scipy_have_it(sample):
    days, status, group = sample
    days = days + 20 * (group == 2)
    groups = {str(g): counted(days[group == g], status[group == g]) for g in range(3)}
    assert log_rank(groups) == pytest.approx(survdiff(days, status == 1, group)[1], rel=1e-9)
    two = [
        stats.CensoredData.right_censored(days[group == g].astype(float), status[group == g] != 1)
        for g in (0, 1)
    ]
    expected = stats.logrank(*two).pvalue
    assert log_rank({g: groups[g] for g in ("0", "1")}) == pytest.approx(expected, rel=1e-9)
    assert np.isnan(log_rank({"0": groups["0"]}))


@pytest.mark.parametrize(
    ("survivors", "parameters"),
    [
        ([1000, 869, 743, 653, 593, 551, 517, 491], [0.668, 3.806]),
        ([1000, 631, 468, 382, 326, 289, 262, 241], [0.704, 1.182]),
    ],
)
def test_shifted_beta_geometric_as_published(survivors, parameters):
    stayed = np.zeros(8)
    stayed[7] = survivors[-1]
    fitted = sbg.fit(-np.diff(survivors), stayed)
    assert list(fitted.values.round(3)) == parameters


def test_shifted_beta_geometric_by_hand():
    # alpha = beta = 1: a half stays the first month, a third two months, a quarter three.
    parameters = np.array([1.0, 1.0])
    assert sbg.survival(parameters, np.arange(4.0)) == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4])
    assert sbg.retention(parameters, np.arange(2.0)) == pytest.approx([1 / 2, 2 / 3])
    assert sbg.months_to_come(parameters, 0, 2) == pytest.approx(1 / 2 + 1 / 3)
    value, _ = sbg.log_likelihood(parameters, np.array([1.0, 0]), np.array([0, 1.0]))
    assert value == pytest.approx(np.log(1 / 2) + np.log(1 / 2))


def test_shifted_beta_geometric_finds_known_parameters_with_late_entries():
    random = np.random.default_rng(1)
    lasts = random.geometric(random.beta(0.8, 6.0, 20_000)) - 1  # whole months stayed before leaving
    age = random.integers(1, 60, 20_000)  # months since joining, when the records end
    entered = np.where(random.random(20_000) < 0.5, np.minimum(random.integers(0, 30, 20_000), age - 1), 0)
    seen = lasts >= entered  # the others had left before anything was recorded
    left = seen & (lasts < age)
    stays = seen & ~left
    fitted = sbg.fit(
        np.bincount(lasts[left], minlength=60),
        np.bincount(age[stays], minlength=60),
        np.bincount(entered[seen]),
    )
    error = np.sqrt(np.diag(fitted.log_covariance))
    assert (np.abs(np.log(fitted.values) - np.log([0.8, 6.0])) < 3.5 * error).all()


def test_open_rows_count_until_the_last_known_day_and_late_ones_from_the_first_recorded_end():
    text = """
    customer_id joined_at left_at
    a 2025-01-01 2025-01-11
    b 2025-01-21 -
    c 2024-12-01 2025-01-31
    d 2025-03-01 -
    e - 2025-01-15
    """
    known = known_of(tiny_data(customers=text), "2025-01", metrics=())
    customers = known.tables["customers"]
    found = count_tenures(customers, date(2025, 2, 1), watched_from(customers))
    rows = found.set_index("days")
    assert list(found["days"]) == [10, 10, 61]
    assert found["ended"].sum() == 2 and found["open"].sum() == 1
    assert rows.loc[61, "entered_days"] == 40  # leaving was first recorded on 11 January, 41 days on
    whole = count_durations(
        known.tables["customers"],
        known.tables["customers"].joined_at,
        known.tables["customers"].left_at,
        date(2025, 2, 1),
    )
    assert set(whole["entered_days"]) == {-1}


def pipeline(growth: float, seed: int = 7) -> pd.DataFrame:
    """Opportunities that take 60 days in the median, more of them every day."""
    random = np.random.default_rng(seed)
    created = np.floor(365 * random.power(growth, 3000)).astype(int)
    takes = np.ceil(random.exponential(60 / np.log(2), 3000)).astype(int)
    start = pd.Timestamp("2024-01-01")
    closed = created + takes
    return pd.DataFrame(
        {
            "opportunity_id": [f"p{n}" for n in range(3000)],
            "created_at": [(start + pd.Timedelta(days=int(d))).isoformat() for d in created],
            "closed_at": [
                (start + pd.Timedelta(days=int(d))).isoformat() if d < 366 else None for d in closed
            ],
            "is_won": [
                str(w).lower() if d < 366 else None for w, d in zip(takes % 2 == 0, closed, strict=True)
            ],
            "lead_source": np.where(random.random(3000) < 0.5, "Search", "Fair"),
        }
    )


def test_the_sales_cycle_is_not_that_of_the_closed_ones_alone():
    data = tiny_data(as_of=date(2024, 12, 31), opportunities=pipeline(growth=3))
    known = known_of(data, "2024-12", metrics=())
    frames = SALES_CYCLE.compute(known)
    whole = frames["medians"].iloc[0]
    assert whole["low"] <= 61 and whole["high"] >= 60  # days are whole, rounded up
    assert whole["naive_median_days"] < 45
    assert whole["rows"] == whole["ended"] + whole["open"] == 3000
    assert set(frames["curve"]["segment"]) == {"all", "Fair", "Search"}
    for analysis, computed in ((SALES_CYCLE, frames), (TIME_TO_CONVERT, TIME_TO_CONVERT.compute(known))):
        for name, columns in analysis.columns.items():
            assert list(computed[name].columns) == list(columns)
    shares = TIME_TO_CONVERT.compute(known)["shares"]
    at_60 = shares[(shares["segment"] == "all") & (shares["days"] == 60)].iloc[0]
    assert at_60["low"] < 0.25 < at_60["high"]  # a half is closed by then, half of it won


def test_too_few_closed_ones_are_declined():
    data = tiny_data(as_of=date(2024, 12, 31), opportunities=pipeline(growth=3).head(25))
    with pytest.raises(Declined, match="have been closed"):
        SALES_CYCLE.compute(known_of(data, "2024-12", metrics=()))


@needs_shared
def test_subscribers_with_internet_by_month_stay_34_months_in_the_median():
    raw = pd.read_parquet(SHARED / "telco_churn_ibm" / "Telco_customer_churn.parquet")
    raw = raw[(raw["Contract"] == "Month-to-month") & (raw["Internet Service"] != "No")]
    months = raw["Tenure Months"].astype(int)
    joined = [pd.Timestamp("2018-09-30") - pd.DateOffset(months=int(m)) for m in months]
    customers = pd.DataFrame(
        {
            "customer_id": raw["CustomerID"],
            "joined_at": [day.isoformat() for day in joined],
            "left_at": np.where(raw["Churn Label"] == "Yes", "2018-09-30", None),
            "tier": np.where(raw["Gender"] == "Male", "one", "other"),
        }
    )
    data = tiny_data(first_day=date(2012, 1, 1), as_of=date(2018, 9, 30), customers=customers)
    frames = TENURE.compute(known_of(data, "2018-09", metrics=()))
    whole = frames["medians"].iloc[0]
    assert (whole["rows"], whole["ended"]) == (3351, 1556)
    assert round(whole["median_days"] / (365.25 / 12)) == 34
    for name, columns in TENURE.columns.items():
        assert list(frames[name].columns) == list(columns)
    table = data.tables["customers"]
    left, stayed, late = months_of(count_tenures(table, date(2018, 10, 1), watched_from(table)))
    assert (left.sum(), stayed.sum(), late.sum()) == (1556, 3351 - 1556, 0)


@needs_shared
def test_the_sales_cycle_of_the_teaching_set_is_longer_than_its_closed_deals_say():
    raw = pd.read_csv(SHARED / "crm_sales_opportunities" / "sales_pipeline.csv")
    raw = raw[raw["engage_date"].notna()]
    deals = pd.DataFrame(
        {
            "opportunity_id": raw["opportunity_id"],
            "created_at": raw["engage_date"],
            "closed_at": raw["close_date"].where(raw["close_date"].notna(), None),
            "is_won": (raw["deal_stage"] == "Won").astype(str).str.lower(),
        }
    )
    data = tiny_data(first_day=date(2016, 10, 1), as_of=date(2017, 12, 31), opportunities=deals)
    known = known_of(data, "2017-12", metrics=())
    curve = survival_curve(count_closing(known.facts["opportunities"], date(2018, 1, 1)))
    assert SALES_CYCLE.compute(known)["medians"].iloc[0]["naive_median_days"] == 45
    assert quantile_days(curve)[0] == 69
