"""Cancellations: returns, each paired with what it takes back."""

from __future__ import annotations

import ibis

from crmreport.config import CONFIG_FILE, SECTION
from crmreport.errors import UserError
from crmreport.language import _t
from crmreport.source import Source
from crmreport.tables.contract import Table
from crmreport.tables.engine import IbisTable, IbisValue

# What tells a return from what it takes back: the sign of this column.
_SIGNED = {"orders": "amount", "order_lines": "quantity"}


def mark_cancellations(
    judged: IbisTable, table: Table, source: Source, known: dict[str, IbisTable]
) -> IbisTable:
    """Set aside the pairs of a return and what it takes back, where the settings say so ("cancelled:...").

    An order line of negative quantity takes back the latest line before it, not taken back yet, of the same
    customer, product and unit price and of the same quantity but for the sign; an order of negative amount
    likewise the customer's latest order of that amount. A return that finds nothing to take back stays.
    "Before" is by the time of the order, then by the row.

    Raises UserError for a table without returns, or without what is needed to pair them.
    """
    if not source.pair_cancellations:
        return judged
    _check(judged, table, known)
    signed = _SIGNED[table.name]
    usable = judged.filter(judged["_rule"].isnull() & (judged[signed] != 0))
    paired = _paired(_moves(usable, signed, known))
    rule = ibis.ifelse(judged["_row"].isin(paired["_row"]), f"cancelled:{signed}", judged["_rule"])
    return judged.mutate(_rule=rule)


def taken_back(orders: IbisTable, lines: IbisTable) -> IbisValue:
    """Give the rule that sets aside an order of which nothing is left: all its lines are cancelled.

    `orders` and `lines`: as they were judged. An order with an amount of its own stays.
    """
    cancelled = lines.filter(lines["_rule"].startswith("cancelled")).order_id
    left = lines.filter(lines["_rule"].isnull()).order_id
    nothing = orders.order_id.isin(cancelled) & orders.order_id.notin(left)
    if "amount" in orders.columns:
        nothing &= orders.amount.isnull()
    return ibis.ifelse(nothing, "cancelled:order_id", ibis.null("string"))


def _moves(usable: IbisTable, signed: str, known: dict[str, IbisTable]) -> IbisTable:
    """Give each row its time, its step (1 for a sale, -1 for a return) and what it shares with its pair.

    Only rows that share it with some return are given.
    """
    move = {
        "_row": usable["_row"],
        "_step": usable[signed].sign().cast("int64"),
        "_size": usable[signed].abs(),
    }
    if signed == "amount":
        moves = usable.select("customer_id", _at=usable.ordered_at, **move)
    else:
        orders = known["orders"].select("order_id", "customer_id", _at="ordered_at")
        moves = usable.select("order_id", "product_id", "unit_price", **move)
        moves = moves.inner_join(orders, "order_id").drop("order_id")
    shared = _shared(moves)
    return moves.semi_join(moves.filter(moves["_step"] < 0).select(*shared), shared)


def _shared(moves: IbisTable) -> list[str]:
    return [name for name in moves.columns if name not in ("_row", "_at", "_step")]


def _paired(moves: IbisTable) -> IbisTable:
    """Pair sales and returns as opening and closing brackets.

    The running sum of the steps is a height, and each row goes over one rung of it: a sale upwards, a return
    downwards. Over one rung ways up and down alternate; so a return belongs to the row before it on its rung
    and a sale to the row after it, where there is one. Returns that close nothing only lower the ground.
    """
    shared, in_time = _shared(moves), ["_at", "_row"]
    so_far = ibis.window(group_by=shared, order_by=in_time, preceding=None, following=0)
    height = moves["_step"].sum().over(so_far)
    climbed = moves.mutate(_rung=ibis.ifelse(moves["_step"] > 0, height, height + 1))
    rung = ibis.window(group_by=[*shared, "_rung"], order_by=in_time)
    before, after = climbed["_row"].lag().over(rung), climbed["_row"].lead().over(rung)
    partner = ibis.ifelse(climbed["_step"] > 0, after, before)
    return climbed.mutate(_partner=partner).filter(ibis._["_partner"].notnull())


def _check(judged: IbisTable, table: Table, known: dict[str, IbisTable]) -> None:
    place = {"key": f"{SECTION}.tables.{table.name}.pair_cancellations", "file": CONFIG_FILE}
    if table.name not in _SIGNED:
        raise UserError(
            _t(
                "{key} in {file}: {table} has no returns that could be paired, only {tables} have. Take it "
                "away."
            ),
            table=table.name,
            tables=", ".join(_SIGNED),
            **place,
        )
    if table.name == "order_lines" and "orders" not in known:
        raise UserError(
            _t(
                "{key} in {file}: who ordered a line, and when, stands in the table orders. Connect it, or "
                "take the setting away."
            ),
            **place,
        )
    if _SIGNED[table.name] not in judged.columns:
        raise UserError(
            _t(
                "{key} in {file}: {table} is read without a column {name}, by which returns are known. "
                "Name its heading: {columns}."
            ),
            table=table.name,
            name=_SIGNED[table.name],
            columns=f"{SECTION}.tables.{table.name}.columns.{_SIGNED[table.name]}",
            **place,
        )
