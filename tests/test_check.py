"""The command `check`, and what stops a build."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.small_project import ORDERS, crmreport, refused, refused_list, write, write_project
from tests.test_quality import FILES, GAP

VOLUME = "  fail_on: [volume, references]\n"


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_project(tmp_path_factory.mktemp("faulty"), files=FILES)


def check(project: Path, *options: str, exit_code: int = 0) -> str:
    result = crmreport("check", "--project", str(project), *options)
    assert result.exit_code == exit_code, result.output
    assert result.stderr == ""
    return result.stdout


def test_it_says_of_each_table_what_was_found(faulty: Path) -> None:
    said = check(faulty)
    for line in (
        "Customers (customers): 3 of 5 rows of data/customers.csv are used",
        "Orders placed (orders): 60 of 61 rows of data/orders.csv are used",
        "  References    • customer_id names no row of customers in 3 of 60 rows (5.0%)",
        "  Validity      ✗ amount cannot be read: 15 of 61 rows (24.6%)",
        "                • sales_channel has values that look like slips of others, in 6 of 60 rows (10.0%): "
        "Webshop → Web shop",
        "  Uniqueness    ✗ same customer_id as a row before: 1 of 5 rows (20.0%)",
        "    15  value treated as missing: amount cannot be read (rows 1 'ten', 5 'ten', 9 'ten')",
        "The data run from 2025-07-01 to 2025-09-27; 2025-09 is not over.",
        "              Webshop: Web shop",  # as one writes it into the configuration
    ):
        assert line in said.splitlines()
    assert "Nothing would stop a build: crmreport.fail_on names no check." in said


def test_it_says_where_the_rows_are_that_are_not_used(faulty: Path) -> None:
    said = check(faulty)
    (line,) = [line for line in said.splitlines() if line.startswith("  rows that") and "orders" in line]
    path = Path(line.partition(": ")[2])
    assert path.read_text(encoding="utf-8-sig").splitlines()[1].startswith('"61","duplicate","order_id",')


def test_no_private_value_is_printed(faulty: Path) -> None:
    assert "secret" not in check(faulty) and "secret" not in check(faulty, "--json")


def test_programs_are_told_the_same(faulty: Path) -> None:
    answer = json.loads(check(faulty, "--json"))
    assert answer["as_of"] == "2025-09-27"
    (orphans,) = [row for row in answer["checks"] if row["kind"] == "orphan"]
    assert (orphans["rows"], orphans["failing"], orphans["chapters"]) == (60, 3, [])
    assert [Path(path).name for path in answer["set_aside"].values()] == ["customers.csv", "orders.csv"]
    assert answer["stops"] == []


def test_a_gap_stops_a_build_before_anything_is_replaced(tmp_path: Path) -> None:
    project = write_project(tmp_path, VOLUME, GAP)
    said = refused("build", "--quiet", "--project", str(project))
    assert said == (
        "orders, Volume: 56 rows in 2025-09, where about 140 were to be expected (60.0% fewer). "
        "crmreport.fail_on in _config.yml lets nothing be built from such data. Mend them, or take volume "
        "out there; crmreport check shows all that was found."
    )
    assert not (project / "_build").exists()
    told = check(project, exit_code=1)
    assert "A build would stop: orders, Volume: 56 rows in 2025-09, where about 140 were to be" in told
    (stop,) = json.loads(check(project, "--json", exit_code=1))["stops"]
    assert (stop["table"], stop["check"], stop["period"]) == ("orders", "volume", "2025-09")


def test_a_gap_of_long_ago_stops_no_build(tmp_path: Path) -> None:
    old = GAP["orders.csv"] + "".join(
        f"p{month}-{n},c,2026-{month:02d}-{1 + n % 28:02d},10\n" for month in (1, 2, 3) for n in range(140)
    )
    more = "".join(
        f"q{month}-{n},c,2025-{month:02d}-{1 + n % 28:02d},10\n" for month in (11, 12) for n in range(140)
    )
    project = write_project(tmp_path, VOLUME, {"orders.csv": old + more})
    assert "✗ 56 rows in 2025-09" in check(project)


def test_data_that_make_no_review_yet_are_checked_all_the_same(tmp_path: Path) -> None:
    few = "".join(ORDERS.splitlines(keepends=True)[:4])
    said = check(write_project(tmp_path, files={"orders.csv": few}), exit_code=1)
    assert "Orders placed (orders): 3 of 3 rows" in said
    assert "A build would stop: The data run from 2025-08-01 to 2025-08-03: no whole month yet." in said


def test_a_name_that_is_no_check_is_refused_with_the_nearest(tmp_path: Path) -> None:
    said = refused_list(write_project(tmp_path, "  fail_on: [volumes]\n"))
    assert said == "crmreport.fail_on.0 in _config.yml: volumes is not a check. Did you mean volume?"


def test_columns_that_changed_stop_builds_until_they_are_accepted(tmp_path: Path) -> None:
    project = write_project(tmp_path, "  fail_on: [schema]\n")
    check(project, "--accept")
    write(project / "data" / "orders.csv", ORDERS.replace(",amount", ",value", 1))
    said = check(project, exit_code=1)
    assert "  Schema        ✗ amount is gone from the source" in said.splitlines()
    assert "                • value is new in the source" in said.splitlines()
    assert "A build would stop: orders, Schema: amount is gone from the source." in said
    check(project, "--accept")
    assert "✗ amount is gone from the source" in check(project)  # still so, but it stops nothing


def test_customers_who_look_alike_are_merged_once_a_person_says_so(tmp_path: Path) -> None:
    customers = "c0,Anna Maria Berger,Wien\nc1,Berger Anna-Maria,Wien\nc2,Bo Li,Graz\n"
    files = {"orders.csv": ORDERS, "customers.csv": f"customer_id,name,city\n{customers}"}
    project = write_project(tmp_path / "mine", "  confirmed_merges: merges.csv\n", files)
    merges = project / "merges.csv"
    write(merges, "customer_id,other_customer_id,confirmed\n")
    said = check(project, "--propose-merges", str(merges))
    assert said.startswith(f"{merges}: 1 pairs of customers look alike, 1 of them new.")
    # The last cell of a row is where a person decides.
    merges.write_text(merges.read_text(encoding="utf-8").replace(",c1,,", ",c1,yes,"), encoding="utf-8")
    changed = json.loads(check(project, "--json"))["cleaning"]
    assert [(c["action"], c["rule"], c["rows"]) for c in changed] == [("merged", "confirmed", 1)]
    assert check(project, "--propose-merges", str(merges)).endswith("confirmed_merges.\n")
    assert ",c1,yes," in merges.read_text(encoding="utf-8")
