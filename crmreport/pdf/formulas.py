r"""Formulas: the part of LaTeX's mathematics that definitions of metrics need, as Typst's.

Covers letters, digits, operators, `^`, `_`, groups, `\frac`, `\sqrt`, `\text` and its kin, accents,
`\left`, `\right` and the symbols of `_SYMBOLS`. Anything else is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from crmreport.pdf import markup

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[0-9]+(?:\.[0-9]+)?|\s+|.", re.DOTALL)

# Named alike in both languages.
_SAME_NAME = (
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu",
    "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "Gamma", "Delta",
    "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega", "sum", "min", "max", "log", "ln", "exp",
    "in", "approx", "Pr",
)  # fmt: skip

_SYMBOLS = {
    **{f"\\{name}": name for name in _SAME_NAME},
    "\\prod": "product", "\\int": "integral", "\\infty": "infinity", "\\partial": "partial",
    "\\cdot": "dot.op", "\\times": "times", "\\div": "div", "\\pm": "plus.minus", "\\le": "<=", "\\leq": "<=",
    "\\ge": ">=", "\\geq": ">=", "\\ne": "!=", "\\neq": "!=", "\\to": "->", "\\sim": "tilde.op",
    "\\mid": "|", "\\ldots": "dots.h", "\\dots": "dots.h", "\\cdots": "dots.h.c", "\\cup": "union",
    "\\cap": "inter", "\\notin": "in.not",
    "\\%": '"%"', "\\$": '"$"', "\\&": '"&"', "\\_": '"_"', "\\#": '"#"',
    "\\{": "{", "\\}": "}", "\\,": "thin", "\\;": "med", "\\:": "med", "\\ ": "space", "\\!": "",
    "\\quad": "quad", "\\qquad": "wide", "\\left": "", "\\right": "", "\\displaystyle": "", "~": "space",
}  # fmt: skip

_ONE_ARGUMENT = {
    "\\sqrt": "sqrt", "\\hat": "hat", "\\bar": "macron", "\\overline": "overline", "\\tilde": "tilde",
    "\\vec": "arrow", "\\mathbf": "bold", "\\mathcal": "cal",
}  # fmt: skip
_TWO_ARGUMENTS = {"\\frac": "frac", "\\dfrac": "frac", "\\tfrac": "frac", "\\binom": "binom"}
_WORDS = {"\\text", "\\mathrm", "\\textrm", "\\operatorname", "\\mathit", "\\textit"}

# Signs that mean themselves in both languages; all others are written as text.
_PLAIN = set("+-*=<>()[]|.,:;!'")


class UnknownFormulaError(ValueError):
    """A formula that needs more of LaTeX than is covered here; the message names what."""


def typst(source: str) -> str:
    """Write a LaTeX formula as the inside of a Typst equation.

    Raises UnknownFormulaError for commands that are not covered and for groups that do not close.
    """
    tokens = iter(_TOKEN.findall(source))
    written = _sequence(tokens, until=None)
    return written or '""'


def _sequence(tokens: Iterator[str], until: str | None) -> str:
    parts: list[str] = []
    for token in tokens:
        if token == until:
            return " ".join(part for part in parts if part)
        if token == "}":
            raise UnknownFormulaError("a } too many")
        if token in "^_":
            parts.append(f"{'' if parts else 'zws'}{token}({_argument(tokens)})")
        else:
            parts.append(_piece(token, tokens))
    if until is not None:
        raise UnknownFormulaError(f"no {until} closes a group")
    return " ".join(part for part in parts if part)


def _argument(tokens: Iterator[str]) -> str:
    for token in tokens:
        if not token.isspace():
            return _piece(token, tokens)
    raise UnknownFormulaError("the formula ends where a command or a ^ or _ needs something")


def _piece(token: str, tokens: Iterator[str]) -> str:
    if token.isspace():
        return ""
    if token == "{":
        return _sequence(tokens, until="}")
    if token in _SYMBOLS:
        return _SYMBOLS[token]
    if token in _WORDS:
        return markup.string(_raw_group(tokens))
    if token in _ONE_ARGUMENT:
        return f"{_ONE_ARGUMENT[token]}({_argument(tokens)})"
    if token in _TWO_ARGUMENTS:
        return f"{_TWO_ARGUMENTS[token]}({_argument(tokens)}, {_argument(tokens)})"
    if token.startswith("\\"):
        raise UnknownFormulaError(f"{token} is not among the commands it knows")
    if token in _PLAIN or (token.isalnum() and token.isascii()):
        # In Typst a comma or semicolon inside a call would begin another argument.
        return markup.string(token) if token in ",;" else token
    return markup.string(token)


def _raw_group(tokens: Iterator[str]) -> str:
    opening = next((token for token in tokens if not token.isspace()), None)
    if opening != "{":
        raise UnknownFormulaError("a command for text needs its text in { }")
    text: list[str] = []
    for token in tokens:
        if token == "}":
            return "".join(text).replace("\\%", "%").replace("\\_", "_").replace("\\&", "&")
        text.append(token)
    raise UnknownFormulaError("no } closes a text")
