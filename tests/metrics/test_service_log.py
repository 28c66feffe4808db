"""Service metrics on the log of a real service desk, beside what pandas makes of the same tickets."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crmreport.config import read_project
from crmreport.metrics.service import (
    BACKLOG,
    BACKLOG_AGE,
    FIRST_CONTACT_RESOLUTION,
    REOPEN_RATE,
    RESOLUTION_TIME,
    SLOW_RESOLUTION_TIME,
)
from crmreport.tables.data import Data, read_data
from tests.tiny import cube_of, figure

SHARED = Path(__file__).parents[3] / "shared" / "data"
PROJECT = Path(__file__).parents[1] / "projects" / "incident_log_uci"
PERIOD, START, END = "2016-04", pd.Timestamp("2016-04-01"), pd.Timestamp("2016-05-01")
METRICS = (
    RESOLUTION_TIME,
    SLOW_RESOLUTION_TIME,
    FIRST_CONTACT_RESOLUTION,
    REOPEN_RATE,
    BACKLOG,
    BACKLOG_AGE,
)

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the real data sets are not beside the project")


@pytest.fixture(scope="module")
def data() -> Data:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRMREPORT_DATA", str(SHARED))
        return read_data(read_project(PROJECT))


@pytest.fixture(scope="module")
def cube(data: Data) -> pd.DataFrame:
    return cube_of(data, PERIOD, metrics=METRICS)


@pytest.fixture(scope="module")
def tickets(data: Data) -> pd.DataFrame:
    columns = ("interaction_id", "customer_id", "issue_type", "opened_at", "resolved_at", "reopened_count")
    return data.tables["interactions"].select(*columns).to_pandas()


def test_resolution_times(cube: pd.DataFrame, tickets: pd.DataFrame):
    of_april = tickets[(tickets["opened_at"] >= START) & (tickets["opened_at"] < END)]
    minutes = np.sort(
        ((of_april["resolved_at"] - of_april["opened_at"]).dt.total_seconds() / 60).fillna(math.inf)
    )
    assert 0 < np.isinf(minutes).sum() < 0.1 * len(minutes)
    for metric, share in ((RESOLUTION_TIME, 0.5), (SLOW_RESOLUTION_TIME, 0.9)):
        found = figure(cube, metric, PERIOD)
        assert found["denominator"] == len(minutes) > 1000
        low, high = (minutes[f(share * (len(minutes) - 1))] for f in (math.floor, math.ceil))
        assert low <= found["value"] <= high


def test_backlog(cube: pd.DataFrame, tickets: pd.DataFrame):
    is_open = (tickets["opened_at"] < END) & ~(tickets["resolved_at"] < END)
    ages = (END - tickets.loc[is_open, "opened_at"].dt.normalize()).dt.days
    assert figure(cube, BACKLOG, PERIOD)["value"] == len(ages) > 500
    assert figure(cube, BACKLOG_AGE, PERIOD)["value"] == ages.median()


def test_first_contacts_and_reopened_ones(cube: pd.DataFrame, tickets: pd.DataFrame):
    known = tickets.dropna(subset=["customer_id"]).sort_values(["opened_at", "interaction_id"])
    day = known["opened_at"].dt.normalize()
    of_issue = day.groupby([known["customer_id"], known["issue_type"].fillna("")])
    begins = ~((day - of_issue.shift(1)).dt.days <= 14)
    is_resolved = (known["resolved_at"].dt.normalize() - day).dt.days <= 14
    is_again = ((of_issue.shift(-1) - day).dt.days <= 14) | (known["reopened_count"] > 0)
    due = day + pd.Timedelta(days=14)
    is_matured = (due >= START) & (due < END)
    found = figure(cube, FIRST_CONTACT_RESOLUTION, PERIOD)
    assert found["denominator"] == (begins & is_matured).sum() > 1000
    assert found["numerator"] == (begins & is_matured & is_resolved & ~is_again).sum() > 500
    due = tickets["opened_at"].dt.normalize() + pd.Timedelta(days=14)
    matured = tickets[(due >= START) & (due < END)]
    assert figure(cube, REOPEN_RATE, PERIOD)["value"] == (matured["reopened_count"] > 0).mean() > 0
