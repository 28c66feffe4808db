"""Glossary: every metric's and analysis' declaration in words, as data and as pages of the book."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from crmreport.analyses import ANALYSES
from crmreport.analyses.analysis import Analysis
from crmreport.config import Settings
from crmreport.display.outputs import Table
from crmreport.language import LANGUAGES, _t, translate
from crmreport.metrics import METRICS
from crmreport.metrics.metric import SUBJECTS, Better, Metric, Unit, parts_of
from crmreport.metrics.sql import metric_sql
from crmreport.periods import Period

UNITS = {
    Unit.COUNT: _t("number"),
    Unit.MONEY: _t("money, in {currency}"),
    Unit.SHARE: _t("share, in per cent"),
    Unit.POINTS: _t("points from -100 to 100"),
    Unit.MINUTES: _t("minutes"),
    Unit.DAYS: _t("days"),
    Unit.NUMBER: _t("number with decimals"),
}
DIRECTIONS = {
    Better.HIGHER: _t("higher is better"),
    Better.LOWER: _t("lower is better"),
    Better.NEITHER: _t("neither direction is better"),
}

# Sphinx's own word for it: the contents of a PDF name the page, and none of its hundred terms.
_SUBJECT_ALONE = ("---", "tocdepth: 1", "---", "")


def describe(metric: Metric, settings: Settings, period: Period) -> dict[str, Any]:
    """Give everything about a metric as plain data; the SQL is that of the period, for the whole company."""
    return {
        "name": metric.name,
        "title": {lang: translate(metric.title, lang) for lang in LANGUAGES},
        "definition": {lang: definition(metric, settings, lang) for lang in LANGUAGES},
        "trap": {lang: translate(metric.trap, lang) for lang in LANGUAGES},
        "source": {lang: translate(metric.source, lang) for lang in LANGUAGES},
        "seed": metric.seed,
        "subject": metric.subject,
        "table": metric.table or None,
        "tables": tables_of(metric),
        "made_of": [metric.quotient.top.name, metric.quotient.bottom.name] if metric.quotient else [],
        "unit": metric.unit.value,
        "direction": metric.better.value,
        "estimate": metric.estimate.value,
        "minimum": metric.minimum,
        "echoes": metric.echoes or None,
        "formula": metric.formula,
        "sql": metric_sql(metric, period),
    }


def describe_analysis(analysis: Analysis, settings: Settings) -> dict[str, Any]:
    """Give everything about an analysis as plain data, with what each column of its frames means."""

    def said(text: str) -> dict[str, str]:
        return {lang: translate(text, lang) for lang in LANGUAGES}

    return {
        "name": analysis.name,
        "title": said(analysis.title),
        "definition": {lang: definition(analysis, settings, lang) for lang in LANGUAGES},
        "trap": said(analysis.trap),
        "source": said(analysis.source),
        "limit": said(analysis.limit),
        "seed": analysis.seed,
        "subject": analysis.subject,
        "needs": list(analysis.needs),
        "frames": {
            name: {column: said(meaning) for column, meaning in columns.items()}
            for name, columns in analysis.columns.items()
        },
        "private": list(analysis.private),
    }


def tables_of(metric: Metric) -> list[str]:
    """Name the tables that a metric counts rows of; a quotient's are those of its parts."""
    return list(dict.fromkeys(part.table for part in parts_of(metric)))


def definition(of: Metric | Analysis, settings: Settings, language: str) -> str:
    """Say what a metric or an analysis is, with the settings that it depends on."""
    return translate(of.definition, language, active_days=settings.active_days)


