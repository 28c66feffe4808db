"""Vega: the library that draws a site's charts, as one file, made once for all books."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

# The bundle's names would be global, and `_` is Sphinx's.
_MAKE = """
import pathlib, sys, vl_convert
script = f"(() => {{\\n{vl_convert.javascript_bundle()}\\n}})();\\n"
pathlib.Path(sys.argv[1]).write_text(script, encoding="utf-8")
"""


def bundle(store: Path) -> Path:
    """Give the file (about 900 kB of JavaScript) from a folder that keeps it; make it if it is not there.

    It is made in a process of its own: one that has used vl-convert cannot be forked any more. Raises
    `subprocess.CalledProcessError` if it cannot be made.
    """
    file = store / f"vega-{version('vl-convert-python')}.js"
    if not file.is_file():
        store.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(f".{os.getpid()}")  # two books may be made at the same time
        subprocess.run([sys.executable, "-c", _MAKE, str(unfinished)], check=True)
        unfinished.replace(file)
    return file
