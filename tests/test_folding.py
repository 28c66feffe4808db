"""Folding: what looks like a slip of another value, what only seems to, and how it is mended."""

from __future__ import annotations

from pathlib import Path

import ibis
import ibis.expr.types as ir
import pytest
import yaml

from crmreport.config import read_project
from crmreport.source import Source
from crmreport.tables.cleaning.folding import (
    FOLD_COLUMNS,
    MOST_CATEGORIES,
    WHY,
    folds_as_settings,
    proposed_folds,
)
from crmreport.tables.data import read_data
from crmreport.tables.engine import connect
from crmreport.tables.sources import find_sources
from tests.small_project import write_project

SHARED = Path(__file__).parents[2] / "shared" / "data" / "crm_sales_opportunities"
ENGINE = connect("UTC")


def stored(name: str, column: str, counts: dict[str | None, int]) -> ir.Table:
    """Put a table of one column into the engine, each value in so many rows."""
    values = [value for value, count in counts.items() for _ in range(count)]
    return ENGINE.create_table(
        name, ibis.memtable({column: values}, schema={column: "string"}), overwrite=True
    )


def industries(counts: dict[str | None, int]) -> dict[str, tuple[str, str]]:
    """Give what is proposed for the values of a dimension, and why."""
    found = proposed_folds({"customers": stored("customers", "industry", counts)})
    return {row.value: (row.proposed, row.why) for row in found.itertuples()}


def products(ordered: dict[str | None, int], known: dict[str | None, int]) -> dict[str, tuple[str, str]]:
    """Give what is proposed for the values of a reference to the products, and why."""
    tables = {
        "products": stored("products", "product_id", known),
        "opportunities": stored("opportunities", "product_id", ordered),
    }
    return {row.value: (row.proposed, row.why) for row in proposed_folds(tables).itertuples()}


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        # The usual spelling stays, whichever it is.
        ({"Retail": 9, "retail": 2, "RETAIL ": 1}, {"retail": "Retail", "RETAIL ": "Retail"}),
        ({"e-commerce": 2, "E Commerce": 5}, {"e-commerce": "E Commerce"}),
        (
            {"health_care": 3, "Health care": 3},
            {"health_care": "Health care"},
        ),  # of equals, the first in order
        # In short values every sign matters, and between digits anywhere.
        ({"A+": 3, "A-": 3, "A": 3, "a": 1}, {"a": "A"}),
        ({"Plan 1.0": 20, "Plan 10": 20}, {}),
        ({"-": 3, "?": 3, None: 3}, {}),
    ],
)
def test_values_that_differ_only_in_capitals_spaces_and_signs_are_one(
    counts: dict[str | None, int], expected: dict[str, str]
):
    assert industries(counts) == {value: (meant, "same letters") for value, meant in expected.items()}


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"technology": 100, "technolgy": 10}, {"technolgy": "technology"}),
        ({"technology": 100, "technolgy": 11}, {}),  # not ten times as rare
        ({"technolgy": 100}, {}),  # its right spelling is nowhere
        ({"Plan 10": 100, "Plan 20": 1, "Plan 1O": 1}, {}),
        ({"North East": 100, "North West": 1, "Norht East": 1}, {"Norht East": "North East"}),
        ({"gold": 100, "golf": 1}, {}),  # too short to tell
        ({"医疗器械与服务行业": 100, "医疗器械及服务行业": 1}, {"医疗器械及服务行业": "医疗器械与服务行业"}),
    ],
)
def test_a_rare_value_that_is_nearly_a_common_one_is_its_slip(
    counts: dict[str | None, int], expected: dict[str, str]
):
    assert industries(counts) == {value: (meant, "alike") for value, meant in expected.items()}


def test_a_slip_of_a_slip_leads_to_what_is_meant():
    counts = {"telecommunications": 200, "telecomunications": 3, "Telecomunications": 1}
    assert industries(counts) == {
        "Telecomunications": ("telecommunications", "same letters"),
        "telecomunications": ("telecommunications", "alike"),
    }


def test_a_column_of_very_many_values_holds_no_categories():
    many = {f"kind {number}": 1 for number in range(MOST_CATEGORIES - 1)}
    assert industries(many | {"Kind 7": 1}) == {"kind 7": ("Kind 7", "same letters")}
    assert industries(many | {"Kind 7": 1, "another": 1}) == {}


def test_a_reference_is_a_slip_only_if_nothing_has_that_key():
    known = {"GTX Pro": 1, "GTX Plus Pro": 1, "Gtx Plus Pro": 1, "MG Special": 1}
    ordered = {"GTXPro": 50, "GTX Plus Pro": 9, "Gtx Plus Pro": 1, "MG Speciall": 70, "Other": 1, None: 4}
    assert products(ordered, known) == {
        "GTXPro": ("GTX Pro", "same letters"),
        "MG Speciall": ("MG Special", "unknown"),
    }


