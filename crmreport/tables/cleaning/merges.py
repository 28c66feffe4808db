"""Merges: customers that look like one, proposed to a person, and what the person has decided."""

from __future__ import annotations

import csv
from pathlib import Path

import ibis
import pandas as pd
from rapidfuzz import fuzz

from crmreport.config import Project
from crmreport.errors import UserError
from crmreport.language import _t
from crmreport.source import Source
from crmreport.tables.cleaning.identity import normalised
from crmreport.tables.engine import Connection, IbisTable, IbisValue, connect
from crmreport.tables.lists import find_lists, read_list

LEAST_SCORE = 92  # of 100, from which on two names are alike
NEIGHBOURS = 10  # so many names after it in order each one is compared with
MOST_PROPOSED = 10_000  # more than a person would look at

PROPOSAL_COLUMNS = ("customer_id", "name", "other_customer_id", "other_name", "score", "why")
DECISION = "confirmed"
_IDENTIFIERS = ("customer_id", "other_customer_id")
_TEXTS = (*_IDENTIFIERS, "name", "other_name")
_YES, _NO = ("yes", "y", "true", "1", "是"), ("no", "n", "false", "0", "否")

_PLACE = ("country", "city")
_EVIDENCE = ("name", "birth_date", "address", *_PLACE, "email", "phone")
# What a spreadsheet would take for a formula; we write an apostrophe before it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def proposed_merges(customers: IbisTable) -> pd.DataFrame:
    """Find customers of one country and city, as far as the table has these, whose names are alike.

    Names are compared in small letters, their words in the order of the alphabet; their digits must be the
    same, and birth dates must not differ. Each name is compared with its neighbours in order, and with those
    when all are written backwards (the sorted neighbourhood method), so that the work grows as the table.

    Returns `PROPOSAL_COLUMNS`, the surest first: `score`, from `LEAST_SCORE` to 100; `why`, the columns in
    which the two agree. Nobody is merged by it. It holds private values: it is for who owns the data alone.
    """
    if "name" not in customers.columns:
        return pd.DataFrame(columns=list(PROPOSAL_COLUMNS))
    named = _comparable(customers)
    near = ibis.union(_neighbours(named, named["_words"]), _neighbours(named, named["_words"].reverse()))
    other = named.rename({_other(name): name for name in named.columns})
    both = near.distinct().inner_join(named, "customer_id").inner_join(other, "other_customer_id")
    both = both.mutate(why=_agreeing(both))
    both = both.order_by(_distance(both), *_IDENTIFIERS).limit(MOST_PROPOSED)
    found = both.select(
        *(c for c in PROPOSAL_COLUMNS if c != "score"), "_words", _other("_words")
    ).to_pandas()
    words = zip(found["_words"], found[_other("_words")], strict=True)
    scores = pd.Series([round(fuzz.token_sort_ratio(a, b), 1) for a, b in words], dtype=float)
    found = found.assign(score=scores)[list(PROPOSAL_COLUMNS)]
    found = found[found["score"] >= LEAST_SCORE]
    return found.sort_values(["score", *_IDENTIFIERS], ascending=[False, True, True], ignore_index=True)


def write_proposals(proposed: pd.DataFrame, path: Path) -> int:
    """Write pairs of customers into a CSV, in whose last column a person says yes or no.

    Pairs that the file has already stay as they are, above the others, with what a person wrote into any of
    its columns. Returns how many pairs are new. Raises UserError for a file that cannot be read.
    """
    columns, rows = (*PROPOSAL_COLUMNS, DECISION), []
    if path.is_file():
        source = Source(file=path.name)
        kept = read_list(connect("UTC"), path.parent, source, "confirmed_merges").to_pyarrow()
        columns = (*kept.column_names, *(c for c in columns if c not in kept.column_names))
        rows = kept.to_pylist()
    known = {frozenset(row[name] for name in _IDENTIFIERS) for row in rows}
    guarded = proposed.assign(**{c: proposed[c].map(_guarded) for c in _TEXTS}).to_dict("records")
    new = [row for row in guarded if frozenset(row[name] for name in _IDENTIFIERS) not in known]
    unfinished = path.with_name(path.name + ".part")
    # The mark tells spreadsheets that it is UTF-8.
    with unfinished.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows + new)
    unfinished.replace(path)
    return len(new)


