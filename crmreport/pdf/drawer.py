"""Drawer: the program that draws charts; `crmreport.pdf.drawing` runs it in processes of its own.

A process that has drawn cannot be forked any more (vl-convert's threads do not come along, and the child
waits for them for ever), and one vl-convert draws one chart at a time. It imports nothing of this package, so
that it starts at once.

It reads lines of JSON: the folder of the typefaces, then for each chart its file, its specification and the
locale of its dates. It writes the files, and a line of JSON with file and reason for each it could not draw.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import vl_convert


def main() -> None:
    """Draw what the standard input lists."""
    vl_convert.register_font_directory(json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        name, spec, locale = json.loads(line)
        path = Path(name)
        try:
            picture = vl_convert.vegalite_to_svg(
                spec,
                allowed_base_urls=[],  # a chart brings its data; a build asks no network
                time_format_locale=locale,
            )
        except ValueError as error:
            print(json.dumps([name, str(error)]), flush=True)
            continue
        unfinished = path.with_suffix(f".{os.getpid()}")  # two builds may draw the same chart
        unfinished.write_text(picture, encoding="utf-8")
        unfinished.replace(path)


if __name__ == "__main__":
    main()