def test_keys_that_differ_in_a_digit_are_no_slips():
    assert products({"P-1001": 1, "p1002": 1}, {"P-1002": 5, "P-1003": 5}) == {
        "p1002": ("P-1002", "same letters")
    }


def test_of_several_keys_the_one_that_is_used_most_is_meant():
    assert products({"gtxpro": 1, "GTX Pro": 2, "GTX-Pro": 3}, {"GTX Pro": 1, "GTX-Pro": 1}) == {
        "gtxpro": ("GTX-Pro", "same letters")
    }


def test_nothing_is_proposed_without_tables():
    found = proposed_folds({})
    assert list(found.columns) == list(FOLD_COLUMNS)
    assert found.empty


def project(folder: Path) -> Path:
    files = {
        "deals.csv": "opportunity_id,Product,created_at,region\n"
        "1,GTXPro,2025-10-01,North\n2,Pro GTX,2025-10-01,north\n3,MG,2025-10-01,North\n",
        "products.csv": "product_id\nGTX Pro\nMG\n",
    }
    settings = (
        "  tables:\n    products: data/products.csv\n    opportunities:\n      file: data/deals.csv\n"
        "      columns: {product_id: {heading: Product, values: {Pro GTX: GTXPro}}}\n"
    )
    return write_project(folder, settings, files)


def test_what_is_proposed_may_be_pasted_into_the_settings(tmp_path: Path):
    before = read_project(project(tmp_path))
    folds = proposed_folds(read_data(before).tables)
    assert folds.values.tolist() == [
        ["opportunities", "product_id", "GTXPro", 2, "GTX Pro", 0, "same letters"],
        ["opportunities", "region", "north", 1, "North", 2, "same letters"],
    ]
    assert set(folds["why"]) <= set(WHY)
    pasted = yaml.safe_load(folds_as_settings(folds, find_sources(before)))
    assert pasted["crmreport"]["tables"] == {
        "opportunities": {
            "file": "data/deals.csv",
            "columns": {
                "product_id": {
                    "heading": "Product",
                    "values": {"GTXPro": "GTX Pro", "Pro GTX": "GTX Pro"},
                },
                "region": {"values": {"north": "North"}},
            },
        }
    }
    config = yaml.safe_load((tmp_path / "_config.yml").read_text(encoding="utf-8"))
    config["crmreport"]["tables"] |= pasted["crmreport"]["tables"]
    (tmp_path / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    tables = read_data(read_project(tmp_path)).tables
    found = tables["opportunities"].order_by("opportunity_id").to_pyarrow()
    assert found["product_id"].to_pylist() == ["GTX Pro", "GTX Pro", "MG"]
    assert found["region"].to_pylist() == ["North"] * 3
    assert proposed_folds(tables).empty


def test_values_that_yaml_would_read_otherwise_stay_texts():
    folds = proposed_folds(
        {"customers": stored("customers", "industry", {"YES": 9, "yes": 1, "ja: so": 9, "Ja:so": 1})}
    )
    text = folds_as_settings(folds, {"customers": Source(file="c.csv")})
    values = yaml.safe_load(text)["crmreport"]["tables"]["customers"]["columns"]["industry"]["values"]
    assert values == {"yes": "YES", "Ja:so": "ja: so"}


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared/data/crm_sales_opportunities")
def test_the_one_slip_of_a_public_pipeline_that_has_a_right_spelling_is_found(tmp_path: Path):
    """GTXPro is GTX Pro among the products; for technolgy and Philipines there is no other spelling."""
    (tmp_path / "data").mkdir()
    for path in SHARED.glob("*.csv"):
        (tmp_path / "data" / path.name).symlink_to(path)
    settings = (
        "  tables:\n    customers:\n      file: data/accounts.csv\n"
        "      columns: {customer_id: account, industry: sector, country: office_location}\n"
        "    products:\n      file: data/products.csv\n"
        "      columns: {product_id: product, category: series, list_price: sales_price}\n"
        "    opportunities:\n      file: data/sales_pipeline.csv\n"
        "      columns: {customer_id: account, product_id: product, stage: deal_stage,\n"
        "        created_at: engage_date, closed_at: close_date, amount: close_value}\n"
    )
    given = read_project(write_project(tmp_path, settings, {}))
    folds = proposed_folds(read_data(given).tables)
    assert folds[["table", "column", "value", "proposed"]].values.tolist() == [
        ["opportunities", "product_id", "GTXPro", "GTX Pro"]
    ]
    assert folds_as_settings(folds, find_sources(given)) == (
        "crmreport:\n  tables:\n    opportunities:\n      file: data/sales_pipeline.csv\n      columns:\n"
        "        product_id:\n          heading: product\n          values:\n            GTXPro: GTX Pro\n"
    )
