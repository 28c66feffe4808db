"""Figures: how values, changes and intervals are written in each language."""

from __future__ import annotations

import math

import pytest

from crmreport.language import LANGUAGES
from crmreport.metrics.figures import Writer, verdict
from crmreport.metrics.metric import Better
from crmreport.metrics.sales import ORDERS, REVENUE
from crmreport.metrics.satisfaction import CSAT, NPS
from crmreport.metrics.service import FIRST_RESPONSE_TIME, SERVICE_CASES

EN, ZH = (Writer(language, "GBP") for language in LANGUAGES)

VALUES = [
    (CSAT, 0.7453, "74.5%", "74.5%"),
    (CSAT, 1.0, "100.0%", "100.0%"),
    (NPS, 32.04, "+32.0", "+32.0"),
    (NPS, -7.5, "−7.5", "−7.5"),
    (NPS, 0.0, "0.0", "0.0"),
    (ORDERS, 18532, "18,532", "18,532"),
    (REVENUE, 0, "£0.00", "£0.00"),
    (REVENUE, 455.05, "£455.05", "£455.05"),
    (REVENUE, 9_560, "£9,560", "£9,560"),
    (REVENUE, 64_323, "£64.32K", "£6.43万"),
    (REVENUE, 339_540, "£339.5K", "£34万"),
    (REVENUE, 8_911_407.904, "£8.91M", "£891.14万"),
]


@pytest.mark.parametrize(("metric", "value", "english", "chinese"), VALUES)
def test_values(metric, value, english, chinese):
    assert EN.value(metric, value) == english
    assert ZH.value(metric, value) == chinese


def test_no_value_is_said():
    assert EN.value(CSAT, math.nan) == "no data"
    assert ZH.value(CSAT, math.nan) == "无数据"


@pytest.mark.parametrize(
    ("minutes", "english"),
    [
        (0, "0 min"),
        (0.5, "30 s"),
        (-2.1, "−2 min 6 s"),
        (4, "4 min"),
        (9.999, "10 min"),
        (59.4, "59 min"),
        (59.6, "1 h"),
        (170, "2 h 50 min"),
        (-51, "−51 min"),
        (2880, "2 d"),
    ],
)
def test_durations(minutes, english):
    assert EN.value(FIRST_RESPONSE_TIME, minutes) == english


def test_durations_in_chinese():
    assert ZH.value(FIRST_RESPONSE_TIME, 170) == "2小时50分钟"


DIFFERENCES = [
    (CSAT, 0.82, -0.075, "−7.5 pts"),
    (CSAT, 0.82, 0.0, "0.0 pts"),
    (NPS, 30, 2.5, "+2.5 points"),
    (ORDERS, 481, -164, "−34.1%"),
    (ORDERS, 30, 72, "+240%"),
    (REVENUE, 788_000, -34_000, "−4.3%"),
    (REVENUE, 0, 500, "+£500.00"),  # of nothing there is no percentage
    (FIRST_RESPONSE_TIME, 118, 52, "+52 min"),
    (FIRST_RESPONSE_TIME, 118, -110.4, "−1 h 50 min"),
    (FIRST_RESPONSE_TIME, 2.1, 0.05, "+3 s"),
]


@pytest.mark.parametrize(("metric", "before", "difference", "written"), DIFFERENCES)
def test_differences(metric, before, difference, written):
    assert EN.difference(metric, before, difference) == written


def test_a_reader_who_subtracts_finds_the_difference():
    """89.54 % and 84.46 % are written 89.5 and 84.5: 5.0 points apart, not the 5.1 of their digits."""
    before, after = 0.8954, 0.8446
    assert (EN.value(CSAT, before), EN.value(CSAT, after)) == ("89.5%", "84.5%")
    assert EN.difference(CSAT, before, after - before) == "−5.0 pts"
    assert EN.effect(CSAT, before, after - before) == "−5.1 pts"


def test_intervals():
    assert EN.interval(CSAT, 0.7, 0.78) == "70.0% to 78.0%"
    assert EN.interval(CSAT, math.nan, 0.78) == ""
    assert EN.difference_interval(CSAT, 0.8, -0.12, -0.029) == "−12.0 to −2.9 pts"
    assert EN.difference_interval(ORDERS, 30, 38.49, 105.51) == "+128% to +352%"


def test_verdicts():
    assert verdict(CSAT, -0.1, is_clear=True) == "bad"
    assert verdict(CSAT, 0.1, is_clear=True) == "good"
    assert verdict(SERVICE_CASES, 10, is_clear=True) == "bad"
    assert verdict(SERVICE_CASES, 10, is_clear=False) == "unclear"
    assert SERVICE_CASES.better is Better.LOWER
