"""Exhibits of analyses: how each frame of an analysis is shown; one file per subject."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from crmreport.context import Context
from crmreport.display.outputs import Chart, Table, Text

# By "analysis.exhibit": what to show of the analysis' frames, which are given by name.
Exhibit = Callable[[Context, Mapping[str, pd.DataFrame]], Chart | Table | Text]

EXHIBITS: dict[str, Exhibit] = {}
