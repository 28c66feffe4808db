"""Identity: customers who are in the data more than once, merged into one."""

from __future__ import annotations

import ibis
import pandas as pd

from crmreport.config import CONFIG_FILE, SECTION
from crmreport.errors import UserError, suggestion
from crmreport.language import _t
from crmreport.tables.cleaning.rules import LOG_COLUMNS
from crmreport.tables.contract import CUSTOMERS, TABLES
from crmreport.tables.engine import Connection, IbisTable, IbisValue

# A value that more customers share than a household or a reception desk would is a placeholder, such as
# none@none.com, and does not say who they are.
MOST_SHARING = 20
FEWEST_DIGITS = 7  # of a telephone number

# Tables of the engine: who is joined with whom so far, by rank (`_label` is the lowest rank of those joined),
# and what customers share.
_LABELS, _LINKS = "merging_labels", "merging_links"

_Line = tuple[str, str, str, int]  # of the log: action, rule, column, rows


def merge_customers(
    connection: Connection,
    tables: dict[str, IbisTable],
    by: tuple[str, ...],
    confirmed: IbisTable | None = None,
) -> tuple[dict[str, IbisTable], pd.DataFrame]:
    """Merge customers that share a value in one of the columns `by`, directly or through others.

    E-mail addresses are the same whatever their capitals, telephone numbers whatever is written between and
    before their digits, other values whatever their capitals. A value that more than `MOST_SHARING` customers
    have merges nobody. `confirmed`: pairs (customer_id, other_customer_id) that a person says are one.

    Of those merged, the one who joined first stays, or has the first identifier; what it lacks is taken from
    the others in that order, but for `left_at`: who has left has left with all of their identifiers. Every
    table names the one that stays.

    Returns the tables and the lines of the log, with the columns `LOG_COLUMNS`: "merged" counts customers
    that are gone into others, each once, by the first column that joined them; "not merged" those who share
    a placeholder, and confirmed pairs of which one is not in the data.

    Raises UserError for a column that there is not, and where no customers are connected.
    """
    _check(tables, by)
    ranked = _ranked(connection, tables["customers"])
    connection.create_table(_LABELS, ranked.select("_rank", _label="_rank"), overwrite=True)
    lines = [line for column in by for line in _join_alike(connection, ranked, column)]
    if confirmed is not None:
        lines += _join_confirmed(connection, ranked, confirmed)
    log = pd.DataFrame(
        [("customers", "", action, rule, column, "", n, "[]") for action, rule, column, n in lines if n],
        columns=list(LOG_COLUMNS),
    )
    return _merged(connection, tables, ranked), log


def normalised(value: IbisValue, column: str) -> IbisValue:
    """Write a value so that two ways to write one are equal; missing where it cannot tell customers apart."""
    text = value.cast("string").strip().lower().nullif("")
    if column == "email":
        return ibis.ifelse(text.contains("@"), text, ibis.null("string"))
    if column == "phone":
        # What stands before the number of the country or the town: +, 00, 0.
        digits = text.re_replace("[^0-9]", "").re_replace("^0+", "")
        return ibis.ifelse(digits.length() >= FEWEST_DIGITS, digits, ibis.null("string"))
    return text


def _check(tables: dict[str, IbisTable], by: tuple[str, ...]) -> None:
    if "customers" not in tables:
        raise UserError(
            _t("{key} in {file}: the table customers is not connected. Connect it, or take this away."),
            key=f"{SECTION}.{'merge_customers_by' if by else 'confirmed_merges'}",
            file=CONFIG_FILE,
        )
    for name in by:
        if name not in tables["customers"].columns:
            raise UserError(
                _t("{key} in {file}: the table {table} has no column {name}. {suggestion}"),
                key=f"{SECTION}.merge_customers_by",
                file=CONFIG_FILE,
                table="customers",
                name=name,
                suggestion=suggestion(name, tables["customers"].columns),
            )


def _ranked(connection: Connection, customers: IbisTable) -> IbisTable:
    """Add `_rank`, from 0, by which it is told who of several customers stays."""
    first = [customers["joined_at"].asc(nulls_first=False)] if "joined_at" in customers.columns else []
    rank = ibis.row_number().over(ibis.window(order_by=[*first, customers["customer_id"]]))
    return connection.create_table("ranked_customers", customers.mutate(_rank=rank), overwrite=True)


def _join_alike(connection: Connection, ranked: IbisTable, column: str) -> list[_Line]:
    """Join the customers that share a value of a column."""
    values = ranked.select("_rank", _value=normalised(ranked[column], column))
    values = values.filter(values["_value"].notnull())
    sharing = values.count().over(ibis.window(group_by=values["_value"]))
    shared = values.mutate(_sharing=sharing).filter(ibis._["_sharing"] > 1)
    gone = _join(connection, shared.filter(shared["_sharing"] <= MOST_SHARING))
    too_many = shared.filter(shared["_sharing"] > MOST_SHARING).count().to_pyarrow().as_py()
    return [("merged", "same customer", column, gone), ("not merged", "placeholder", column, too_many)]


