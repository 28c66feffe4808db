"""Repeats: whether a file whose rows repeat a table's key repeats the row, or tells its history."""

from __future__ import annotations

from enum import Enum

from crmreport.connecting.dates import Times
from crmreport.connecting.sample import Sample
from crmreport.connecting.vocabulary import updated_headings
from crmreport.connecting.words import likeness_key
from crmreport.tables.readers.statements import quoted

UNIQUE = 0.98  # of the keys; a few more rows are doubles
_CONSTANT = 0.9  # of the rows of a key, so many say the same


class Repeat(Enum):
    """What a key that is there more than once means."""

    NONE = 0
    SAME = 1  # the file is of something smaller, such as lines, and repeats the row
    LOG = 2  # each row is a later state


def repeat(sample: Sample, key: str, others: tuple[str, ...]) -> Repeat:
    """Say what it means that a key's heading holds the same values again. `others`: the table's headings."""
    facts = sample.facts(key)
    if facts.distinct >= UNIQUE * facts.filled:
        return Repeat.NONE
    return Repeat.SAME if all(is_constant(sample, key, other) for other in others) else Repeat.LOG


def is_constant(sample: Sample, key: str, heading: str) -> bool:
    """Say whether a column says the same in (nearly) all rows of a key."""
    if key == heading:
        return True
    query = (
        f"SELECT sum(_most), sum(_all) FROM (SELECT max(_rows) AS _most, sum(_rows) AS _all FROM ("
        f"SELECT _key, count(*) AS _rows FROM "
        f"(SELECT {quoted(key)} AS _key, {quoted(heading)} AS _value FROM {sample.name}) "
        f"WHERE _key IS NOT NULL GROUP BY _key, _value) GROUP BY _key)"
    )
    most, rows = sample.connection.con.execute(query).fetchone()
    return not rows or most >= _CONSTANT * rows


def last_state(sample: Sample, key: str) -> str | None:
    """Write the query that takes the last state of each key; None if no column says when each was written."""
    for facts in sample.columns:
        if likeness_key(facts.heading) in updated_headings() and facts.times is not None:
            # Of states written at one time, the whole row decides, so that the same file gives the same rows.
            return (
                f"SELECT * FROM file QUALIFY row_number() OVER (PARTITION BY {quoted(key)} "
                f"ORDER BY {_moment(facts.heading, facts.times)} DESC, file DESC) = 1 ORDER BY {quoted(key)}"
            )
    return None


def _moment(heading: str, times: Times) -> str:
    text = f"CAST({quoted(heading)} AS VARCHAR)"
    if not times.formats:
        return f"try_cast({text} AS timestamp)"
    listed = ", ".join(f"'{f}'" for f in times.formats)
    return f"try_strptime({text}, [{listed}])" if "%" in times.formats[0] else f"try_cast({text} AS bigint)"
