"""Written: the texts that DuckDB reads as numbers, times and truths, as expressions that other engines know.

Each engine takes other texts for a number or a time: Spark ``2025``, PostgreSQL ``yesterday``. What is read
from a text must not depend on who reads it.
"""

from __future__ import annotations

DAY = "([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})"
_CLOCK = r"([ T]+[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]{1,9})?)?)"
_ZONE = " ?(Z|z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)"
IS_NUMBER = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"
IS_TIME = f"^{DAY}{_CLOCK}?$"
IS_ZONED = f"^{DAY}{_CLOCK}{_ZONE}$"
YES, NO = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
