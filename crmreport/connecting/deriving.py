"""Deriving: columns that a file does not have, but that follow from those it has."""

from __future__ import annotations

from crmreport.connecting.assigning import Match
from crmreport.connecting.sample import Sample
from crmreport.connecting.values import boolean_map, won_map
from crmreport.connecting.vocabulary import Why
from crmreport.connecting.words import words_of
from crmreport.source import Cell
from crmreport.tables.column import Table, Type
from crmreport.tables.readers.statements import quoted

# Tables whose rows may be numbered where the file has no key of its own: nothing else refers to it.
_NUMBERED = {
    "orders": "order_id",
    "feedback": "feedback_id",
    "interactions": "interaction_id",
    "invitations": "invitation_id",
}

ROW_NUMBER = Cell(sql="row_number() OVER ()")
_COMPUTED = 0.8
_ASSUMED = 0.5
_SECONDS = {
    "second": 1, "seconds": 1, "minute": 60, "minutes": 60, "min": 60, "mins": 60, "hour": 3600,
    "hours": 3600, "day": 86400, "days": 86400,
}  # fmt: skip


def numbered_key(table: Table, found: set[str]) -> Match | None:
    """Give the key of a table as the number of the row; None if it was found, or may not be a number."""
    key = _NUMBERED.get(table.name)
    return None if key is None or key in found else Match(key, "", _ASSUMED, Why.NUMBERED)


def cells_of_matches(table: Table, sample: Sample, matches: tuple[Match, ...]) -> dict[str, Cell]:
    """Say how each column that was found is read: its heading, and what yes and no are called."""
    cells = {}
    for match in matches:
        cell = Cell(heading=(match.heading,))
        if table.column(match.column).type is Type.BOOLEAN:
            values = boolean_map(sample.facts(match.heading).values)
            cell = Cell(heading=(match.heading,), values=values) if values else cell
        cells[match.column] = cell
    return cells


def derive(table: Table, sample: Sample, cells: dict[str, Cell]) -> list[tuple[Match, Cell]]:
    """Give what follows from a table's columns: whether it was won from its stage, a time from a duration."""
    derived = []
    if table.name == "opportunities" and "is_won" not in cells:
        derived += _won_by_stage(sample, cells) or _won_by_date(cells)
    if table.name == "interactions":
        derived += _times_of_durations(sample, cells)
    return derived


def closes_while_open(sample: Sample, closed: Cell, won: Cell) -> bool:
    """Say whether rows that are neither won nor lost have a date of closing, which then is only expected."""
    if not (closed.heading and won.heading and won.values):
        return False
    known = ", ".join("'" + value.replace("'", "''") + "'" for value in won.values if value != "*")
    query = (
        f"SELECT count(*) FROM {sample.name} WHERE {quoted(closed.heading[0])} IS NOT NULL "
        f"AND {quoted(won.heading[0])} NOT IN ({known})"
    )
    return bool(sample.connection.con.execute(query).fetchone()[0])


def won_as_named(sample: Sample, won: Cell) -> Cell | None:
    """Read won and lost by the stages that a file really names, where the value map knows none of them.

    The cell as it is, where it knows one or the file names none; None if none is known to mean won.
    """
    if not won.heading or not won.values:
        return won
    values = sample.facts(won.heading[0]).values
    if not values or set(values) & set(won.values):
        return won
    meant = won_map(values)
    return None if meant is None else won.model_copy(update={"values": meant})


def _won_by_stage(sample: Sample, cells: dict[str, Cell]) -> list[tuple[Match, Cell]]:
    """Read from the stage, or from another column of few values, what was won and what lost."""
    stage = cells["stage"].heading if "stage" in cells else ()
    for heading in (*stage, *(h for h in sample.headings if h not in stage)):
        values = won_map(sample.facts(heading).values)
        if values is not None:
            match = Match("is_won", heading, _COMPUTED, Why.VALUES)
            return [(match, Cell(heading=(heading,), values=values))]
    return []


def _won_by_date(cells: dict[str, Cell]) -> list[tuple[Match, Cell]]:
    """Read from a date under a heading that says won that it was."""
    heading = cells["closed_at"].heading if "closed_at" in cells else ()
    if not heading or not {"won", "win", "赢单日期", "赢单时间"} & set(words_of(heading[0])):
        return []
    sql = f"CASE WHEN nullif(trim(CAST({quoted(heading[0])} AS VARCHAR)), '') IS NOT NULL THEN TRUE END"
    return [(Match("is_won", heading[0], _COMPUTED, Why.COMPUTED), Cell(sql=sql))]


def _times_of_durations(sample: Sample, cells: dict[str, Cell]) -> list[tuple[Match, Cell]]:
    """Add how long it took to when it began, where the file says only that."""
    if "opened_at" not in cells or "first_response_at" in cells or not cells["opened_at"].heading:
        return []
    begun = cells["opened_at"].heading[0]
    times = sample.facts(begun).times
    for facts in sample.columns:
        words = set(words_of(facts.heading))
        unit = next((_SECONDS[word] for word in sorted(words) if word in _SECONDS), None)
        is_response = "first" in words and words & {"response", "reply"}
        if unit is None or not is_response or facts.numbers is None or times is None or times.formats:
            continue
        seconds = f"{unit} * try_cast({quoted(facts.heading)} AS double)"
        sql = f"try_cast({quoted(begun)} AS timestamp) + to_seconds({seconds})"
        return [(Match("first_response_at", facts.heading, _COMPUTED, Why.COMPUTED), Cell(sql=sql))]
    return []
