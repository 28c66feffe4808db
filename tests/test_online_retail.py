"""The committed real company, UCI Online Retail: sums that were published, and what cleaning set aside."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from crmreport.config import read_project
from crmreport.metrics.cube import compute_cube
from crmreport.metrics.customers import BUYERS
from crmreport.metrics.sales import ORDERS, PRODUCT_REVENUE, REVENUE, REVENUE_PER_ORDER
from crmreport.tables.data import Data, read_data
from tests.tiny import figure

PROJECT = Path(__file__).parent.parent / "data" / "online_retail"
RANGE = "2010-12-01..2011-12-09"
# ibis 12 calls what duckdb 1.5 renames, where a configuration has conditions of its own.

METRICS = (REVENUE, ORDERS, REVENUE_PER_ORDER, BUYERS, PRODUCT_REVENUE)


@pytest.fixture(scope="module")
def data() -> Data:
    return read_data(read_project(PROJECT))


@pytest.fixture(scope="module")
def cube(data) -> pd.DataFrame:
    calendar = read_project(PROJECT).settings.calendar
    return compute_cube(data, [calendar.period(RANGE)], 90, 5, METRICS)


def test_sums(cube):
    """Lines with a customer, a positive quantity and a positive price: 8,911,407.904 in 18,532 orders."""
    assert figure(cube, REVENUE, RANGE)["value"] == 8_911_407.904
    assert figure(cube, PRODUCT_REVENUE, RANGE)["value"] == 8_911_407.904
    assert figure(cube, ORDERS, RANGE)["value"] == 18_532
    assert figure(cube, BUYERS, RANGE)["value"] == 4_338
    assert round(figure(cube, REVENUE_PER_ORDER, RANGE)["value"], 2) == 480.87
    assert set(cube.loc[cube["dimension"] == "all", "status"]) == {"ok"}


def test_countries_hide_what_few_customers_bought(cube):
    """The United Kingdom is shown; a country of one customer is not."""
    assert figure(cube, REVENUE, RANGE, "country", "United Kingdom")["status"] == "ok"
    assert figure(cube, REVENUE, RANGE, "country", "Saudi Arabia")["status"] == "hidden"


def test_cleaning_accounts_for_every_row(data):
    log = data.cleaning
    for name, rows in log.groupby("table"):
        sums = rows.groupby("action")["rows"].sum()
        assert sums["read"] == sums["kept"] + sums.get("set aside", 0), name


def test_what_was_set_aside(data):
    lines = data.cleaning[
        (data.cleaning["table"] == "order_lines") & (data.cleaning["action"] == "set aside")
    ]
    configured = lines[lines["rule"] == "configured"]
    reasons = {json.loads(r)["en"]: n for r, n in zip(configured["reason"], configured["rows"], strict=True)}
    assert reasons["no customer is named"] == 135_080
    assert reasons["cancelled or returned"] == 8_905
    assert reasons["no price"] == 40
    read = data.cleaning[(data.cleaning["table"] == "order_lines") & (data.cleaning["action"] == "read")]
    assert read["rows"].item() == 541_909
