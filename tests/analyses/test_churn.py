"""Churn: customers whose hazard is known, planted leaks, and the sample company's own story."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import numpy as np
import pandas as pd
import pytest

from crmreport.analyses.analysis import Declined, Frames, Known
from crmreport.analyses.risk.churn import CHURN, LEAVING
from crmreport.analyses.risk.drivers import feature_groups
from crmreport.analyses.risk.groups import MERGED, groups
from crmreport.analyses.risk.training import cutoffs
from crmreport.config import Settings, read_project
from crmreport.tables.data import Data, read_data
from crmreport.tables.facts import facts
from crmreport.tables.until import until
from tests.conftest import ROOT
from tests.tiny import CALENDAR, known_of, tiny_data

FIRST, LAST = date(2024, 1, 1), date(2025, 12, 31)


def bought(rates: dict[str, float], each: int, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw customers of each region, who order at random at its rate per day over two years."""
    random = np.random.default_rng(seed)
    customers, orders = [], []
    days = (LAST - FIRST).days
    for region, rate in rates.items():
        for number in range(each):
            name = f"{region}{number:04d}"
            customers.append((name, region))
            for day in random.integers(0, days, random.poisson(rate * days)):
                orders.append((name, FIRST + timedelta(days=int(day)), f"{random.integers(10, 200)}"))
    made = pd.DataFrame(orders, columns=["customer_id", "ordered_at", "amount"])
    made["order_id"] = [f"o{n}" for n in range(len(made))]
    made["ordered_at"] = made["ordered_at"].astype(str)
    return pd.DataFrame(customers, columns=["customer_id", "region"]), made


def known(data: Data, minimum_cell: int = 5) -> Known:
    made = known_of(data, "2025-12", metrics=())
    settings = Settings(company="Tiny", active_days=60, minimum_cell=minimum_cell)
    return Known(**{**{f: getattr(made, f) for f in made.__dataclass_fields__}, "settings": settings})


def data_of(customers: pd.DataFrame, orders: pd.DataFrame) -> Data:
    return tiny_data(first_day=FIRST, as_of=LAST, customers=customers, orders=orders)


@cache
def of_known_hazard() -> Frames:
    return CHURN.compute(known(data_of(*bought({"often": 1 / 15, "seldom": 1 / 60}, 400))))


def test_windows_follow_one_another_and_never_overlap():
    when = cutoffs(date(2024, 1, 1), date(2025, 1, 1), 60)
    assert when.validation == date(2024, 11, 2)
    assert when.training == (date(2024, 9, 3), date(2024, 7, 5), date(2024, 5, 6))
    assert when.training[0] + timedelta(days=60) == when.validation
    assert when.training[-1] - timedelta(days=120) >= date(2024, 1, 1)
    assert len(cutoffs(date(2020, 1, 1), date(2025, 1, 1), 60).training) == 4
    assert len(cutoffs(date(2024, 1, 1), date(2024, 1, 1) + timedelta(days=240), 60).training) == 1
    with pytest.raises(ValueError, match="four windows"):
        cutoffs(date(2024, 1, 1), date(2024, 1, 1) + timedelta(days=239), 60)


def test_a_known_hazard_is_found_again():
    frames = of_known_hazard()
    risk = frames["groups"].set_index(["dimension", "segment"])["risk"]
    # Nothing in 60 days at a rate of 1 / 60 per day: exp(-1); at 1 / 15: exp(-4).
    assert risk["region", "seldom"] == pytest.approx(np.exp(-1), abs=0.05)
    assert risk["region", "often"] == pytest.approx(np.exp(-4), abs=0.02)
    quality = frames["quality"].set_index("model")
    assert quality.loc["gradient_boosting", "is_used"]
    assert quality.loc["gradient_boosting", "auc"] > quality.loc["recency", "auc"] > 0.5
    assert quality.loc["base_rate", "auc"] == 0.5
    assert quality.loc["gradient_boosting", "slope"] == pytest.approx(1, abs=0.35)
    assert set(frames["groups"]["surprise"]) == {""}


