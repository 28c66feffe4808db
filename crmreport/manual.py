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


_ENGINE = """```yaml
crmreport:
  engine: ${CRM_ENGINE}    # spark://host:7077, sc://host:15002, yarn, k8s://..., local[4]; postgresql://user@host/name
  engine_rows: 1000000     # most rows that leave it, or are sent to it, at once
  tables:
    orders: {database: engine, table: sales.orders}
    order_lines: {database: engine, query: SELECT * FROM sales.lines WHERE NOT test}
    customers: {database: "spark:lake", table: customers}
    products: products.xlsx
```"""

_OF_ENGINES = (
    _t(
        "`spark:lake` is a folder of Parquet files that Spark can reach. A file of this machine is sent "
        "there."
    ),
    _t(
        "The engine's tables have no order of their own. Rows count as sorted by all their columns, so that "
        '"the first of two duplicates" is the same in every engine.'
    ),
    _t("SQL of the settings (`where`, `sql`) is DuckDB's, and is translated; `query` is the engine's own."),
    _t(
        "PostgreSQL cannot read texts by a format (`dates`); Spark can, by the usual directives. Give the "
        "table a query instead."
    ),
    _t(
        "Fingerprints are asked for once per build: a scan of each table, of which two numbers come back. If "
        "nothing changed, the engine is asked nothing else."
    ),
    _t(
        'It takes `pip install "crmreport[spark]"` (and Java 17 where Spark runs on this machine) or '
        '`"crmreport[postgres]"` (PostgreSQL 15 or later).'
    ),
)


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
            *_engines(language),
        ]
    )


def _engines(language: str) -> list[str]:
    """Write how tables stay in an engine that is not ours."""

    def say(text: str) -> str:
        return translate(text, language)

    return [
        f"## {say(_t('Tables too large for one machine'))}",
        "",
        say(
            _t(
                "Tables are read into DuckDB on this machine, cleaned and counted there; `memory_mb` says "
                "how much it may hold in memory. Where they are too large for that, name the engine that has "
                "them, and they stay where they are:"
            )
        ),
        "",
        _ENGINE,
        "",
        say(_t("The figures are the same, whichever engine computes them. What runs where:")),
        "",
        f"| {say(_t('in the engine'))} | {say(_t('on this machine'))} |",
        "| --- | --- |",
        "| "
        + say(
            _t(
                "reading, cleaning, merging customers, the counts of cleaning and of quality, all metrics of "
                "all periods and segments"
            )
        )
        + " | "
        + say(_t("intervals, hiding of small groups, findings, pages, PDF"))
        + " |",
        "| "
        + say(_t("the rows of tables of more than `engine_rows` rows"))
        + " | "
        + say(
            _t(
                "the cleaned rows of shorter tables, for the analyses (segments, lifetime value, churn ...), "
                "and as many of the rows that were set aside"
            )
        )
        + " |",
        "",
        say(
            _t(
                "An analysis that needs the rows of a longer table is not made, and its page says so; raise "
                "`engine_rows` where this machine has room (a million orders take about 100 MB). Nothing is "
                "written into the engine: PostgreSQL keeps temporary tables of the session (the role needs "
                "the right TEMPORARY), Spark keeps them on the executors' disks."
            )
        ),
        "",
        *(f"- {say(text)}" for text in _OF_ENGINES),
        "",
    ]


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
