"""Identity: who is one customer with whom, who of them stays, and what a person decides."""

from __future__ import annotations

import csv
from datetime import date, datetime
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmreport.config import read_project
from crmreport.tables.cleaning.identity import MOST_SHARING, merge_customers
from crmreport.tables.cleaning.merges import DECISION, PROPOSAL_COLUMNS, proposed_merges, write_proposals
from crmreport.tables.data import Data, fingerprints, read_data
from crmreport.tables.engine import connect
from tests.small_project import refused_list, write_project

ENGINE = connect("UTC")
ORDERS = "order_id,customer_id,ordered_at\n"
CUSTOMERS = "customer_id,email,phone,city,joined_at\n"


def stored(name: str, rows: list[tuple], /, **types: str) -> ir.Table:
    """Put rows into the engine."""
    frame = pd.DataFrame(rows, columns=list(types), dtype=object)
    return ENGINE.create_table(name, ibis.memtable(frame, schema=types), overwrite=True)


def read(folder: Path, customers: str, setting: str, orders: str = "o1,a,2025-10-01\n", **files: str) -> Data:
    given = {"customers.csv": CUSTOMERS + customers, "orders.csv": ORDERS + orders}
    return read_data(read_project(write_project(folder, f"  {setting}\n", given | files)), date(2026, 1, 1))


def rows(table: ir.Table) -> list[tuple]:
    return [tuple(row.values()) for row in table.order_by(table.columns[0]).to_pyarrow().to_pylist()]


def merged(data: Data) -> list[tuple]:
    """Give the log's lines on merging: action, rule, column, rows."""
    lines = data.cleaning[data.cleaning["action"].isin(["merged", "not merged"])]
    return [(line.action, line.rule, line.column, line.rows) for line in lines.itertuples()]


def test_customers_of_one_address_are_one_whatever_its_capitals(tmp_path: Path):
    customers = "a,Ann@x.org,,,2025-02-01\nb, ann@X.org ,,,2025-01-01\nc,bob@x.org,,,\nd,,,,\ne,,,,\n"
    orders = "o1,a,2025-10-01\no2,b,2025-10-02\no3,c,2025-10-03\no4,stranger,2025-10-04\n"
    data = read(tmp_path, customers, "merge_customers_by: [email]", orders)
    # b joined before a. Two customers without an address share nothing.
    assert [row[0] for row in rows(data.tables["customers"])] == ["b", "c", "d", "e"]
    assert [row[1] for row in rows(data.tables["orders"])] == ["b", "b", "c", "stranger"]
    assert merged(data) == [("merged", "same customer", "email", 1)]
    counts = data.cleaning[data.cleaning["table"] == "customers"].set_index("action")["rows"]
    assert (counts["read"], counts["kept"]) == (5, 5)  # rows of the file; merging comes after


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("+49 30 1234567", "0049/30-1234567", True),
        ("030 1234567", "(30) 123.45.67", True),
        ("030 1234567", "030 1234568", False),
        ("123456", "123 456", False),  # too short to tell anybody
        ("000000000", "0000000000", False),
        ("unknown number", "unknown number", False),
    ],
)
def test_telephone_numbers_are_compared_by_their_digits(tmp_path: Path, one: str, other: str, same: bool):
    data = read(tmp_path, f"a,,{one},,\nb,,{other},,\n", "merge_customers_by: [phone]")
    assert len(rows(data.tables["customers"])) == (1 if same else 2)


def test_a_text_without_an_at_sign_is_no_address_and_other_columns_are_compared_as_they_are(tmp_path: Path):
    customers = "a,none,,Oslo,\nb,none,,oslo ,\nc,,,Bergen,\n"
    assert len(rows(read(tmp_path / "1", customers, "merge_customers_by: [email]").tables["customers"])) == 3
    assert len(rows(read(tmp_path / "2", customers, "merge_customers_by: [city]").tables["customers"])) == 2


