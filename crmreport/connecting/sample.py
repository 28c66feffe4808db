"""Sample: the first rows of a file, and what can be said of each of its columns from them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from crmreport.connecting.dates import Times, times_of_numbers, times_of_texts
from crmreport.connecting.values import DOUBTFUL_MARKS, MARKS, Numbers, numbers_of_texts
from crmreport.source import Source
from crmreport.tables.engine import Connection
from crmreport.tables.readers import open_source
from crmreport.tables.readers.statements import quoted

ROWS = 10_000
VALUES = 30  # a column of at most so many different values is one of kinds, and they are looked at


@dataclass(frozen=True)
class Facts:
    """What the sample says of one column; counts are of cells that say something and are no mark.

    `low`, `high`: of its numbers, without the extreme hundredths. `times`, `numbers`: how it writes them;
    None if it holds none. `values`: all there are, the most common first; none where they are more than
    `VALUES`. `marks`: texts in it that stand for no value; `doubtful_marks`: those that may.
    """

    heading: str
    is_time: bool
    filled: int
    distinct: int
    integers: int
    low: float
    high: float
    times: Times | None
    numbers: Numbers | None
    values: tuple[str, ...]
    marks: tuple[str, ...]
    doubtful_marks: tuple[str, ...]


@dataclass(frozen=True)
class Sample:
    """The first rows of a file.

    `name`: of the engine's table that holds them, all cells as texts, missing where they say nothing or bear
    a mark.
    """

    connection: Connection
    name: str
    columns: tuple[Facts, ...]

    @property
    def headings(self) -> tuple[str, ...]:
        """The file's headings."""
        return tuple(facts.heading for facts in self.columns)

    def facts(self, heading: str) -> Facts:
        """Give what is known of a column; KeyError if there is none."""
        for facts in self.columns:
            if facts.heading == heading:
                return facts
        raise KeyError(heading)


def take_sample(connection: Connection, root: Path, source: Source, name: str) -> Sample:
    """Open a source and look at its first rows.

    `name`: of the settings that a message should name, below ours; a second sample of the same name replaces
    the first. UserError for a source that cannot be read.
    """
    raw = open_source(connection, root, source, name).table
    said, sample, whole = quoted(f"said_{name}"), quoted(f"sample_{name}"), quoted(raw.get_name())
    texts = ", ".join(f"nullif(trim(CAST({quoted(h)} AS VARCHAR)), '') AS {quoted(h)}" for h in raw.columns)
    connection.con.execute(
        f"CREATE OR REPLACE TEMP TABLE {said} AS SELECT {texts} FROM (SELECT * FROM {whole} LIMIT {ROWS})"
    )
    marks = _marks(connection, said, tuple(raw.columns))
    cells = ", ".join(f"{_without(marks[h] & set(MARKS), quoted(h))} AS {quoted(h)}" for h in raw.columns)
    connection.con.execute(f"CREATE OR REPLACE TEMP TABLE {sample} AS SELECT {cells} FROM {said}")
    kinds = dict(zip(raw.columns, raw.schema().types, strict=True))
    looked = tuple(
        _look(connection, sample, whole, h, marks[h], is_time=kind.is_timestamp() or kind.is_date())
        for h, kind in kinds.items()
    )
    return Sample(connection, sample, looked)


def _without(marks: frozenset[str], text: str) -> str:
    listed = _listed(tuple(sorted(marks)))
    return f"CASE WHEN {text} IN ({listed}) THEN NULL ELSE {text} END" if marks else text


def _marks(connection: Connection, said: str, headings: tuple[str, ...]) -> dict[str, frozenset[str]]:
    """Find in each column the texts that stand, or may stand, for no value."""
    listed = _listed((*MARKS, *DOUBTFUL_MARKS))
    found = ", ".join(f"list(DISTINCT {quoted(h)}) FILTER ({quoted(h)} IN ({listed}))" for h in headings)
    row = connection.con.execute(f"SELECT {found} FROM {said}").fetchone()
    return {heading: frozenset(texts or ()) for heading, texts in zip(headings, row, strict=True)}


def _look(
    connection: Connection, sample: str, whole: str, heading: str, marks: frozenset[str], *, is_time: bool
) -> Facts:
    text = quoted(heading)
    number = f"try_cast({text} AS double)"
    filled, distinct, numbers, integers, low, high = connection.con.execute(
        f"SELECT count({text}), count(DISTINCT {text}), count({number}), "
        f"count(*) FILTER ({number} % 1 = 0), quantile_cont({number}, 0.01), quantile_cont({number}, 0.99) "
        f"FROM {sample}"
    ).fetchone()
    doubtful = tuple(mark for mark in DOUBTFUL_MARKS if mark in marks)
    times: Times | None = None
    style: Numbers | None = None
    if is_time:
        times = Times()
    elif filled and numbers == filled:
        style = Numbers()
        times = times_of_numbers(low, high) if integers == filled else None
    elif filled:
        texts = f"(SELECT {_without(frozenset(doubtful), text)} AS x FROM {sample})"
        all_texts = f"(SELECT trim(CAST({text} AS VARCHAR)) AS x FROM {whole})"
        times = times_of_texts(connection, texts, all_texts)
        style = None if times else numbers_of_texts(connection, texts)
    return Facts(
        heading=heading,
        is_time=is_time,
        filled=filled,
        distinct=distinct,
        integers=integers,
        low=low or 0.0,
        high=high or 0.0,
        times=times,
        numbers=style,
        values=_values(connection, sample, text) if 0 < distinct <= VALUES else (),
        marks=tuple(mark for mark in MARKS if mark in marks),
        doubtful_marks=doubtful,
    )


def _values(connection: Connection, sample: str, text: str) -> tuple[str, ...]:
    rows = connection.con.execute(
        f"SELECT {text} FROM {sample} WHERE {text} IS NOT NULL GROUP BY {text} ORDER BY count(*) DESC, {text}"
    ).fetchall()
    return tuple(row[0] for row in rows)


def _listed(texts: tuple[str, ...]) -> str:
    return ", ".join("'" + text.replace("'", "''") + "'" for text in texts)
