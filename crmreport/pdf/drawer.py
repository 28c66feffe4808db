"""Drawer: the program that draws charts; `crmreport.pdf.drawing` runs it in processes of its own.

It draws with Vega in V8, as a browser does, but with the widths that a typeface's characters have by its own
tables: vl-convert lays every text out to measure it, which takes a millisecond, and three in Chinese. A
process that has used V8 cannot be forked any more (its threads do not come along), and one V8 draws one chart
at a time. It imports nothing of this package, so that it starts at once.

It reads lines of JSON: the files of Vega and of the characters' widths, then for each chart its file, its
specification and the locale of its dates. It writes the files, and a line of JSON with file and reason for
each it could not draw.
"""

from __future__ import annotations

import json
import os
import sys
from functools import lru_cache
from pathlib import Path

import vl_convert
from py_mini_racer import JSEvalException, JSPromiseError, MiniRacer

_SCRIPT = Path(__file__).with_name("drawer.js")


def main() -> None:
    """Draw what the standard input lists."""
    vega, widths = json.loads(sys.stdin.readline())
    drawer = MiniRacer()
    drawer.eval(f"{_read(_SCRIPT)}; 0")
    drawer.eval(f"{_read(Path(vega))}; 0")
    drawer.eval(f"measureBy({_read(Path(widths))}); 0")
    for line in sys.stdin:
        name, spec, locale = json.loads(line)
        path = Path(name)
        try:
            picture = drawer.eval(f"draw({json.dumps(spec)}, {_dates(locale)})").get()  # type: ignore[union-attr]
        except (JSEvalException, JSPromiseError) as error:
            reason = str(error).splitlines()[0].rpartition("with reason: ")[2]
            print(json.dumps([name, reason]), flush=True)
            continue
        unfinished = path.with_suffix(f".{os.getpid()}")  # two builds may draw the same chart
        unfinished.write_text(str(picture), encoding="utf-8")
        unfinished.replace(path)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@lru_cache
def _dates(locale: str) -> str:
    """Give a locale's names of months and days, and its order of a date, as Vega takes them."""
    return json.dumps(vl_convert.get_time_format_locale(locale))  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
