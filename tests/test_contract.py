"""The contract is a closed world: every name that a column refers to is there."""

from __future__ import annotations

import pytest

from crmreport.language import LANGUAGES, translate
from crmreport.tables.column import Column, Table, Type
from crmreport.tables.contract import TABLES, dimension_title, table

COLUMNS = [(t, c) for t in TABLES for c in t.columns]


def test_names_are_unique_and_can_be_column_names():
    assert len({t.name for t in TABLES}) == len(TABLES)
    for each in TABLES:
        names = [c.name for c in each.columns]
        assert len(set(names)) == len(names)
        assert all(name.isidentifier() and name.islower() and not name.startswith("_") for name in names)


@pytest.mark.parametrize(("of", "column"), [(t, c) for t, c in COLUMNS if c.references])
def test_a_reference_names_the_key_of_a_table(of: Table, column: Column):
    assert column.name in table(column.references).key, f"{of.name}.{column.name}"


@pytest.mark.parametrize("each", TABLES, ids=lambda t: t.name)
def test_a_key_consists_of_columns_that_are_there(each: Table):
    assert set(each.key) <= {column.name for column in each.columns}


def test_a_key_of_one_column_is_required():
    assert all(t.column(t.key[0]).required for t in TABLES if len(t.key) == 1)


def test_a_dimension_is_a_text_that_is_not_private_and_has_one_title():
    for _, column in COLUMNS:
        if column.dimension:
            assert column.type is Type.TEXT
            assert not column.private
            assert dimension_title(column.name) == column.dimension


def test_bounds_are_of_numbers_and_in_order():
    numbers = (Type.INTEGER, Type.NUMBER, Type.MONEY)
    for _, column in COLUMNS:
        if column.low is not None or column.high is not None:
            assert column.type in numbers
        if column.low is not None and column.high is not None:
            assert column.low < column.high


def test_customers_orders_and_contacts_are_private_wherever_they_are_named():
    keys = {"customer_id", "order_id", "interaction_id", "feedback_id", "invitation_id", "opportunity_id"}
    assert {c.name for _, c in COLUMNS if c.name in keys and c.private} == keys
    assert not [(t.name, c.name) for t, c in COLUMNS if c.name in keys and not c.private]


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_every_meaning_is_translated(language: str):
    texts = [t.title for t in TABLES] + [t.meaning for t in TABLES] + [c.meaning for _, c in COLUMNS]
    assert [text for text in texts if translate(text, language) == text] == []


def test_what_is_not_there_is_a_key_error():
    for wrong in (
        lambda: table("order"),
        lambda: table("orders").column("id"),
        lambda: dimension_title("amount"),
    ):
        with pytest.raises(KeyError):
            wrong()