def test_whoever_is_one_with_one_of_them_is_one_with_all(tmp_path: Path):
    # a and b share an address, b and c a number, c and d an address.
    customers = "d,2@x,,,\nc,2@x,5550001,,\nb,1@x,5550001,,\na,1@x,,,\ne,3@x,5550009,,\n"
    data = read(tmp_path, customers, "merge_customers_by: [email, phone]")
    assert [row[0] for row in rows(data.tables["customers"])] == ["a", "e"]
    # By addresses b goes into a and d into c; the number takes away one more.
    assert merged(data) == [
        ("merged", "same customer", "email", 2),
        ("merged", "same customer", "phone", 1),
    ]


def test_the_one_that_stays_lacks_nothing_that_the_others_know(tmp_path: Path):
    customers = (
        "customer_id,email,name,city,gender,joined_at,left_at\n"
        "z,x@x,,Rome,,2025-01-01,\n"  # joined first: stays
        "b,x@x,Bo,Oslo,,,2025-06-01\n"  # last, by the identifier
        "a,x@x,Al,,f,,\n"
    )
    setting = "merge_customers_by: [email]"
    data = read(tmp_path, "", setting, **{"customers.csv": customers})
    assert rows(data.tables["customers"]) == [
        ("z", "Al", "x@x", "Rome", "f", datetime(2025, 1, 1), None),
    ]


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (("2025-05-01", "2025-07-01"), datetime(2025, 7, 1)),
        (("2025-05-01", ""), None),
        (("", "2025-05-01"), None),
    ],
)
def test_a_customer_has_left_when_all_of_them_have(tmp_path: Path, left: tuple[str, str], expected: object):
    customers = f"customer_id,email,left_at\na,x@x,{left[0]}\nb,x@x,{left[1]}\n"
    data = read(tmp_path, "", "merge_customers_by: [email]", **{"customers.csv": customers})
    assert rows(data.tables["customers"]) == [("a", "x@x", expected)]


def test_a_placeholder_makes_nobody_one(tmp_path: Path):
    shared = "".join(f"s{n},none@none.com,,,\n" for n in range(MOST_SHARING + 1))
    family = "".join(f"f{n},home@x.org,,,\n" for n in range(MOST_SHARING))
    data = read(tmp_path, shared + family, "merge_customers_by: [email]")
    assert data.tables["customers"].count().to_pyarrow().as_py() == MOST_SHARING + 1 + 1
    assert merged(data) == [
        ("merged", "same customer", "email", MOST_SHARING - 1),
        ("not merged", "placeholder", "email", MOST_SHARING + 1),
    ]


def test_every_table_names_the_customer_that_stays(tmp_path: Path):
    feedback = "feedback_id,answered_at,customer_id\nf1,2025-10-01,b\nf2,2025-10-01,\n"
    setting = "merge_customers_by: [email]"
    data = read(tmp_path, "a,x@x,,,\nb,x@x,,,\n", setting, **{"feedback.csv": feedback})
    assert data.tables["feedback"].columns == ("feedback_id", "customer_id", "answered_at")
    assert [row[1] for row in rows(data.tables["feedback"])] == ["a", None]


def test_only_columns_of_the_customers_can_tell_them(tmp_path: Path):
    files = {"customers.csv": CUSTOMERS + "a,,,,\n", "orders.csv": ORDERS + "o1,a,2025-10-01\n"}
    said = refused_list(write_project(tmp_path / "1", "  merge_customers_by: [e_mail]\n", files))
    assert said == (
        "crmreport.merge_customers_by in _config.yml: the table customers has no column e_mail. "
        "Did you mean email?"
    )
    del files["customers.csv"]
    said = refused_list(write_project(tmp_path / "2", "  merge_customers_by: [email]\n", files))
    assert said.startswith(
        "crmreport.merge_customers_by in _config.yml: the table customers is not connected."
    )


PEOPLE = st.lists(
    st.tuples(st.sampled_from([None, *"uvwxyz"]), st.sampled_from([None, *"uvwxyz"])), min_size=1, max_size=14
)


