"""Response time against satisfaction: bins by hand, second opinions, planted and absent slopes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.contingency_tables import Table

from crmreport.analyses.analysis import Declined, Frames, Known
from crmreport.analyses.voices.response_time import (
    RESPONSE_TIME,
    binned,
    by_channel,
    cases_with_answers,
    slopes,
    trend_test,
)
from crmreport.config import Settings, read_project
from crmreport.periods import Calendar
from crmreport.tables.data import Data, read_data
from crmreport.tables.facts import facts
from crmreport.tables.until import until
from tests.conftest import ROOT
from tests.test_projects import PROJECTS, SHARED
from tests.tiny import known_of, tiny_data


def cases(minutes: list[float], csat: list[float], customer: list[str] | None = None) -> pd.DataFrame:
    who = customer or [f"c{i}" for i in range(len(minutes))]
    return pd.DataFrame({"minutes": minutes, "csat": csat, "customer": who})


@cache
def data_of(folder: Path) -> Data:
    return read_data(read_project(folder))


def known_at_end(folder: Path, name: str) -> Known:
    data = data_of(folder)
    period = Calendar().period(name)
    cut = until(data, period.end)
    return Known(
        data=cut,
        facts=facts(cut, (period,), 90),
        period=period,
        periods=(period,),
        cube=pd.DataFrame(),
        settings=Settings(company="Any"),
    )


def computed(known: Known) -> Frames:
    frames = RESPONSE_TIME.compute(known)
    assert {name: list(frame.columns) for name, frame in frames.items()} == {
        name: list(columns) for name, columns in RESPONSE_TIME.columns.items()
    }
    return frames


TINY = {
    "interactions": """
        interaction_id customer_id direction opened_at        first_response_at contact_channel
        i1             c1          inbound   2025-03-01T10:00 2025-03-01T10:05  chat
        i2             c2          inbound   2025-03-01T10:00 2025-03-01T10:30  chat
        i3             c3          -         2025-03-01T10:00 -                 mail
        i4             c4          outbound  2025-03-01T10:00 2025-03-01T10:30  chat
    """,
    "feedback": """
        feedback_id customer_id answered_at      interaction_id csat
        f1          c1          2025-03-02T10:00 i1             2
        f2          c1          2025-03-03T10:00 i1             5
        f3          c1          2025-03-04T10:00 i1             -
        f4          c4          2025-03-04T10:00 i4             1
        f5          c3          2025-03-04T10:00 -              1
    """,
}


def test_each_contact_from_a_customer_has_its_latest_answer():
    known = known_of(tiny_data(**TINY), "2025-03")
    joined = cases_with_answers(known.facts["interactions"], known.tables["feedback"]).to_pandas()
    rows = joined.sort_values("customer_id").to_dict("list")
    assert rows["customer_id"] == ["c1", "c2", "c3"]
    assert rows["contact_channel"] == ["chat", "chat", "mail"]
    assert rows["minutes"][:2] == [5, 30]
    assert rows["csat"][0] == 5
    assert np.isnan([rows["minutes"][2], *rows["csat"][1:]]).all()


def test_too_few_answers_are_declined():
    with pytest.raises(Declined) as reason:
        RESPONSE_TIME.compute(known_of(tiny_data(**TINY), "2025-03"))
    assert reason.value.phrase.values == {"count": 1, "least": 100}
    assert "Only 1 answers" in reason.value.phrase.say("en")


def test_bins_close_at_their_end_and_join_until_enough_customers_answered():
    # Within 1, 2 and 5 minutes: 2, 2 and 3 answers. Two customers are enough, one is not.
    waits = [0.5, 1, 1.5, 2, 2.01, 4, 5, 9]
    found = binned(cases(waits, [5, 5, 4, 1, 4, 1, 2, 1]), 2)
    fixed = found[found["kind"] == "fixed"]
    assert list(fixed["from_minutes"]) == [0, 1, 2]
    assert list(fixed["to_minutes"][:2]) == [1, 2]
    assert fixed["to_minutes"].isna().iloc[-1]  # 9 minutes has one customer and is joined to the bin before
    assert list(fixed["answers"]) == [2, 2, 4]
    assert list(fixed["satisfied"]) == [2, 1, 1]
    assert list(fixed["csat"]) == [1, 1 / 2, 1 / 4]
    same_person = binned(cases(waits, [5] * 8, ["c"] * 8), 2)
    assert same_person.empty


def test_those_who_do_not_answer_are_counted_too():
    nothing = float("nan")
    waits = [1, 1, 1, 1, 90, 90, 90, nothing]
    fixed = binned(cases(waits, [5, 4, 1, nothing, 1, nothing, nothing, 1]), 1).query("kind == 'fixed'")
    assert list(fixed["cases"]) == [4, 3]  # the one without a response is in no bin
    assert list(fixed["answers"]) == [3, 1]
    assert list(fixed["answer_share"]) == [3 / 4, 1 / 3]


def test_the_trend_test_by_hand_and_as_statsmodels_has_it():
    # Shares 8/10, 5/10, 2/10 at scores 0, 1, 2: sum (x - 1) r = -8 + 2 = -6; variance 1/4 * 20 = 5.
    z, p = trend_test([8, 5, 2], [10, 10, 10], [0, 1, 2])
    assert z == pytest.approx(-6 / np.sqrt(5))
    rng = np.random.default_rng(3)
    n = rng.integers(30, 200, 6)
    good = rng.binomial(n, np.linspace(0.7, 0.6, 6))
    z, p = trend_test(good, n, np.arange(6))
    table = Table(np.column_stack([n - good, good]), shift_zeros=False)
    other = table.test_ordinal_association(row_scores=np.arange(6), col_scores=np.arange(2))
    # That one conditions on both margins, which makes its variance n / (n - 1) times as large.
    assert z == pytest.approx(other.zscore * np.sqrt(n.sum() / (n.sum() - 1)))
    assert p == pytest.approx(other.pvalue, rel=0.02)
    assert np.isnan(trend_test([5, 5], [5, 5], [0, 1])).all()


def simulated(slope: float, seed: int, confounded: float = 0) -> pd.DataFrame:
    """Draw answers with that slope per doubling; `confounded` slows and sours one stratum."""
    rng = np.random.default_rng(seed)
    n = 4000
    hard = rng.random(n) < 0.5
    doublings = rng.normal(6, 1.5, n) + confounded * hard
    odds = 1 + slope * (doublings - 6) - confounded * hard
    satisfied = rng.random(n) < 1 / (1 + np.exp(-odds))
    frame = cases(list(2**doublings), list(np.where(satisfied, 5.0, 2.0)))
    return frame.assign(stratum=np.where(hard, "hard", "easy"))


def test_a_known_slope_is_found_and_covered():
    truth = -0.3
    found = [slopes(simulated(truth, seed)).iloc[0] for seed in range(12)]
    assert sum(row["low"] <= np.exp(truth) <= row["high"] for row in found) >= 11
    assert np.mean([np.log(row["odds_ratio"]) for row in found]) == pytest.approx(truth, abs=0.02)
    assert all(row["share_change"] < 0 for row in found)


def test_difficult_cases_that_wait_longer_are_adjusted_for():
    unadjusted, adjusted = slopes(simulated(0, 5, confounded=1.5)).to_dict("records")
    assert unadjusted["high"] < 1
    assert adjusted["low"] < 1 < adjusted["high"]
    assert (unadjusted["strata"], adjusted["strata"]) == (1, 2)


def test_answers_of_one_customer_count_as_one_voice():
    once = simulated(-0.2, 8).head(400)
    many = pd.concat([once] * 5, ignore_index=True)  # each customer says the same five times
    one, five = slopes(once).iloc[0], slopes(many).iloc[0]
    assert five["customers"] == 400
    assert five["odds_ratio"] == pytest.approx(one["odds_ratio"])
    assert five["high"] - five["low"] == pytest.approx(one["high"] - one["low"], rel=0.01)


def test_nothing_is_fitted_to_a_handful_of_dissatisfied():
    few = simulated(0, 1).assign(csat=5.0)
    few.loc[:8, "csat"] = 1.0
    assert slopes(few).empty
    assert list(slopes(few.assign(csat=np.where(few.index < 15, 1.0, 5.0)))["model"]) == ["unadjusted"]


def test_channels_with_few_customers_are_not_shown():
    frame = cases([1, 3, 5, 10, 20, float("nan")], [5, 4, 1, 1, 1, float("nan")])
    frame["segment"] = ["chat", "chat", "chat", "mail", "mail", "mail"]
    shown = by_channel(frame, 2)
    assert list(shown["contact_channel"]) == ["chat", "mail"]
    assert list(shown["median_minutes"]) == [3, 20]
    assert list(shown["csat"]) == [2 / 3, 0]
    assert list(shown["answer_share"]) == [1, 2 / 3]
    # Mail has two customers who answered; alone withheld, it could be computed from the whole.
    assert by_channel(frame, 3).empty


def test_the_sample_has_no_slope_before_the_north_slows_down_and_one_after():
    before = computed(known_at_end(ROOT, "2025-06"))["slopes"].set_index("model")
    after = computed(known_at_end(ROOT, "2025-10"))
    assert before.loc["adjusted", "low"] < 1 < before.loc["adjusted", "high"]
    found = after["slopes"].set_index("model")
    assert found["high"].max() < 0.95
    assert after["trend"].loc[0, "p"] < 1e-6
    assert after["trend"].loc[0, "z"] < 0
    fixed = after["bins"].query("kind == 'fixed'")
    assert fixed["csat"].iloc[-1] < 0.6
    assert fixed["answers"].sum() == after["checks"].loc[0, "answers"]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real data sets are not beside the project")
def test_tickets_drawn_at_random_have_no_slope(monkeypatch):
    monkeypatch.setenv("CRMREPORT_DATA", str(SHARED))
    frames = computed(known_at_end(PROJECTS / "support_tickets", "2024-12"))
    assert frames["trend"].loc[0, "p"] > 0.05
    assert ((frames["slopes"]["low"] < 1) & (frames["slopes"]["high"] > 1)).all()
    assert list(frames["channels"]["contact_channel"]) == [
        *("Chat", "Email", "Phone", "Self-Service", "Social Media"),
    ]