def _join_confirmed(connection: Connection, ranked: IbisTable, confirmed: IbisTable) -> list[_Line]:
    """Join the pairs that a person has confirmed, as far as both are in the data."""
    named = confirmed.mutate(_value=confirmed["customer_id"].concat("\n", confirmed["other_customer_id"]))
    sides = named.select("_value", "customer_id").union(
        named.select("_value", customer_id="other_customer_id")
    )
    known = sides.inner_join(ranked.select("customer_id", "_rank"), "customer_id")
    in_pair = known.count().over(ibis.window(group_by=known["_value"]))
    whole = known.mutate(_in_pair=in_pair).filter(ibis._["_in_pair"] == 2)
    missing = confirmed.count().to_pyarrow().as_py() - whole["_value"].nunique().to_pyarrow().as_py()
    return [("merged", "confirmed", "", _join(connection, whole)), ("not merged", "gone", "", missing)]


def _join(connection: Connection, links: IbisTable) -> int:
    """Join those who share a value, in as many rounds as it takes; return how many that takes away."""
    links = connection.create_table(_LINKS, links.select("_rank", "_value"), overwrite=True)
    labels = connection.table(_LABELS)
    before = _count(labels.filter(labels["_label"] != labels["_rank"]))
    changed = True
    while changed:  # labels only fall, so this ends
        found = connection.create_table(f"{_LABELS}_next", _next(connection, labels, links), overwrite=True)
        both = labels.inner_join(found.rename(_new="_label"), "_rank")
        changed = _count(both.filter(both["_label"] != both["_new"])) > 0
        labels = connection.create_table(_LABELS, found, overwrite=True)
    return _count(labels.filter(labels["_label"] != labels["_rank"])) - before


def _next(connection: Connection, labels: IbisTable, links: IbisTable) -> IbisTable:
    """Do one round: whoever shares a value takes the lowest label among those who do.

    All who had their label take it with them; then everybody takes the label of their label, which halves the
    way of long chains.
    """
    shared = links.inner_join(labels, "_rank")
    lowest = shared["_label"].min().over(ibis.window(group_by=shared["_value"]))
    seen = shared.select("_label", _lowest=lowest)
    nearest = seen.group_by(_seen=seen["_label"]).aggregate(_lowest=seen["_lowest"].min())
    taken = labels.left_join(nearest, labels["_label"] == nearest["_seen"])
    taken = taken.select("_rank", _label=ibis.coalesce(taken["_lowest"], taken["_label"]))
    taken = connection.create_table(f"{_LABELS}_taken", taken, overwrite=True)
    further = taken.view()
    return taken.inner_join(further, taken["_label"] == further["_rank"]).select(
        "_rank", _label=further["_label"]
    )


def _count(rows: IbisTable) -> int:
    return int(rows.count().to_pyarrow().as_py())


def _merged(connection: Connection, tables: dict[str, IbisTable], ranked: IbisTable) -> dict[str, IbisTable]:
    """Take the customers that are joined into others out, and put the others' names in every table."""
    labels = connection.table(_LABELS)
    gone = ranked.inner_join(labels.filter(labels["_label"] != labels["_rank"]), "_rank")
    staying = ranked.select(_label="_rank", _staying="customer_id")
    names = gone.inner_join(staying, "_label").select("customer_id", "_staying")
    names = connection.create_table("merged_names", names, overwrite=True)
    customers = connection.create_table("merged_customers", _completed(ranked, gone), overwrite=True)
    replaced = {"customers": customers}
    for table in TABLES:
        for column in table.columns:
            if column.references == "customers" and column.name in _columns(tables, table.name):
                replaced[table.name] = _renamed(tables[table.name], column.name, names)
    return tables | replaced


def _columns(tables: dict[str, IbisTable], name: str) -> tuple[str, ...]:
    return tuple(tables[name].columns) if name in tables else ()


def _completed(ranked: IbisTable, gone: IbisTable) -> IbisTable:
    """Give the customers that stay, with what they lack taken from those gone into them."""
    columns = [c.name for c in CUSTOMERS.columns if c.name in ranked.columns]
    lacking = [name for name in columns if name not in ("customer_id", "left_at")]
    facts = {f"_{name}": gone[name].first(order_by=gone["_rank"]) for name in lacking}
    if "left_at" in columns:
        facts["_lasts"] = gone["left_at"].isnull().any()
        facts["_left_at"] = gone["left_at"].max()
    others = gone.group_by("_label").aggregate(_n=gone.count(), **facts)
    stay = ranked.anti_join(gone, "_rank").left_join(others, ibis._["_rank"] == others["_label"])
    filled = {name: ibis.coalesce(stay[name], stay[f"_{name}"]) for name in lacking}
    if "left_at" in columns:
        lasts = stay["left_at"].isnull() | ibis.coalesce(stay["_lasts"], ibis.literal(False))
        latest = ibis.greatest(stay["left_at"], ibis.coalesce(stay["_left_at"], stay["left_at"]))
        filled["left_at"] = ibis.ifelse(lasts, ibis.null("timestamp(6)"), latest)
    return stay.mutate(**filled).select(*columns)


def _renamed(table: IbisTable, column: str, names: IbisTable) -> IbisTable:
    """Put the name of the customer that stays into a column, where it names one that is gone."""
    known = names.select(_gone="customer_id", _staying="_staying")
    joined = table.left_join(known, table[column] == known["_gone"])
    return joined.mutate(**{column: ibis.coalesce(joined["_staying"], joined[column])}).select(*table.columns)