def test_the_frames_are_as_declared_and_the_parts_add_up():
    frames = of_known_hazard()
    for name, columns in CHURN.columns.items():
        assert list(frames[name].columns) == list(columns), name
    by = frames["groups"].groupby("dimension")[["customers", "expected_losses", "revenue_at_risk"]].sum()
    assert by.loc["region"].to_numpy() == pytest.approx(by.loc["all"].to_numpy())
    scores = frames["customers"]
    assert scores["probability"].sum() == pytest.approx(by.loc["all", "expected_losses"])
    top = scores["probability"] >= scores["probability"].quantile(0.9)
    assert (scores.loc[~top, "reason_1"] == "").all()
    assert (scores.loc[top, "reason_1"] != "").any()
    assert "customers" in CHURN.private


def test_the_answer_does_not_depend_on_the_order_of_rows():
    customers, orders = bought({"often": 1 / 15, "seldom": 1 / 60}, 120)
    one = CHURN.compute(known(data_of(customers, orders)))
    other = CHURN.compute(known(data_of(customers[::-1], orders.sample(frac=1, random_state=1))))
    for name in one:
        pd.testing.assert_frame_equal(one[name], other[name], check_exact=True)


def test_where_nothing_tells_the_last_order_alone_is_used_and_it_says_so():
    frames = CHURN.compute(known(data_of(*bought({"a": 1 / 60, "b": 1 / 60}, 250, seed=3))))
    summary = frames["summary"].iloc[0]
    assert (summary["model"], summary["beats_simple"]) == ("recency", False)
    assert summary["auc_gain_low"] < 0
    quality = frames["quality"].set_index("model")
    assert quality.loc["recency", "low"] < 0.5 < quality.loc["recency", "high"]
    assert list(frames["drivers"]["driver"]) == ["recency_days"]


def test_a_tier_that_was_written_down_afterwards_is_left_out():
    customers, orders = bought({"a": 1 / 60}, 500, seed=5)
    last = pd.to_datetime(orders["ordered_at"]).groupby(orders["customer_id"]).max()
    is_gone = customers["customer_id"].map(last) < pd.Timestamp("2025-11-02")
    customers["tier"] = np.where(is_gone, "Former", "Basic")
    frames = CHURN.compute(known(data_of(customers, orders)))
    found = frames["leaks"].set_index("feature").loc["tier"]
    assert (found["status"], found["auc"]) == ("excluded", 1)
    features = " ".join(frames["drivers"]["features"]).split()
    assert "tier" not in features


def test_who_ends_the_relation_is_predicted_without_any_order():
    random = np.random.default_rng(1)
    joined = [FIRST + timedelta(days=int(d)) for d in random.integers(0, 690, 1500)]
    region = random.choice(["stays", "goes"], 1500)
    after = random.exponential(np.where(region == "goes", 200, 2000))
    left = [j + timedelta(days=int(d) + 1) for j, d in zip(joined, after, strict=True)]
    customers = pd.DataFrame({"customer_id": [f"c{n:04d}" for n in range(1500)], "region": region})
    customers["joined_at"] = [str(day) for day in joined]
    customers["left_at"] = [str(day) if day <= LAST else None for day in left]
    frames = LEAVING.compute(known(tiny_data(first_day=FIRST, as_of=LAST, customers=customers)))
    risk = frames["groups"].set_index(["dimension", "segment"])["risk"]
    assert risk["region", "goes"] == pytest.approx(1 - np.exp(-60 / 200), abs=0.06)
    assert risk["region", "stays"] == pytest.approx(1 - np.exp(-60 / 2000), abs=0.02)
    assert frames["summary"].loc[0, "simple_model"] == "tenure"
    assert frames["drivers"].loc[0, ["driver", "highest"]].tolist() == ["region", "goes"]
    assert frames["groups"]["revenue"].isna().all()


