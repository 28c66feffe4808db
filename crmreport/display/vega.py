"""Vega: the library that draws charts, on the site and for print, as one file, made once for all books."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

# Vega and Vega-Lite as Vega-Embed hands them on: by vl-convert's own names for them there is nothing. The
# bundle's names would be global, and `_` is Sphinx's.
_MAKE = """
import pathlib, sys, vl_convert
embed = f"https://cdn.jsdelivr.net/npm/vega-embed@{vl_convert.get_vega_embed_version()}/+esm"
parts = f"import {{vega as v, vegaLite as vl}} from '{embed}';"
names = "window.vegaEmbed = vegaEmbed; window.vega = v; window.vegaLite = vl;"
script = f"(() => {{\\n{vl_convert.javascript_bundle(parts + names)}\\n}})();\\n"
pathlib.Path(sys.argv[1]).write_text(script, encoding="utf-8")
"""


def bundle(store: Path) -> Path:
    """Give the file (about 900 kB of JavaScript) from a folder that keeps it; make it if it is not there.

    It is made in a process of its own: one that has used vl-convert cannot be forked any more. Raises
    `subprocess.CalledProcessError` if it cannot be made.
    """
    made_by = hashlib.sha256(_MAKE.encode()).hexdigest()[:8]
    file = store / f"vega-{version('vl-convert-python')}-{made_by}.js"
    if not file.is_file():
        store.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(f".{os.getpid()}")  # two books may be made at the same time
        subprocess.run([sys.executable, "-c", _MAKE, str(unfinished)], check=True)
        unfinished.replace(file)
    return file