def read_confirmed(connection: Connection, project: Project) -> IbisTable | None:
    """Read the pairs of customers (customer_id, other_customer_id) that a person has confirmed to be one.

    None if the settings name no file. Raises UserError for one that is not there or cannot be used.
    """
    source = find_lists(project).get("confirmed_merges")
    if source is None:
        return None
    rows = read_list(connection, project.root, source, "confirmed_merges")
    said = rows[DECISION].lower()
    rows = rows.mutate(_row=ibis.row_number() + 1, _yes=said.isin(_YES), _no=said.isin(_NO))
    is_wrong = ibis.or_(
        rows[DECISION].notnull() & ~(rows["_yes"] | rows["_no"]),
        rows["_yes"] & ibis.or_(*(rows[name].isnull() for name in _IDENTIFIERS)),
    )
    wrong = rows.filter(is_wrong).order_by("_row").limit(1).to_pyarrow().to_pylist()
    if wrong:
        raise UserError(
            _t(
                "{path}, row {row}: there must be two customers, and in {column} yes or no, or nothing while "
                "it is open. Mend it."
            ),
            path=source.place,
            row=wrong[0]["_row"],
            column=DECISION,
        )
    plain = {name: rows[name].re_replace(r"^'([=+\-@\t\r])", r"\1") for name in _IDENTIFIERS}
    pairs = rows.filter(rows["_yes"]).select(**plain).distinct()
    pairs = pairs.filter(pairs["customer_id"] != pairs["other_customer_id"])
    return connection.create_table("confirmed_merges", pairs, overwrite=True)


def _comparable(customers: IbisTable) -> IbisTable:
    """Give the customers that have a name, with `_words` and `_digits` of it, and `_place`."""
    words = customers["name"].lower().re_split(r"[^\p{L}\p{N}]+").sort().join(" ").strip()
    place = [ibis.coalesce(normalised(customers[c], c), "") for c in _PLACE if c in customers.columns]
    evidence = [c for c in _EVIDENCE if c in customers.columns]
    named = customers.select(
        "customer_id",
        *evidence,
        _words=words,
        _digits=words.re_replace("[^0-9]", ""),
        _place=ibis.literal("\n").join([ibis.literal(""), *place]),
    )
    named = named.filter(named["_words"] != "")
    return customers.get_backend().create_table("named_customers", named, overwrite=True)


def _neighbours(named: IbisTable, key: IbisValue) -> IbisTable:
    """Pair each customer with those alike among the next `NEIGHBOURS` of its place, in the order of a key."""
    in_order = ibis.window(group_by="_place", order_by=[key, named["customer_id"]])
    looked_at = [
        "customer_id",
        "_place",
        *(c for c in ("_words", "_digits", "birth_date") if c in named.columns),
    ]
    placed = named.select(*looked_at, _position=ibis.row_number().over(in_order))
    # Each one is put where those before it look for their neighbours.
    behind = placed.mutate(_steps=ibis.range(1, NEIGHBOURS + 1).unnest())
    behind = behind.mutate(_position=behind["_position"] - behind["_steps"]).drop("_steps")
    other = behind.rename({_other(name): name for name in looked_at if name != "_place"})
    both = placed.inner_join(other, ["_place", "_position"])
    both = both.filter(_may_be_one(both))
    one, two = both["customer_id"], both["other_customer_id"]
    return both.select(customer_id=ibis.least(one, two), other_customer_id=ibis.greatest(one, two))


def _may_be_one(both: IbisTable) -> IbisValue:
    """Say whether a pair can reach the least score, and nothing speaks against it."""
    # The score falls with the letters put in and taken out, which are at least as many as the distance.
    near = _distance(both) * 100 <= (100 - LEAST_SCORE)
    checks = [both["_digits"] == both[_other("_digits")], near]
    if "birth_date" in both.columns:
        checks.append(ibis.coalesce(both["birth_date"] == both[_other("birth_date")], ibis.literal(True)))
    return ibis.and_(*checks)


def _distance(both: IbisTable) -> IbisValue:
    """Measure how far two names are apart, as a share of their length."""
    one, other = both["_words"], both[_other("_words")]
    return one.levenshtein(other) / (one.length() + other.length())


def _agreeing(both: IbisTable) -> IbisValue:
    """Name the columns in which two customers agree: ``name, city``."""
    names = []
    for column in _EVIDENCE:
        if column in both.columns:
            agree = normalised(both[column], column) == normalised(both[_other(column)], column)
            names.append(ibis.ifelse(agree, column, ibis.null("string")))
    return ibis.array(names).filter(lambda name: name.notnull()).join(", ")


def _other(name: str) -> str:
    return f"other_{name}"


def _guarded(text: object) -> object:
    """Write a text so that no spreadsheet takes it for a formula."""
    return f"'{text}" if isinstance(text, str) and text.startswith(_FORMULA) else text