@settings(max_examples=30, deadline=None)
@given(people=PEOPLE)
def test_those_who_stay_are_one_of_each_connected_group(people: list[tuple[str | None, str | None]]):
    """Against merging sets of customers for as long as two of them share a value."""
    groups = [
        ({number}, {(place, value) for place, value in enumerate(person) if value})
        for number, person in enumerate(people)
    ]
    while pair := next(((g, h) for i, g in enumerate(groups) for h in groups[i + 1 :] if g[1] & h[1]), None):
        groups = [g for g in groups if g not in pair] + [(pair[0][0] | pair[1][0], pair[0][1] | pair[1][1])]
    named = {number: f"c{min(group):02d}" for group, _ in groups for number in group}
    ids = [f"c{number:02d}" for number in range(len(people))]
    given = [(key, *person) for key, person in zip(ids, people, strict=True)]
    tables = {
        "customers": stored("customers", given, customer_id="string", city="string", industry="string"),
        "orders": stored("orders", [(key, key) for key in ids], order_id="string", customer_id="string"),
    }
    found, log = merge_customers(ENGINE, tables, ("city", "industry"))
    assert [row[0] for row in rows(found["customers"])] == sorted(set(named.values()))
    assert [row[1] for row in rows(found["orders"])] == [named[number] for number in range(len(people))]
    assert log["rows"].sum() == len(people) - len(groups)


def test_a_long_chain_of_customers_is_one(tmp_path: Path):
    """Each shares a value with the next one only, in no order that helps."""
    count = 400
    places = [(7 * number) % count for number in range(count)]  # 7 and 400 have no common divisor
    given = [(f"c{n:03d}", f"v{place // 2}", f"w{(place + 1) // 2}") for n, place in enumerate(places)]
    tables = {"customers": stored("customers", given, customer_id="string", city="string", industry="string")}
    found, log = merge_customers(ENGINE, tables, ("city", "industry"))
    assert [row[0] for row in rows(found["customers"])] == ["c000"]
    assert log["rows"].tolist() == [count / 2, count / 2 - 1]


def test_names_that_are_alike_in_one_town_are_proposed_and_nobody_is_merged():
    given = [
        ("a", "Anna Schmidt", "Berlin", date(1990, 1, 1)),
        ("b", "SCHMIDT, Anna", "berlin", None),
        ("c", "Anna Schmitt", "Berlin", date(1991, 1, 1)),
        ("d", "Anna Schmidt", "Bonn", None),
        ("e", "Bert Brecht", "Berlin", None),
        ("f", "Branch 12", "Berlin", None),
        ("g", "Branch 13", "Berlin", None),
        ("h", None, "Berlin", None),
        ("i", "Carl Weber", "Berlin", date(1980, 1, 1)),
        ("j", "Carl Weber", "Berlin", date(1981, 1, 1)),
    ]
    customers = stored(
        "customers", given, customer_id="string", name="string", city="string", birth_date="date"
    )
    found = proposed_merges(customers)
    assert list(found.columns) == list(PROPOSAL_COLUMNS)
    # "anna schmidt" and "anna schmitt" have 23 or 24 letters, of which 22 are the same: 2 x 11 / 24 = 91.7.
    assert found[["customer_id", "other_customer_id", "score", "why"]].values.tolist() == [
        ["a", "b", 100.0, "city"],
    ]


def test_a_slip_at_either_end_of_a_long_name_is_proposed_and_what_agrees_is_said():
    given = [
        ("1", "Meridian Trading Company", "m@x.org"),
        ("2", "Neridian Trading Company", "M@x.org"),
        ("3", "Meridian Trading Companie", "n@x.org"),
    ]
    customers = stored("customers", given, customer_id="string", name="string", email="string")
    found = proposed_merges(customers).set_index(["customer_id", "other_customer_id"])
    # 24 letters each, 23 in common: 46 / 48; 24 and 25 letters, 23 in common: 46 / 49.
    assert found.loc[("1", "2"), ["score", "why"]].tolist() == [95.8, "email"]
    assert found.loc[("1", "3"), ["score", "why"]].tolist() == [93.9, ""]


