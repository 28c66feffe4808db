"""Market: a file of series, below one another or side by side, as the contract's table of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from crmreport.connecting.assigning import Match, assign, weight
from crmreport.connecting.deriving import cells_of_matches
from crmreport.connecting.finishing import Candidate, assumed, finish, in_order, source_of
from crmreport.connecting.layout import layout
from crmreport.connecting.proposal import Proposal
from crmreport.connecting.sample import Sample
from crmreport.connecting.vocabulary import SURE, Why, likeness
from crmreport.language import Phrase, _t
from crmreport.source import Cell, Source
from crmreport.tables.contract import MARKET
from crmreport.tables.readers.statements import quoted

_KIND = _t(
    "The series are taken to be of the economy (macro). Where they are not, write own, competitor or "
    "industry."
)
_BY_VALUES, _COMPUTED = 0.5, 0.8


@dataclass(frozen=True)
class _Wide:
    """A file of series side by side: the heading of the time, and the query that takes them apart."""

    starts_on: str
    query: str


def market(sample: Sample, file: str, currency: str) -> list[Proposal]:
    """Give the series that a file holds; none if it holds none."""
    turned = _wide(sample)
    return _turned(sample, file, currency, turned) if turned else _as_it_stands(sample, file, currency)


def _as_it_stands(sample: Sample, file: str, currency: str) -> list[Proposal]:
    matches = assign(MARKET, sample)
    taken = {m.heading for m in matches}
    numbers = [f for f in sample.columns if f.numbers is not None and f.heading not in taken]
    if "value" not in {m.column for m in matches} and len(numbers) == 1:
        matches += (Match("value", numbers[0].heading, _BY_VALUES, Why.VALUES),)
    found = {m.column for m in matches}
    if not {"starts_on", "value"} <= found:
        return []
    cells = cells_of_matches(MARKET, sample, matches)
    for name, value in (("kind", "macro"), ("series", PurePosixPath(file).stem)):
        if name not in found:
            cells[name] = Cell(constant=value)
            matches += (assumed(name),)
    notes = () if "kind" in found else (Phrase(_KIND, {}),)
    return [finish(Candidate(MARKET, matches), sample, cells, Source(file=file), currency, notes=notes)]


def _turned(sample: Sample, file: str, currency: str, turned: _Wide) -> list[Proposal]:
    matches = (
        assumed("kind"),
        Match("series", "series", _COMPUTED, Why.COMPUTED),
        Match("starts_on", turned.starts_on, _COMPUTED, Why.WEAK),
        Match("value", "value", _COMPUTED, Why.COMPUTED),
    )
    written = layout(MARKET, sample, {"starts_on": Cell(heading=(turned.starts_on,))}, currency)
    cells = written.cells | {name: Cell(heading=(name,)) for name in ("series", "value")}
    cells["kind"] = Cell(constant="macro")
    source = source_of(MARKET, Source(file=file), written.settings | {"query": turned.query}, cells)
    notes = (*written.notes, Phrase(_KIND, {}))
    return [Proposal("market", source, in_order(MARKET, matches), (), notes, weight(MARKET, matches))]


def _wide(sample: Sample) -> _Wide | None:
    """Recognise a file of one time, at most one text, and two or more columns of numbers."""
    times = [f for f in sample.columns if f.times is not None and _is_like("starts_on", f.heading) > 0]
    texts = [f for f in sample.columns if f.times is None and f.numbers is None and f.filled]
    series = [f for f in sample.columns if f.numbers is not None and f not in times]
    named = [f for f in series if _is_like("value", f.heading) >= SURE]
    if len(times) != 1 or len(texts) > 1 or len(series) < 2 or named:
        return None
    kept = [times[0].heading, *(f.heading for f in texts)]
    listed = ", ".join(quoted(heading) for heading in kept)
    turned = f"(UNPIVOT file ON COLUMNS(* EXCLUDE ({listed})) INTO NAME series VALUE value)"
    name = f"concat_ws(' ', {quoted(texts[0].heading)}, series) AS series" if texts else "series"
    return _Wide(kept[0], f"SELECT {quoted(kept[0])}, {name}, value FROM {turned}")


def _is_like(column: str, heading: str) -> float:
    return likeness("market", column, heading).confidence
