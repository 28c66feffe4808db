"""Figures: how a metric's values, changes and intervals are written in each language."""

from __future__ import annotations

import math
from dataclasses import dataclass

from babel.numbers import format_compact_currency, format_currency, format_decimal

from crmreport.language import _t, locale_of, translate
from crmreport.metrics.metric import Better, Metric, Unit

_MINUS = "−"
_SHORT = 10  # minutes; times below are written with their seconds
_LARGE = 10_000  # money from here on is written in thousands or millions


@dataclass(frozen=True)
class Writer:
    """Writes figures in one language and one currency."""

    language: str
    currency: str

    def number(self, value: float, decimals: int = 0) -> str:
        """Write a plain number, thousands separated."""
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        return str(format_decimal(value, pattern, locale=locale_of(self.language))).replace("-", _MINUS)

    def percent(self, share: float, decimals: int = 1) -> str:
        """Write a share (0.821) as a percentage (82.1%)."""
        return f"{self.number(100 * share, decimals)}%"

    def money(self, value: float) -> str:
        """Write an amount, the coarser the larger it is."""
        if abs(value) >= _LARGE:
            digits = 1 if 100_000 <= abs(value) < 1_000_000 else 2
            written = str(
                format_compact_currency(
                    value, self.currency, locale=locale_of(self.language), fraction_digits=digits
                )
            )
        else:
            decimals = "0.00" if abs(value) < 1_000 else "0"
            written = format_currency(
                value,
                self.currency,
                f"¤#,##{decimals}",
                locale=locale_of(self.language),
                currency_digits=False,
            )
        return written.replace("-", _MINUS)

    def duration(self, minutes: float) -> str:
        """Write a time in the two largest units that it has, without one of which there is none."""
        if 0 < abs(minutes) < _SHORT:
            return self._seconds(minutes)
        whole = round(minutes)
        sign = _MINUS if whole < 0 else ""
        hours, rest = divmod(abs(whole), 60)
        if hours >= 48:
            days, hours = divmod(hours, 24)
            text = _t("{days} d {hours} h") if hours else _t("{days} d")
            return sign + translate(text, self.language, days=days, hours=hours)
        if hours:
            text = _t("{hours} h {minutes} min") if rest else _t("{hours} h")
            return sign + translate(text, self.language, hours=hours, minutes=rest)
        return sign + translate(_t("{minutes} min"), self.language, minutes=rest)

    def _seconds(self, minutes: float) -> str:
        """Write a time of few minutes."""
        sign = _MINUS if minutes < 0 else ""
        whole, seconds = divmod(round(abs(minutes) * 60), 60)
        text = _t("{minutes} min {seconds} s") if seconds else _t("{minutes} min")
        if not whole:
            text = _t("{seconds} s")
        return sign + translate(text, self.language, minutes=whole, seconds=seconds)

    def value(self, metric: Metric, value: float) -> str:
        """Write a metric's value; "no data" where there is none."""
        return self.in_unit(metric.unit, value)

    def in_unit(self, unit: Unit, value: float) -> str:
        """Write a value in its unit; "no data" where there is none."""
        if not math.isfinite(value):
            return translate(_t("no data"), self.language)
        match unit:
            case Unit.SHARE:
                return self.percent(value)
            case Unit.MONEY:
                return self.money(value)
            case Unit.MINUTES:
                return self.duration(value)
            case Unit.POINTS:
                return self.signed(self.number(value, 1), value)
            case Unit.DAYS:
                return translate(_t("{days} days"), self.language, days=self.number(value, 1))
            case Unit.NUMBER:
                return self.number(value, 2)
            case Unit.COUNT:
                return self.number(value)

    def interval(self, metric: Metric, low: float, high: float) -> str:
        """Write an interval; "" where there is none."""
        if not (math.isfinite(low) and math.isfinite(high)):
            return ""
        return translate(
            _t("{low} to {high}"), self.language, low=self.value(metric, low), high=self.value(metric, high)
        )

    def signed(self, written: str, value: float) -> str:
        """Put a plus before what has none and is above zero."""
        return f"+{written}" if value > 0 else written

    def difference(self, metric: Metric, before: float, difference: float) -> str:
        """Write a change: in points for shares and scores, relative for what is counted or paid.

        In points and minutes it is that of the two figures as they are written, so that a reader who
        subtracts them finds it.
        """
        is_short = max(abs(before), abs(before + difference)) < _SHORT
        step = {Unit.SHARE: 1000, Unit.POINTS: 10, Unit.MINUTES: 60 if is_short else 1}.get(metric.unit)
        if step:
            difference = (round((before + difference) * step) - round(before * step)) / step
        return self.effect(metric, before, difference)

    def effect(self, metric: Metric, before: float, effect: float) -> str:
        """Write a part of a change, in the units of one."""
        return self._in_points(metric, self._difference(metric, before, effect))

    def difference_interval(self, metric: Metric, before: float, low: float, high: float) -> str:
        """Write the interval of a change, its unit once."""
        bounds = [self._difference(metric, before, bound) for bound in (low, high)]
        written = translate(_t("{low} to {high}"), self.language, low=bounds[0], high=bounds[1])
        return self._in_points(metric, written)

    def _difference(self, metric: Metric, before: float, difference: float) -> str:
        match metric.unit:
            case Unit.SHARE:
                written = self.number(100 * difference, 1)
            case Unit.POINTS:
                written = self.number(difference, 1)
            case Unit.MINUTES:
                written = self.duration(difference)
            case _ if before > 0:
                relative = difference / before
                written = self.percent(relative, decimals=1 if abs(relative) < 1 else 0)
            case _:
                written = self.value(metric, difference)
        return self.signed(written, difference)

    def _in_points(self, metric: Metric, written: str) -> str:
        if metric.unit is Unit.SHARE:
            return translate(_t("{points} pts"), self.language, points=written)
        if metric.unit is Unit.POINTS:
            return translate(_t("{points} points"), self.language, points=written)
        return written


def verdict(metric: Metric, difference: float, is_clear: bool) -> str:
    """Judge a change: "good", "bad", "neutral" (no direction is better) or "unclear"."""
    if not is_clear:
        return "unclear"
    if metric.better is Better.NEITHER:
        return "neutral"
    return "good" if (difference > 0) == (metric.better is Better.HIGHER) else "bad"
