"""Currencies: amounts of other currencies in the review's own, by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from crmreport.config import read_project
from crmreport.errors import UserError
from crmreport.results import compute_results
from crmreport.tables.data import Data, fingerprints, read_data
from tests.small_project import ORDERS, refused_list, write_project

# From 1 October a euro is worth 1.10 dollars, from 15 October 1.20.
RATES = "currency,starts_on,rate\nEUR,2025-10-15,1.20\nEUR,2025-10-01,1.10\nGBP,2025-10-01,1.35\n"
HEADINGS = "order_id,customer_id,ordered_at,amount"


def read(folder: Path, orders: str, settings: str = "", rates: str = RATES, **files: str) -> Data:
    """Read orders of a review in dollars; `settings`: what they say beside their file."""
    lines = f"  rates: data/rates.csv\n  tables:\n    orders: {{file: data/orders.csv{settings}}}\n"
    given = {"orders.csv": orders, "rates.csv": rates} | {f"{n}.csv": text for n, text in files.items()}
    return read_data(read_project(write_project(folder, lines, given)), date(2026, 1, 1))


def amounts(data: Data, name: str = "orders", column: str = "amount") -> list[Decimal | None]:
    table = data.tables[name]
    return table.order_by(table.columns[0]).to_pyarrow()[column].to_pylist()


def log(data: Data, name: str = "orders") -> dict[tuple[str, str, str], int]:
    lines = data.cleaning[data.cleaning["table"] == name]
    return {(line.action, line.rule, line.column): line.rows for line in lines.itertuples()}


def test_an_amount_is_converted_by_the_rate_of_its_day(tmp_path: Path):
    orders = (
        f"{HEADINGS}\n"
        "o1,c,2025-10-01 00:00,100\n"  # the first day of the first rate: 100 x 1.10
        "o2,c,2025-10-14 23:59,100\n"  # the last minute of the first rate
        "o3,c,2025-10-15 00:00,100\n"  # the first of the second: 100 x 1.20
        "o4,c,2025-12-31 12:00,0.01\n"  # the second one still holds: 0.012
        "o5,c,2025-12-31 12:00,-50\n"  # a return
        "o6,c,2025-12-31 12:00,\n"  # nothing to convert
    )
    data = read(tmp_path, orders, ", currency: EUR")
    assert amounts(data) == [
        Decimal("110"),
        Decimal("110"),
        Decimal("120"),
        Decimal("0.012"),
        Decimal("-60"),
        None,
    ]
    assert log(data)["converted", "currency", ""] == 5


def test_an_amount_before_the_first_rate_is_taken_out_and_counted(tmp_path: Path):
    orders = f"{HEADINGS}\no1,c,2025-09-30 23:59,100\no2,c,2025-10-01,100\n"
    data = read(tmp_path, orders, ", currency: EUR")
    assert amounts(data) == [None, Decimal("110")]
    assert log(data)["emptied", "no rate", "amount"] == 1
    assert log(data)["converted", "currency", ""] == 1
    examples = data.cleaning.set_index("rule").loc["no rate", "examples"]
    assert examples == '[[1, "100.0000 EUR"]]'


def test_each_row_may_name_its_currency_and_one_that_names_none_is_in_the_tables_own(tmp_path: Path):
    orders = (
        f"{HEADINGS},Currency\n"
        "o1,c,2025-10-02,100,EUR\n"  # 110
        "o2,c,2025-10-02,100, gbp \n"  # 135
        "o3,c,2025-10-02,100,USD\n"  # its own: untouched
        "o4,c,2025-10-02,100,\n"  # the table's: euros
        "o5,c,2025-10-02,100,CHF\n"  # no rate
    )
    data = read(tmp_path, orders, ", currency: EUR, currency_heading: currency")
    assert amounts(data) == [Decimal(110), Decimal(135), Decimal(100), Decimal(110), None]
    assert log(data)["converted", "currency", ""] == 3
    assert log(data)["emptied", "no rate", "amount"] == 1
    assert log(data)["kept", "", ""] == 5


def test_a_required_price_without_a_rate_sets_its_row_aside(tmp_path: Path):
    # A line is as of the day of its order, 2 October, on which a euro is worth 1.10.
    lines = "order_id,product_id,quantity,unit_price,cur\no1,p1,1,10,EUR\no1,p2,1,10,CHF\no1,p3,1,10,USD\n"
    settings = "}\n    order_lines: {file: data/order_lines.csv, currency_heading: cur"
    data = read(tmp_path, f"{HEADINGS}\no1,c,2025-10-02,5\n", settings, order_lines=lines)
    assert log(data, "order_lines") == {
        ("read", "", ""): 3,
        ("set aside", "no rate", "unit_price"): 1,
        ("converted", "currency", ""): 1,
        ("kept", "", ""): 2,
    }
    assert sorted(amounts(data, "order_lines", "unit_price")) == [Decimal(10), Decimal(11)]
    assert amounts(data) == [Decimal(5)]  # the orders are in dollars


def test_a_column_of_currencies_needs_no_rates_while_all_are_the_reviews_own(tmp_path: Path):
    text = f"{HEADINGS},Currency\no1,c,2025-10-02,100,USD\no2,c,2025-10-02,50,\n"
    settings = "  tables:\n    orders: {file: data/orders.csv, currency_heading: currency}\n"
    data = read_data(read_project(write_project(tmp_path, settings, {"orders.csv": text})), date(2026, 1, 1))
    assert amounts(data) == [Decimal(100), Decimal(50)]
    project = write_project(tmp_path, settings, {"orders.csv": text.replace("USD", "EUR")})
    assert refused_list(project).startswith("The amounts of orders are not all in USD, the currency of the")


def test_a_price_that_has_no_day_is_converted_by_the_rate_of_today(tmp_path: Path):
    settings = "}\n    products: {file: data/products.csv, currency: EUR"
    products = "product_id,list_price\np1,10\n"
    data = read(tmp_path, f"{HEADINGS}\no1,c,2025-10-02,5\n", settings, products=products)
    assert amounts(data, "products", "list_price") == [Decimal(12)]  # 1.20 on 1 January 2026


def test_a_large_amount_is_exact_and_one_too_large_to_be_is_counted(tmp_path: Path):
    orders = (
        f"{HEADINGS}\n"
        "o1,c,2025-10-02,12345678901234.5678\n"  # 18 digits; x 1.00000001 = + 123456.7890, half up
        "o2,c,2025-10-02,99999999999999.9999\n"  # x 1.00000001 has 19 digits
        "o3,c,2025-10-02,-12345678901234.5678\n"
    )
    rates = "currency,starts_on,rate\nEUR,2025-01-01,1.00000001\n"
    data = read(tmp_path, orders, ", currency: EUR", rates)
    assert amounts(data) == [Decimal("12345679024691.3568"), None, Decimal("-12345679024691.3568")]
    assert log(data)["emptied", "impossible", "amount"] == 1


def test_a_currency_is_the_same_whatever_its_capitals(tmp_path: Path):
    rates = "Currency,STARTS_ON,Rate\neur,2025-01-01,2\nEUR,2025-06-01,3\n"
    data = read(tmp_path, f"{HEADINGS}\no1,c,2025-05-31,1\no2,c,2025-06-01,1\n", ", currency: EUR", rates)
    assert amounts(data) == [Decimal(2), Decimal(3)]
    assert log(data)["read", "", ""] == 2


def test_a_review_in_one_currency_needs_no_rates(tmp_path: Path):
    project = write_project(
        tmp_path, "  currency: EUR\n", {"orders.csv": f"{HEADINGS}\no1,c,2025-10-02,€5\n"}
    )
    data = read_data(read_project(project))
    assert amounts(data) == [Decimal(5)]
    assert ("converted", "currency", "") not in log(data)


def test_another_currency_without_rates_is_refused(tmp_path: Path):
    settings = "  tables:\n    orders: {file: data/orders.csv, currency: EUR}\n"
    said = refused_list(write_project(tmp_path, settings))
    assert said == (
        "The amounts of orders are not all in USD, the currency of the review. Name a file with the columns "
        "currency, starts_on, rate in _config.yml: crmreport.rates."
    )


@pytest.mark.parametrize(
    ("rates", "said"),
    [
        (
            "currency,rate\nEUR,1.1\n",
            "data/rates.csv has no column starts_on. It must have: currency, starts",
        ),
        (
            "currency,starts_on,rate\nEUR,2025-10-01,0\n",
            "1 of its rows have no currency, no day or no rate above",
        ),
        ("currency,starts_on,rate\nEUR,2025-10-01,1.1\n,2025-10-01,1\n", "1 of its rows have no currency"),
        ('currency,starts_on,rate\nEUR,2025-10-01,"1,1"\nGBP,soon,1\n', "2 of its rows have no currency"),
        (
            "currency,starts_on,rate\nEUR,2025-10-01,1.1\neur,2025-10-01,1.2\n",
            "1 of its rows give a currency a second rate from the same day on",
        ),
        ("", "rates.csv is empty."),
        ("currency,starts_on,rate\nEUR,2025-10-01,1.1\nGBP,2025-10-01\n", "ine"),  # Line: 3, or line 3
    ],
)
def test_a_table_of_rates_that_cannot_be_used_is_named_with_the_fault(tmp_path: Path, rates: str, said: str):
    settings = "  rates: data/rates.csv\n  tables: {orders: data/orders.csv}\n"
    files = {"orders.csv": f"{HEADINGS}\no1,c,2025-10-02,5\n", "rates.csv": rates}
    text = refused_list(write_project(tmp_path, settings, files))
    assert said in text
    assert "data/rates.csv" in text or not rates


def test_a_table_of_rates_that_is_not_there_is_named_by_its_key(tmp_path: Path):
    said = refused_list(write_project(tmp_path, "  rates: data/rates.csv\n"))
    assert said.startswith("crmreport.rates in _config.yml: there is no file data/rates.csv.")


def test_other_rates_are_other_data(tmp_path: Path):
    read(tmp_path, f"{HEADINGS}\no1,c,2025-10-02,5\n", ", currency: EUR")
    before = fingerprints(read_project(tmp_path))
    (tmp_path / "data" / "rates.csv").write_text(RATES.replace("1.10", "1.11"), encoding="utf-8")
    after = fingerprints(read_project(tmp_path))
    assert {name for name in after if after[name] != before[name]} == {"rates"}


def test_a_currency_heading_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(UserError, match=r"orders\.currency_heading in _config\.yml: .* has no column Curr\."):
        read(tmp_path, f"{HEADINGS}\no1,c,2025-10-02,5\n", ", currency_heading: Curr")


def test_a_review_in_another_currency_is_computed_anew(tmp_path: Path):
    settings = "  rates: data/rates.csv\n  tables:\n    orders: {file: data/orders.csv, currency: EUR}\n"
    files = {"orders.csv": ORDERS, "rates.csv": RATES.replace("2025-10-", "2025-01-")}
    in_dollars = compute_results(read_project(write_project(tmp_path, settings, files))).cube
    project = write_project(tmp_path, "  currency: EUR\n" + settings, files)
    in_euros = compute_results(read_project(project)).cube

    def revenue(cube: pd.DataFrame) -> float:
        of = cube[
            (cube["metric"] == "revenue") & (cube["period"] == "2025-10") & (cube["dimension"] == "all")
        ]
        return round(float(of["value"].iloc[0]), 6)

    # 28 orders of 10.50, at 1.20 dollars for a euro.
    assert (revenue(in_dollars), revenue(in_euros)) == (352.8, 294.0)
