"""Cancellations: which return takes back which sale, and that all others stay."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmreport.config import read_project
from crmreport.errors import UserError
from crmreport.source import Source
from crmreport.tables.cleaning.cancellations import mark_cancellations
from crmreport.tables.contract import table
from crmreport.tables.data import Data, read_data
from crmreport.tables.engine import connect
from tests.small_project import write_project

SHARED = Path(__file__).parents[2] / "shared" / "data" / "online_retail" / "online_retail.parquet"
ENGINE = connect("UTC")
SOURCE = Source.model_validate({"file": "x.csv", "pair_cancellations": True})
PAIRED = "cancelled:quantity"


def read(folder: Path, lines: str, orders: str) -> Data:
    """Read lines ("order product quantity price") of orders ("order customer time")."""
    pairing = "pair_cancellations: true"
    settings = (
        f"  tables:\n    orders: {{file: data/orders.csv}}\n"
        f"    order_lines: {{file: data/lines.csv, {pairing}}}\n"
    )
    files = {
        "orders.csv": "order_id,customer_id,ordered_at\n" + _csv(orders),
        "lines.csv": "order_id,product_id,quantity,unit_price\n" + _csv(lines),
    }
    return read_data(read_project(write_project(folder, settings, files)), date(2026, 1, 1))


def _csv(text: str) -> str:
    return "".join(",".join(line.split()) + "\n" for line in text.strip().splitlines())


def rules(data: Data, name: str = "order_lines") -> list[str | None]:
    (reading,) = (r for r in data.readings if r.name == name)
    return reading.cleaned.judged.order_by("_row").to_pyarrow()["_rule"].to_pylist()


ORDERS = """
    o1 c1 2025-10-01
    o2 c1 2025-10-05
    o3 c1 2025-10-09
    x1 c2 2025-10-10