def test_too_little_is_declined_with_what_it_takes():
    customers, orders = bought({"a": 1 / 60}, 30)
    with pytest.raises(Declined, match="it takes") as few:
        CHURN.compute(known(data_of(customers, orders)))
    assert few.value.phrase.values["needed"] == 30
    short = tiny_data(first_day=date(2025, 6, 1), as_of=LAST, customers=customers, orders=orders)
    with pytest.raises(Declined, match="days of data") as early:
        CHURN.compute(known(short))
    assert early.value.phrase.values == {"needed": 240, "found": 214}


def test_small_groups_are_merged_so_that_none_can_be_told():
    sizes = {"a": 40, "b": 6, "c": 2}
    region = [name for name, n in sizes.items() for _ in range(n)]
    rows = pd.DataFrame({"region": region, "probability": 0.25, "revenue": 10.0, "churned": False})
    found = groups(rows, rows, ("region",), 5).set_index(["dimension", "segment"])
    # c has two customers; alone under another name it could be told by subtraction, so b joins it.
    assert list(found.loc["region"].index) == ["a", MERGED]
    assert found.loc[("region", MERGED), "customers"] == 8
    assert found.loc[("all", "all"), "expected_losses"] == 12
    assert found.loc[("region", "a"), "revenue_at_risk"] == 100
    alone = groups(rows.head(3), rows.head(3), ("region",), 5)
    assert set(alone["dimension"]) == {"all"}


def test_more_than_was_predicted_is_a_surprise():
    region = np.repeat(["a", "b"], 200)
    came = np.concatenate([np.arange(200) < 100, np.arange(200) < 40])
    rows = pd.DataFrame({"region": region, "probability": 0.25, "revenue": 1.0, "churned": came})
    found = groups(rows, rows, ("region",), 5).set_index("segment")["surprise"]
    assert found.to_dict() == {"all": "more", "a": "more", "b": "fewer"}


def test_features_that_go_together_are_one_driver():
    random = np.random.default_rng(0)
    x = random.normal(0, 1, 300)
    rows = pd.DataFrame({"one": x, "two": -x + random.normal(0, 0.1, 300), "three": random.normal(0, 1, 300)})
    rows["word"] = "same"
    assert feature_groups(rows, ("one", "three", "two", "word")) == [("three",), ("one", "two"), ("word",)]


@cache
def of_the_sample(name: str) -> Frames:
    project = read_project(ROOT)
    data = read_data(project)
    period = CALENDAR.period("2025-10")
    cut = until(data, period.end)
    of_october = Known(
        data=cut,
        facts=facts(cut, (period,), project.settings.active_days),
        period=period,
        periods=(period,),
        cube=pd.DataFrame(),
        settings=project.settings,
    )
    return {"churn": CHURN, "leaving": LEAVING}[name].compute(of_october)


def test_the_north_loses_more_than_was_to_be_expected():
    found = of_the_sample("churn")["groups"].set_index(["dimension", "segment"])
    regions = found.loc["region"].drop("unknown", errors="ignore")
    assert regions["surprise"].to_dict() == {
        "East": "",
        "North": "more",
        "South": "",
        "West": "",
        **({MERGED: ""} if MERGED in regions.index else {}),
    }
    assert regions["risk"].idxmax() == "North"
    assert regions.loc["North", "validated_low"] > regions.loc["North", "validated_predicted"]


def test_the_sample_s_model_beats_the_last_order_alone():
    frames = of_the_sample("churn")
    summary = frames["summary"].iloc[0]
    assert summary["beats_simple"]
    assert summary["auc_gain_low"] > 0
    assert set(frames["leaks"]["status"]) <= {"ok", "declared"}


def test_more_people_of_the_north_end_the_relation_than_was_to_be_expected():
    found = of_the_sample("leaving")["groups"].set_index(["dimension", "segment"])
    north = found.loc[("region", "North")]
    assert north["surprise"] == "more"
    assert north["validated_observed"] > 3 * north["validated_predicted"]
