"""The market around the sample company: its own sales, competitors', the industry, the economy (story 7)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmreport.tables.sample import stories
from crmreport.tables.sample.clock import BUSYNESS, DAYS, END, Floats, dates

OWN_SHARE = 0.124  # of the industry, before the competitor's gain
_SHARES = {stories.GAINING_COMPETITOR: 0.180, "Tarn Interiors": 0.215, "Bellweather Home": 0.098}
_NOISE = 0.006
_INDUSTRY_SOURCE, _PANEL_SOURCE = "Furniture trade association", "Retail panel"

# Real GDP on the year, in per cent, first published and revised; and consumer prices on the year.
_GDP = (0.5, 0.3, 0.3, 0.2, -0.3, 0.3, 0.7, 1.0, 1.4, 1.3, 1.2, 1.3)
_GDP_REVISION = (-0.1, 0.1, 0.0, 0.1, 0.1, -0.1, 0.1, 0.0, 0.1, 0.1, 0.0, 0.1)
_CPI = (
    10.7, 10.5, 10.1, 10.4, 10.1, 8.7, 8.7, 7.9, 6.8, 6.7, 6.7, 4.6, 3.9, 4.0, 4.0, 3.4, 3.2, 2.3,
    2.0, 2.0, 2.2, 2.2, 1.7, 2.3, 2.6, 2.5, 3.0, 2.8, 2.6, 3.5, 3.4, 3.6, 3.8, 3.8, 3.8, 3.6,
)  # fmt: skip


def market(rng: np.random.Generator, own_pence: npt.NDArray[Any]) -> pd.DataFrame:
    """Give the contract's table; `own_pence` is the company's own sales of each day.

    Nothing is in it that would be published after the data end.
    """
    month_of_day = dates(np.arange(DAYS)).astype("datetime64[M]")
    months = np.unique(month_of_day)[:-1]  # the last one is not over
    index = np.searchsorted(months, month_of_day)
    is_over = index < len(months)
    own = np.bincount(index[is_over], weights=own_pence[is_over]) / 100
    season = np.bincount(index[is_over], weights=BUSYNESS[is_over])
    starts = [m.astype(object) for m in months]
    industry = _industry(rng, own, season, starts)
    gain = _ramp(starts, stories.GAIN_FROM, months_long=3)
    rows = [_rows("Own sales", "own", stories.COMPANY, starts, own, "GBP", "Ledger", delay_days=4)]
    rows += _with_revision(rng, "Industry sales", "industry", "", starts, industry, _INDUSTRY_SOURCE)
    for name, share in _SHARES.items():
        points = stories.GAIN_POINTS / 100 * gain if name == stories.GAINING_COMPETITOR else -0.008 * gain
        sales = industry * (share + points) * np.exp(_NOISE * rng.normal(size=len(industry)))
        rows += _with_revision(rng, f"Sales of {name}", "competitor", name, starts, sales, _PANEL_SOURCE)
    quarters = [d for d in starts if d.month in (1, 4, 7, 10)]
    gdp = np.array(_GDP[: len(quarters)])
    rows.append(
        _rows("GDP growth", "macro", "", quarters, gdp, "% on the year", "Statistics office", delay_days=132)
    )
    revised = gdp + np.array(_GDP_REVISION[: len(quarters)])
    rows.append(
        _rows(
            "GDP growth", "macro", "", quarters, revised, "% on the year", "Statistics office", delay_days=222
        )
    )
    cpi = np.array(_CPI[: len(starts)])
    rows.append(
        _rows(
            "Consumer prices", "macro", "", starts, cpi, "% on the year", "Statistics office", delay_days=18
        )
    )
    frame = pd.concat(rows, ignore_index=True)
    frame = frame[frame["published_on"] < END]
    return frame.sort_values(["series", "starts_on", "published_on"], kind="stable", ignore_index=True)


def _industry(
    rng: np.random.Generator, own: npt.NDArray[Any], season: npt.NDArray[Any], starts: list[date]
) -> Floats:
    """Follow the trend of our own sales until the competitor's gain, and a little more growth after it."""
    before = np.array([d < stories.GAIN_FROM for d in starts])
    time = np.arange(len(starts), dtype=np.float64)
    slope, level = np.polyfit(time[before], np.log(own[before] / season[before]), 1)
    boost = 1 + (stories.MARKET_BOOST - 1) * _ramp(starts, stories.GAIN_FROM, months_long=3)
    trend = np.exp(level + slope * time) * season / OWN_SHARE
    return np.asarray(trend * boost * np.exp(_NOISE * rng.normal(size=len(starts))))


def _ramp(starts: list[date], begin: date, months_long: int) -> Floats:
    """From 0 before `begin` to 1 from the end of the ramp on; the first month is one step up."""
    passed = np.array([(d.year - begin.year) * 12 + d.month - begin.month + 1 for d in starts])
    return np.clip(passed / months_long, 0.0, 1.0)


def _rows(
    series: str, kind: str, organisation: str, starts: list[date], values: Floats, unit: str, source: str,
    *, delay_days: int,
) -> pd.DataFrame:  # fmt: skip
    """Rows published some days after the month ends, or for quarters after it begins plus a month."""
    ends = [date(d.year + d.month // 12, d.month % 12 + 1, 1) for d in starts]
    return pd.DataFrame(
        {
            "series": series,
            "kind": kind,
            "organisation": organisation or None,
            "starts_on": starts,
            "published_on": [d + timedelta(days=delay_days) for d in ends],
            "value": np.round(values, 1) if unit.startswith("%") else np.round(values, -3),
            "unit": unit,
            "source": source,
        }
    )


def _with_revision(
    rng: np.random.Generator,
    series: str,
    kind: str,
    organisation: str,
    starts: list[date],
    values: Floats,
    source: str,
) -> list[pd.DataFrame]:
    """Give a flash estimate within the week and the final figure six weeks later."""
    flash = values * np.exp(0.008 * rng.normal(size=len(values)))
    return [
        _rows(series, kind, organisation, starts, v, "GBP", source, delay_days=delay)
        for v, delay in ((flash, 6), (values, 45))
    ]