"""


def test_a_return_takes_back_the_latest_equal_line_of_the_customer(tmp_path: Path):
    data = read(
        tmp_path,
        """
        o1 p1  2 5
        o2 p1  2 5
        o3 p1 -2 5
        """,
        ORDERS,
    )
    assert rules(data) == [None, PAIRED, PAIRED]
    lines = data.cleaning[(data.cleaning["table"] == "order_lines")]
    assert {(r.action, r.rule): r.rows for r in lines.itertuples()} == {
        ("read", ""): 3,
        ("set aside", "cancelled"): 2,
        ("kept", ""): 1,
    }


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("x1 p1 -2 5", "another customer"),
        ("o3 p2 -2 5", "another product"),
        ("o3 p1 -3 5", "another quantity"),
        ("o3 p1 -2 4", "another price"),
        ("o1 p1 -2 5", "not earlier"),
    ],
)
def test_a_return_that_is_of_something_else_stays(tmp_path: Path, line: str, why: str):
    assert rules(read(tmp_path, f"{line}\no2 p1 2 5", ORDERS)) == [None, None], why


def test_returns_that_take_nothing_back_do_not_shift_later_pairs(tmp_path: Path):
    orders = "\n".join(f"o{day} c1 2025-10-{day:02d}" for day in range(1, 9))
    signs = [-1, -1, 1, 1, -1, 1, -1, -1]  # two returns of nothing, then 3-8, 4-5 and 6-7
    lines = "\n".join(f"o{day} p1 {sign * 2} 5" for day, sign in enumerate(signs, start=1))
    assert rules(read(tmp_path, lines, orders)) == [None, None] + [PAIRED] * 6


def test_within_an_order_the_row_decides_what_came_first(tmp_path: Path):
    assert rules(read(tmp_path, "o1 p1 -2 5\no1 p1 2 5\no1 p1 -2 5", ORDERS)) == [None, PAIRED, PAIRED]


def test_a_line_that_is_set_aside_is_not_taken_back(tmp_path: Path):
    data = read(tmp_path, "o9 p1 2 5\no1 p1 0 5\no3 p1 -2 5", ORDERS)
    assert rules(data) == ["orphan:order_id", None, None]


def test_an_order_of_negative_amount_takes_back_an_order(tmp_path: Path):
    orders = (
        "order_id,customer_id,ordered_at,amount\n"
        "o1,c1,2025-10-01,30\no2,c1,2025-10-02,20\no3,c1,2025-10-03,-30\no4,c2,2025-10-04,-20\no5,c1,2025-10-05,\n"
    )
    settings = "  tables: {orders: {file: data/orders.csv, pair_cancellations: true}}\n"
    project = write_project(tmp_path, settings, {"orders.csv": orders})
    data = read_data(read_project(project), date(2026, 1, 1))
    assert rules(data, "orders") == ["cancelled:amount", None, "cancelled:amount", None, None]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            "feedback: {file: data/feedback.csv, pair_cancellations: true}",
            "crmreport.tables.feedback.pair_cancellations in _config.yml: feedback has no returns that could",
        ),
        (
            "order_lines: {file: data/lines.csv, pair_cancellations: true}",
            "crmreport.tables.order_lines.pair_cancellations in _config.yml: who ordered a line, and when,",
        ),
        (
            "orders: {file: data/orders.csv, pair_cancellations: true}",
            "crmreport.tables.orders.pair_cancellations in _config.yml: orders is read without a column am",
        ),
    ],
)
def test_pairs_that_cannot_be_told_are_refused(tmp_path: Path, settings: str, said: str):
    files = {
        "feedback.csv": "feedback_id,answered_at\nf1,2025-10-01\n",
        "lines.csv": "order_id,product_id,quantity,unit_price\no1,p1,1,5\n",
        "orders.csv": "order_id,customer_id,ordered_at\no1,c1,2025-10-01\n",
    }
    project = write_project(tmp_path, f"  folder: book\n  tables:\n    {settings}\n", files)
    with pytest.raises(UserError) as refusal:
        read_data(read_project(project))
    assert str(refusal.value).startswith(said)


def paired_by_hand(lines: list[tuple]) -> set[int]:
    """Go through the lines in order of time, with a pile of open sales for each kind."""
    piles: dict[tuple, list[int]] = {}
    paired: set[int] = set()
    for row in sorted(range(len(lines)), key=lambda r: (lines[r][4], r)):
        customer, product, quantity, price, *_ = lines[row]
        pile = piles.setdefault((customer, product, abs(quantity), price), [])
        if quantity > 0:
            pile.append(row)
        elif quantity < 0 and pile:
            paired |= {pile.pop(), row}
    return paired


def stored(name: str, rows: list[tuple], **types: str) -> ir.Table:
    """Put rows into the engine."""
    frame = pd.DataFrame(rows, columns=list(types), dtype=object)
    return ENGINE.create_table(name, ibis.memtable(frame, schema=types), overwrite=True)


def paired_by_engine(lines: list[tuple]) -> set[int]:
    """Pair lines (customer, product, quantity, price, day), each of an order of its own."""
    start = datetime(2025, 1, 1)
    orders = [(str(row), line[0], start + timedelta(days=line[4])) for row, line in enumerate(lines)]
    given = [(row, str(row), line[1], line[2], line[3], None) for row, line in enumerate(lines)]
    judged = stored(
        "judged",
        given,
        _row="int64",
        order_id="string",
        product_id="string",
        quantity="float64",
        unit_price="int64",
        _rule="string",
    )
    orders = stored(
        "known_orders", orders, order_id="string", customer_id="string", ordered_at="timestamp(6)"
    )
    marked = mark_cancellations(judged, table("order_lines"), SOURCE, {"orders": orders})
    return set(marked.filter(marked["_rule"] == PAIRED).to_pyarrow()["_row"].to_pylist())


LINE = st.tuples(
    st.sampled_from("ab"),
    st.sampled_from("pq"),
    st.sampled_from([-2, -1, 0, 1, 2]),
    st.sampled_from([1, 2]),
    st.integers(0, 5),
)


@settings(max_examples=80, deadline=None)
@given(
    lines=st.one_of(
        st.lists(LINE, min_size=1, max_size=40),
        # Long runs of one kind, where much is open at a time.
        st.lists(
            st.tuples(st.just("a"), st.just("p"), st.sampled_from([-1, 1]), st.just(1), st.integers(0, 30))
        ).filter(bool),
    )
)
def test_pairs_are_those_of_a_pile_of_open_sales(lines: list[tuple]):
    assert paired_by_engine(lines) == paired_by_hand(lines)


def test_an_order_of_which_nothing_is_left_is_set_aside_with_its_lines(tmp_path: Path):
    lines = """
        o1 desk 1 100
        o1 lamp 1 20
        o2 desk -1 100
        o3 lamp -1 20
        x1 desk 1 100
    """
    # o2 and o3 take back both lines of o1: none of the three is an order any more.
    data = read(tmp_path, lines, ORDERS)
    assert rules(data, "orders") == ["cancelled:order_id"] * 3 + [None]
    assert data.tables["orders"].order_id.to_pyarrow().to_pylist() == ["x1"]
    log = data.cleaning[data.cleaning["table"] == "orders"].groupby("action")["rows"].sum()
    assert (log["read"], log["set aside"], log["kept"]) == (4, 3, 1)


@pytest.mark.skipif(not SHARED.is_file(), reason="needs ../shared/data/online_retail")
def test_the_cancellation_invoices_of_a_real_wholesaler(tmp_path: Path):
    """Of 8,905 cancelled lines with a customer, 2,787 take back one earlier line as it was."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "retail.parquet").symlink_to(SHARED)
    settings = (
        "  tables:\n    orders:\n      file: data/retail.parquet\n      one_row_per_key: true\n"
        "      columns: {order_id: InvoiceNo, customer_id: CustomerID, ordered_at: InvoiceDate}\n"
        "    order_lines:\n      file: data/retail.parquet\n      pair_cancellations: true\n"
        "      columns: {order_id: InvoiceNo, product_id: StockCode, quantity: Quantity,\n"
        "        unit_price: UnitPrice}\n"
    )
    data = read_data(read_project(write_project(tmp_path, settings, {})))
    lines = data.cleaning[data.cleaning["table"] == "order_lines"].set_index("rule")["rows"]
    assert lines["cancelled"] == 2 * 2_787
    kept = data.tables["order_lines"]
    returns = kept.filter(kept.quantity < 0).count().to_pyarrow().as_py()
    assert returns == 8_905 - 2_787
    # The same by the pile.
    (reading,) = (r for r in data.readings if r.name == "order_lines")
    judged = reading.cleaned.judged
    (orders,) = (r.cleaned.judged for r in data.readings if r.name == "orders")
    orders = orders.filter(orders["_rule"].isnull() | orders["_rule"].startswith("cancelled"))
    joined = judged.inner_join(orders.select("order_id", "customer_id", "ordered_at"), "order_id").order_by(
        "_row"
    )
    columns = joined.select(
        "customer_id", "product_id", "quantity", "unit_price", "ordered_at", "_row", "_rule"
    )
    rows = [tuple(r.values()) for r in columns.to_pyarrow().to_pylist()]
    usable = [r for r in rows if r[6] in (None, PAIRED)]
    assert {usable[place][5] for place in paired_by_hand(usable)} == {r[5] for r in usable if r[6]}