def proposals(*pairs: tuple[str, str]) -> pd.DataFrame:
    lines = [(one, f"Name of {one}", other, "=Name()", 99.0, "city") for one, other in pairs]
    return pd.DataFrame(lines, columns=list(PROPOSAL_COLUMNS))


def test_what_a_person_has_decided_stays_when_more_is_proposed(tmp_path: Path):
    path = tmp_path / "merges.csv"
    assert write_proposals(proposals(("a", "b"), ("c", "d")), path) == 2
    text = path.read_text(encoding="utf-8-sig")
    assert text.splitlines()[1] == "a,Name of a,b,'=Name(),99.0,city,"
    # A spreadsheet saves it its own way; the person adds a column.
    lines = [line.replace(",", ";") for line in text.splitlines()]
    edited = "\n".join([lines[0] + ";note", lines[1] + "yes;seen her", lines[2] + "no;"])
    path.write_text(edited.replace("city;yes", "city;yes"), encoding="utf-8")
    assert write_proposals(proposals(("d", "c"), ("b", "a"), ("a", "e")), path) == 1
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    assert [(r["customer_id"], r["other_customer_id"], r[DECISION], r["note"]) for r in found] == [
        ("a", "b", "yes", "seen her"),
        ("c", "d", "no", ""),
        ("a", "e", "", ""),
    ]


def test_confirmed_pairs_are_merged_and_denied_or_open_ones_are_not(tmp_path: Path):
    decided = (
        "customer_id,other_customer_id,confirmed\nb,a,Yes\na,b,yes\nc,d,no\nc,e,\nd,stranger,yes\ne,e,yes\n"
    )
    files = {"merges.csv": decided}
    setting = "confirmed_merges: data/merges.csv"
    data = read(tmp_path, "a,,,,\nb,,,,2025-01-01\nc,,,,\nd,,,,\ne,,,,\n", setting, **files)
    assert [row[0] for row in rows(data.tables["customers"])] == ["b", "c", "d", "e"]
    assert rows(data.tables["orders"])[0][1] == "b"
    assert merged(data) == [("merged", "confirmed", "", 1), ("not merged", "gone", "", 1)]


def test_a_decision_changes_the_data(tmp_path: Path):
    decided = "customer_id,other_customer_id,confirmed\na,b,yes\n"
    read(tmp_path, "a,,,,\nb,,,,\n", "confirmed_merges: data/m.csv", **{"m.csv": decided})
    before = fingerprints(read_project(tmp_path))
    (tmp_path / "data" / "m.csv").write_text(decided.replace("yes", "no"), encoding="utf-8")
    after = fingerprints(read_project(tmp_path))
    assert {name for name in after if after[name] != before[name]} == {"confirmed_merges"}


@pytest.mark.parametrize(
    ("decided", "said"),
    [
        (
            "customer_id,confirmed\na,yes\n",
            "data/m.csv has no column other_customer_id. It must have: customer",
        ),
        (
            "customer_id,other_customer_id,confirmed\na,b,yes\na,c,perhaps\n",
            "data/m.csv, row 2: there must be two customers, and in confirmed yes or no, or nothing",
        ),
        (
            "customer_id,other_customer_id,confirmed\na,,yes\n",
            "data/m.csv, row 1: there must be two customers",
        ),
        (None, "crmreport.confirmed_merges in _config.yml: there is no file data/m.csv. Name it"),
    ],
)
def test_decisions_that_cannot_be_read_are_named(tmp_path: Path, decided: str | None, said: str):
    files = {"customers.csv": CUSTOMERS + "a,,,,\nb,,,,\n", "orders.csv": ORDERS + "o1,a,2025-10-01\n"}
    given = files if decided is None else files | {"m.csv": decided}
    assert refused_list(write_project(tmp_path, "  confirmed_merges: data/m.csv\n", given)).startswith(said)
