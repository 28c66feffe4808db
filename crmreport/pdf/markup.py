"""Markup: Python values as Typst source.

Text always goes out as a Typst string, never as Typst markup, so that no sign in the data can mean
anything to Typst.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

# Terminals' colours (streams of a notebook carry them) and the control signs that no typeface has.
_ESCAPE_SEQUENCE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_CONTROL_SIGN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

# Chinese is written without spaces, so the end of a source line between two of its signs is no space.
_CHINESE_SIGN = r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]"
_LINE_END_IN_CHINESE = re.compile(rf"(?<={_CHINESE_SIGN})\s*\n\s*(?={_CHINESE_SIGN})")

# Names and addresses that are longer than a line may break after one of their marks, or anywhere.
_LONG_RUN = re.compile(r"[!-~]{41,}")
_AFTER_MARK = re.compile(r"(?<=[/_.=&?-])(?=[^/_.=&?-])")
_WITHOUT_MARK = re.compile(r"[!-~]{30}(?=[!-~])")
_BREAK = "\N{ZERO WIDTH SPACE}"


def string(text: str) -> str:
    """Write a text as a Typst string, in quotes."""
    clean = _CONTROL_SIGN.sub("", _ESCAPE_SEQUENCE.sub("", text))
    escaped = clean.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def words(text: str, before: str = "", after: str = "") -> str:
    """Write running text: line ends of the source are spaces, or nothing in Chinese.

    `before` and `after` are the signs that stand next to it, if any.
    """
    joined = re.sub(r"\s*\n\s*", " ", _LINE_END_IN_CHINESE.sub("", f"{before}{text}{after}"))
    joined = joined[len(before) : len(joined) - len(after)]
    joined = _LONG_RUN.sub(lambda run: _breakable(run[0]), joined)
    # The semicolon ends the expression: without it, a "(" or "[" in what follows would be a call.
    return f"#{string(joined)};"


def _breakable(run: str) -> str:
    return _WITHOUT_MARK.sub(rf"\g<0>{_BREAK}", _AFTER_MARK.sub(_BREAK, run))


def value(given: object) -> str:
    """Write a plain value (text, number, truth value, None, list or mapping of such) as a Typst value."""
    match given:
        case None:
            return "none"
        case bool():
            return str(given).lower()
        case str():
            return string(given)
        case int() | float():
            return repr(given)
        case Mapping():
            pairs = ", ".join(f"{string(str(name))}: {value(item)}" for name, item in given.items())
            return f"({pairs or ':'})"
        case Sequence():
            return "(" + "".join(f"{value(item)}, " for item in given) + ")"
    raise TypeError(f"{type(given).__name__} has no Typst form; give text, numbers, lists or mappings")


def call(function: str, *contents: str, **settings: str) -> str:
    """Write a call inside running text: settings are Typst source, contents are markup in brackets."""
    arguments = ", ".join(f"{name.replace('_', '-')}: {source}" for name, source in settings.items())
    return f"#{function}({arguments})" + "".join(f"[{content}]" for content in contents) + ";"


def block(function: str, *contents: str, **settings: str) -> str:
    """Write a call that stands as a block of its own."""
    return f"\n\n{call(function, *contents, **settings)}\n\n"
