"""Manual: the tables of the contract, and the settings that read them, described for who connects data."""

from __future__ import annotations

from pydantic import BaseModel

from crmreport.language import _t, translate
from crmreport.presets import read_presets
from crmreport.source import Cell, Layout, Source
from crmreport.tables.contract import TABLES

# What `crmreport connect` would write for an export of a spreadsheet, and by hand for a database.
_EXAMPLES = """\
```yaml
crmreport:
  tables:
    orders:
      file: data/export.xlsx
      sheet: 2025
      dates: "%d.%m.%Y"
      decimal: ","
      columns:
        order_id: Number
        customer_id: [Customer No, Account]
        ordered_at: Date
        amount: {sql: "Price * Quantity"}
        sales_channel: {heading: Channel, values: {web: Web shop, "*": Other}}
      set_aside:
        - where: Status = 'cancelled'
          reason: cancelled
    opportunities:
      file: data/salesforce.csv
      preset: salesforce-opportunities
    interactions:
      database: ${CRM_DATABASE}
      query: SELECT * FROM tickets WHERE created_at >= '2024-01-01'
  rates: data/rates.csv               # currency, starts_on, rate
  merge_customers_by: [email, phone]
  fail_on: [volume, references]
```"""


def describe_contract(language: str) -> str:
    """Write the tables and columns that a review can use, as Markdown."""

    def say(text: str) -> str:
        return translate(text, language)

    lines = [f"# {say(_t('Tables and columns'))}", ""]
    lines += [say(_t("Any table may be left out. * : needed in every row.")), ""]
    for table in TABLES:
        lines += [f"## {table.name}", "", say(table.meaning), ""]
        lines += [
            f"| {say(_t('Column'))} | {say(_t('Type'))} | {say(_t('Meaning'))} |",
            "| --- | --- | --- |",
        ]
        for column in table.columns:
            marks = ("*" if column.required else "") + (f" ({say(_t('private'))})" if column.private else "")
            lines.append(f"| {column.name}{marks} | {column.type} | {say(column.meaning)} |")
        lines.append("")
    return "\n".join(lines)


def describe_sources(language: str) -> str:
    """Write how the settings say where a table comes from, as Markdown."""

    def say(text: str) -> str:
        return translate(text, language)

    own = [name for name in Source.model_fields if name not in Layout.model_fields]
    return "\n".join(
        [
            f"# {say(_t('Connecting data'))}",
            "",
            say(
                _t(
                    "`crmreport connect FILE...` looks at files and writes what follows into `_config.yml`; "
                    "look it over. Read are CSV (also compressed with gzip), Parquet, workbooks (xlsx, xls, "
                    "xlsb, ods), SPSS, DuckDB and SQLite files, PostgreSQL, MySQL and Spark."
                )
            ),
            "",
            _EXAMPLES,
            "",
            *_settings(say(_t("Of a table: where it is")), Source, own, language),
            *_settings(say(_t("Of a table: how it is read")), Layout, list(Layout.model_fields), language),
            *_settings(say(_t("Of a column")), Cell, list(Cell.model_fields), language),
            f"## {say(_t('Presets'))}",
            "",
            say(
                _t(
                    "A preset of your own is a file `presets/NAME.yml` with `title`, `table`, `recognise` "
                    "(headings that tell the export from others) and whatever a table may have."
                )
            ),
            "",
            f"| {say(_t('Preset'))} | {say(_t('Export'))} | {say(_t('Table'))} |",
            "| --- | --- | --- |",
            *(f"| {name} | {preset.title} | {preset.table} |" for name, preset in read_presets().items()),
            "",
        ]
    )


def _settings(title: str, model: type[BaseModel], names: list[str], language: str) -> list[str]:
    lines = [
        f"## {title}",
        "",
        f"| {translate(_t('Setting'), language)} | {translate(_t('Meaning'), language)} |",
    ]
    lines.append("| --- | --- |")
    for name in names:
        meaning = model.model_fields[name].description or ""
        lines.append(f"| {name} | {translate(meaning, language).replace('|', chr(92) + '|')} |")
    return [*lines, ""]
