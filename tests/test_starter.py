"""A new project is ready to be filled, or is not there at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmreport.config import read_project
from crmreport.manual import describe_contract, describe_sources
from crmreport.source import Cell, Source
from crmreport.starter import start_project
from crmreport.tables.contract import TABLES
from tests.small_project import ORDERS, crmreport, refused, refused_list, write


def test_a_new_project_lists_its_pages_as_soon_as_there_are_data(tmp_path: Path):
    folder = tmp_path / "mine"
    said = crmreport("new", str(folder), "--language", "en")
    assert said.exit_code == 0
    assert said.stdout.splitlines()[-1] == f"  4. Run: crmreport build --project {folder}"
    assert refused_list(folder).startswith(
        "No table is connected. Put data into the folder that _config.yml names"
    )
    write(folder / "data" / "orders.csv", ORDERS)
    listed = crmreport("list", "--project", str(folder), "--period", "2025-10")
    assert [line.split()[0] for line in listed.stdout.splitlines()] == [
        f"2025-10/{chapter}"
        for chapter in ("summary", "sales", "customers", "value", "products", "forecast", "segment", "data")
    ]


@pytest.mark.parametrize("name", ["plain", "A: B", "it's {new} #1", "小店", "007", "yes"])
def test_the_company_is_named_like_the_folder_whatever_its_name(tmp_path: Path, name: str):
    start_project(tmp_path / name, "zh_CN")
    settings = read_project(tmp_path / name).settings
    assert (settings.company, settings.languages) == (name, ("zh_CN",))


def test_an_empty_folder_may_be_filled_and_one_with_files_may_not(tmp_path: Path):
    empty, full = tmp_path / "empty", tmp_path / "full"
    empty.mkdir()
    write(full / "mine.txt", "keep")
    assert (empty / "_config.yml") in start_project(empty, "en")
    assert refused("new", str(full)) == f"{full} is not empty. Name a new folder."
    assert refused("new", str(full / "mine.txt")) == f"{full / 'mine.txt'} is not empty. Name a new folder."
    assert [p.name for p in full.iterdir()] == ["mine.txt"]


def test_a_folder_that_cannot_be_made_is_said_and_nothing_is_left(tmp_path: Path):
    write(tmp_path / "file", "")
    said = refused("new", str(tmp_path / "file" / "sub"))
    assert said == f"{tmp_path / 'file' / 'sub'} cannot be written: Not a directory. Name another folder."
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_project_that_breaks_off_in_the_middle_is_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full_disk(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("crmreport.starter.shutil.copytree", full_disk)
    said = refused("new", str(tmp_path / "mine"))
    assert said == f"{tmp_path / 'mine'} cannot be written: No space left on device. Name another folder."
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_the_columns_are_described_every_one(language: str):
    text = describe_contract(language)
    for table in TABLES:
        assert f"## {table.name}\n" in text
        for column in table.columns:
            assert f"\n| {column.name}" in text
    assert "| customer_id* (" in text


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_every_setting_of_a_source_is_described(language: str):
    text = describe_sources(language)
    for model in (Source, Cell):
        for name, field in model.model_fields.items():
            assert field.description, name
            assert f"\n| {name} | " in text


def test_the_example_of_a_mapping_can_be_read(tmp_path: Path):
    example = describe_sources("en").split("```yaml\n")[1].split("```")[0]
    write(tmp_path / "_config.yml", example.replace("crmreport:\n", "crmreport:\n  company: Tiny\n"))
    settings = read_project(tmp_path).settings
    assert list(settings.tables) == ["orders", "opportunities", "interactions"]
    assert settings.tables["orders"].columns["customer_id"].heading == ("Customer No", "Account")


def test_what_the_repository_says_of_sources_is_what_a_new_project_gets():
    here = (Path(__file__).parent.parent / "data" / "SOURCES.md").read_text(encoding="utf-8")
    assert here == describe_sources("en")