def glossary_pages(
    settings: Settings, period: Period, queries: Mapping[str, str], language: str
) -> dict[str, str]:
    """Write the glossary in MyST Markdown: a page for each subject, and one, ``glossary``, that leads to all.

    Each metric and analysis comes with definition, source and trap; metrics with formula and SQL, analyses
    with what the columns of their frames mean. `queries`: each metric's SQL for the period.
    """

    def say(text: str, **values: object) -> str:
        return translate(text, language, **values)

    front = [
        "# " + say(_t("Glossary")),
        "",
        say(
            _t(
                "Every figure of this review, as it is computed. An interval says where the true value "
                "lies, with 95% confidence, if the cases are a sample of how customers behave. Figures of "
                "fewer cases than the smallest sample are marked."
            )
        ),
        "",
    ]
    pages = {}
    for subject, title in SUBJECTS.items():
        metrics = [m for m in METRICS if m.subject == subject]
        analyses = [a for a in ANALYSES if a.subject == subject]
        if not metrics and not analyses:
            continue
        lines = [*_SUBJECT_ALONE, "# " + say(_t("Glossary: {subject}"), subject=say(title)), ""]
        for metric in metrics:
            lines += _entry(metric, settings, period, queries[metric.name], say, language)
        for analysis in analyses:
            lines += _analysis(analysis, settings, say, language)
        address = f"glossary/{subject}"
        pages[address] = "\n".join(lines) + "\n"
        terms = [f"- [{say(m.title)}](#{m.name})" for m in metrics]
        terms += [f"- [{say(a.title)}](#{a.name}-analysis)" for a in analyses]
        front += [f"## [{say(title)}]({address})", "", "::::{container} crm-terms", *terms, "::::", ""]
    return {"glossary": "\n".join(front) + "\n", **pages}


def _entry(
    metric: Metric,
    settings: Settings,
    period: Period,
    query: str,
    say: Any,  # noqa: ANN401
    language: str,
) -> list[str]:
    printed = [
        (
            _t("In short"),
            f"{say(UNITS[metric.unit], currency=settings.currency)}; {say(DIRECTIONS[metric.better])}",
        ),
        (_t("Also called"), metric.seed),
        (_t("Beware"), say(metric.trap)),
    ]
    others = [
        (_t("Source"), say(metric.source)),
        (_t("Formula"), f"`{metric.formula}`"),
        (_t("Rows"), ", ".join(f"`{name}`" for name in tables_of(metric))),
        (_t("Smallest sample"), str(metric.minimum)),
    ]
    return [
        f"({metric.name})=",
        f"## {say(metric.title)}",
        "",
        definition(metric, settings, language),
        "",
        *_facts(printed, say),
        "",
        "::::{container} no-print",
        *_facts(others, say),
        "",
        f":::{{dropdown}} {say(_t('SQL for {period}'), period=period.name)}",
        "```text",  # coloured, the queries of a subject would be heavier than all else on its page
        query,
        "```",
        ":::",
        "::::",
        "",
    ]


def _facts(facts: list[tuple[str, str]], say: Any) -> list[str]:  # noqa: ANN401
    return [f"- {say(label)}: {text}" for label, text in facts if text]


def _analysis(analysis: Analysis, settings: Settings, say: Any, language: str) -> list[str]:  # noqa: ANN401
    printed = [(_t("Also called"), analysis.seed), (_t("Beware"), say(analysis.trap))]
    others = [
        (_t("Source"), say(analysis.source)),
        (_t("Limits"), say(analysis.limit)),
        (_t("Needs"), ", ".join(f"`{need}`" for need in analysis.needs)),
    ]
    shown = {name: c for name, c in analysis.columns.items() if name not in analysis.private}
    rows = [
        (name, column, say(meaning))
        for name, of_frame in shown.items()
        for column, meaning in of_frame.items()
    ]
    titles = (say(_t("Frame")), say(_t("Column")), say(_t("Meaning")))
    columns = Table(titles, ("left", "left", "left"), tuple(rows))
    return [
        f"({analysis.name}-analysis)=",
        f"## {say(analysis.title)}",
        "",
        definition(analysis, settings, language),
        "",
        *_facts(printed, say),
        "",
        "::::{container} no-print",
        *_facts(others, say),
        "",
        f":::{{dropdown}} {say(_t('Columns'))}",
        "```{crm-table}",
        json.dumps(columns.as_data(), ensure_ascii=False),
        "```",
        ":::",
        "::::",
        "",
    ]
