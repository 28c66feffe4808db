"""The configuration: each mistake gets one message, with the key and the cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmreport.config import nearest_project, read_project
from crmreport.errors import UserError
from tests.small_project import refused_list, write, write_project


def refusal(folder: Path, settings: str) -> str:
    with pytest.raises(UserError) as error:
        read_project(write_project(folder, settings))
    return str(error.value)


def refusal_of_text(folder: Path, text: str | bytes) -> str:
    write(folder / "_config.yml", text)
    with pytest.raises(UserError) as error:
        read_project(folder)
    return str(error.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("period: 3", "crmreport.period in _config.yml is not a setting. Did you mean periods?"),
        ("colour: red", "crmreport.colour in _config.yml is not a setting. There are: company, languages,"),
        ("languages: [eng]", "crmreport.languages.0 in _config.yml: eng cannot be used. Did you mean en?"),
        ("languages: [fr]", "fr cannot be used. There are: en, zh_CN."),
        ("languages: en", "crmreport.languages in _config.yml is 'en'; it must be a list, such as [en]."),
        ("languages: []", "crmreport.languages in _config.yml is empty. Name at least one."),
        ("languages: [en, en]", "crmreport.languages in _config.yml names en twice."),
        ("currency: EURO", "crmreport.currency in _config.yml is 'EURO', which is not a currency."),
        ("currency: 978", "crmreport.currency in _config.yml is 978; it must be a text."),
        ("timezone: Berlin", "crmreport.timezone in _config.yml is 'Berlin', which is not a time zone."),
        (
            "frequency: monthly",
            "crmreport.frequency in _config.yml: monthly cannot be used. Did you mean month?",
        ),
        ("periods: 0", "crmreport.periods in _config.yml is 0; it must be at least 1."),
        ("periods: three", "crmreport.periods in _config.yml is 'three'; it must be a whole number."),
        ("periods:", "crmreport.periods in _config.yml is empty; it must be a whole number."),
        ("fiscal_year_start: 13", "crmreport.fiscal_year_start in _config.yml is 13; it must be at most 12."),
        ("as_of: yesterday", "crmreport.as_of in _config.yml is 'yesterday'; it must be a day, such as"),
        ("as_of: 2025-13-01", "_config.yml, line 5: this is not YAML: month must be in 1..12."),
        ("chapters: summary", "crmreport.chapters in _config.yml is 'summary'; it must be a list"),
        (
            "chapters: [../x]",
            "crmreport.chapters.0 in _config.yml is '../x'; a chapter is the name of a notebook",
        ),
        ("chapters: [x.ipynb]", "crmreport.chapters.0 in _config.yml is 'x.ipynb'; a chapter is the name"),
        ("segments: region", "crmreport.segments in _config.yml is 'region'; it must be a list"),
        ("company: ''", "crmreport.company in _config.yml is empty."),
        ("company: {}", "crmreport.company in _config.yml is empty."),
        ("company: {fr: Tiny}", "crmreport.company in _config.yml: fr cannot be used. There are: en, zh_CN."),
        ("labels: {eng: {a: b}}", "crmreport.labels in _config.yml: eng cannot be used. Did you mean en?"),
        (
            "labels: {en: [a]}",
            "crmreport.labels.en in _config.yml is ['a']; it must hold settings of its own",
        ),
        (
            "tables: [orders]",
            "crmreport.tables in _config.yml is ['orders']; it must hold settings of its own",
        ),
        ("tables: {orders: }", "crmreport.tables.orders in _config.yml is empty; it must hold settings"),
        (
            "tables: {orders: {fil: x}}",
            "crmreport.tables.orders.fil in _config.yml is not a setting. Did you mean file?",
        ),
        (
            "tables: {orders: {columns: {}}}",
            "crmreport.tables.orders in _config.yml must say where its rows are: either a file, as file:",
        ),
        (
            "tables: {orders: {file: x, set_aside: [{when: a, reason: b}]}}",
            "crmreport.tables.orders.set_aside.0.when in _config.yml is not a setting. Did you mean where?",
        ),
        ("periods: 1\n  periods: 2", "_config.yml, line 5: this is not YAML: 'periods' is there twice."),
    ],
)
def test_a_wrong_setting_is_named_with_its_cure(tmp_path: Path, line: str, said: str):
    assert said in refusal(tmp_path, f"  {line}\n")


@pytest.mark.parametrize("text", ["", "title: Review\n", "crmreport:\n", "crmreport: [a]\n", "- crmreport\n"])
def test_a_file_without_the_section_says_what_it_needs(tmp_path: Path, text: str):
    said = refusal_of_text(tmp_path, text)
    assert said == "_config.yml has no section crmreport. It needs at least: crmreport: {company: NAME}."


def test_a_section_without_a_company_says_so(tmp_path: Path):
    said = refusal_of_text(tmp_path, "crmreport:\n  folder: data\n")
    assert said == "crmreport.company is missing in _config.yml. Add it."


def test_broken_yaml_is_told_by_its_line(tmp_path: Path):
    assert refusal_of_text(tmp_path, "crmreport:\n  company: [a\n").startswith(
        "_config.yml, line 3: this is not YAML"
    )


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path):
    said = refusal_of_text(tmp_path, "crmreport:\n  company: Müller\n".encode("latin-1"))
    assert said.startswith("_config.yml cannot be read") and said.endswith("save it as UTF-8.")


def test_a_folder_without_configuration_is_refused(tmp_path: Path):
    assert refused_list(tmp_path).startswith("There is no _config.yml in ")


@pytest.mark.parametrize("key", ["notebooks", "book", "folder"])
def test_a_folder_that_is_not_there_is_named_with_its_key(tmp_path: Path, key: str):
    said = refused_list(write_project(tmp_path, f"  {key}: nowhere\n"))
    assert said.startswith(f"crmreport.{key} in _config.yml: there is no folder nowhere.")


def test_what_is_not_given_has_a_default_and_what_is_jupyter_books_stays(tmp_path: Path):
    write(tmp_path / "_config.yml", "\ufefftitle: Review\ncrmreport: {company: {zh_CN: 小店}}\n")
    project = read_project(tmp_path)
    assert project.book_config == {"title": "Review"}
    assert project.settings.languages == ("en",)
    assert project.settings.company_name("en") == "小店"


def test_the_nearest_project_is_the_folder_or_one_above(tmp_path: Path):
    write_project(tmp_path)
    assert nearest_project(tmp_path / "notebooks") == tmp_path.resolve()
    assert read_project(nearest_project(tmp_path / "notebooks")).settings.company == "Tiny"
