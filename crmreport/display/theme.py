"""Theme: colours and Vega settings that every chart shares."""

from __future__ import annotations

from typing import Any

INK = "#1b2733"
MUTED = "#6b7280"
LINE = "#d5dae1"
ACCENT = "#1f4e79"
BAND = "#9db8d2"
EARLIER = "#9aa5b1"

# Distinct for the colour-blind too (Okabe and Ito 2008), in this order.
SERIES = ("#1f4e79", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#6b7280")


def vega_config() -> dict[str, Any]:
    """Give the settings of every chart; the typeface is the medium's affair."""
    return {
        "background": "transparent",
        "view": {"stroke": None},
        "axis": {
            "domainColor": LINE,
            "gridColor": LINE,
            "gridOpacity": 0.7,
            "labelColor": MUTED,
            "labelFontSize": 11,
            "tickColor": LINE,
            "titleColor": MUTED,
            "titleFontSize": 11,
            "titleFontWeight": "normal",
            "labelLimit": 220,
        },
        "legend": {"labelColor": INK, "labelFontSize": 11, "labelLimit": 320, "orient": "top", "title": None},
        "range": {"category": list(SERIES)},
    }
