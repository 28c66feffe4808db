"""Targets: each wrong row is named by its line, with the cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmreport.config import read_project
from crmreport.targets import read_targets, target_of
from tests.small_project import refused_list, write_project

HEADINGS = "metric,period,segment,target\n"


def with_targets(folder: Path, content: str | bytes) -> Path:
    return write_project(
        folder, "  targets: data/targets.txt\n", {"targets.txt": content, "orders.csv": ORDER}
    )


ORDER = "order_id,customer_id,ordered_at\no1,c1,2025-10-01\n"


def test_a_row_without_a_period_holds_for_all_and_one_with_it_comes_first(tmp_path: Path):
    rows = "revenue,,all,100\nrevenue,2025-10,all,150\nrevenue,2025-Q4,region=North,1e3\n"
    targets = read_targets(read_project(with_targets(tmp_path, "\ufeff" + HEADINGS + rows)))
    assert target_of(targets, "revenue", "2025-09", "all") == 100
    assert target_of(targets, "revenue", "2025-10", "all") == 150
    assert target_of(targets, "revenue", "2025-Q4", "region=North") == 1000
    assert target_of(targets, "revenue", "2025-Q3", "region=North") is None
    assert target_of(targets, "win_rate", "2025-10", "all") is None


def test_without_a_file_there_are_none(tmp_path: Path):
    assert read_targets(read_project(write_project(tmp_path))) == {}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "data/targets.txt must begin with the line: metric,period,segment,target"),
        ("metric,target\n", "data/targets.txt must begin with the line: metric,period,segment,target"),
        (
            HEADINGS + "revenu,,all,1\n",
            "data/targets.txt, line 2: revenu is not a metric. Did you mean revenue?",
        ),
        (HEADINGS + "revenue\n", "data/targets.txt, line 2: '' is not a segment. Write all, or one such as"),
        (
            HEADINGS + "\nrevenue,2025-13,all,1\n",
            "data/targets.txt, line 3: 2025-13 is not a period. Write it as",
        ),
        (
            HEADINGS + "revenue,,North,1\n",
            "data/targets.txt, line 2: North is not a segment. Write all, or one such",
        ),
        (HEADINGS + "revenue,,all,much\n", "data/targets.txt, line 2: the target 'much' is not a number."),
        (HEADINGS + "revenue,,all,nan\n", "data/targets.txt, line 2: the target 'nan' is not a number."),
        (HEADINGS + "revenue,,all,1,234\n", "data/targets.txt, line 2: the target '1' is not a number."),
        (
            HEADINGS + "win_rate,,all,25\n",
            "data/targets.txt, line 2: the target 25 of a share is not from 0 to 1.",
        ),
        (
            HEADINGS + "revenue,,all,1\nrevenue,,all,2\n",
            "data/targets.txt, line 3: this target is there twice.",
        ),
        ((HEADINGS + "Ümsatz,,all,1\n").encode("latin-1"), "data/targets.txt is not a CSV file in UTF-8."),
    ],
)
def test_a_wrong_row_is_named_with_the_cure(tmp_path: Path, content: str | bytes, said: str):
    assert refused_list(with_targets(tmp_path, content)).startswith(said)


def test_a_file_that_is_not_there_is_named_by_its_key(tmp_path: Path):
    said = refused_list(write_project(tmp_path, "  targets: t.csv\n"))
    assert said.startswith("crmreport.targets in _config.yml: there is no file t.csv.")
