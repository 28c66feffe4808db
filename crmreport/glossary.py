"""Glossary: every metric's declaration in words, as data and as a page of the book."""

from __future__ import annotations

from typing import Any

from crmreport.config import Settings
from crmreport.language import LANGUAGES, _t, translate
from crmreport.metrics import METRICS
from crmreport.metrics.metric import SUBJECTS, Better, Metric, Unit
from crmreport.metrics.sql import metric_sql
from crmreport.periods import Period

UNITS = {
    Unit.COUNT: _t("number"),
    Unit.MONEY: _t("money, in {currency}"),
    Unit.SHARE: _t("share, in per cent"),
    Unit.POINTS: _t("points from -100 to 100"),
    Unit.MINUTES: _t("minutes"),
}
DIRECTIONS = {
    Better.HIGHER: _t("higher is better"),
    Better.LOWER: _t("lower is better"),
    Better.NEITHER: _t("neither direction is better"),
}


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
        "table": metric.table,
        "unit": metric.unit.value,
        "better": metric.better.value,
        "estimate": metric.estimate.value,
        "minimum": metric.minimum,
        "formula": metric.formula,
        "sql": metric_sql(metric, period),
    }


def definition(metric: Metric, settings: Settings, language: str) -> str:
    """Say what a metric is, with the settings that it depends on."""
    return translate(metric.definition, language, active_days=settings.active_days)


def glossary_page(settings: Settings, period: Period, language: str) -> str:
    """Write the glossary in MyST Markdown: each metric with definition, formula, SQL, source and trap."""

    def say(text: str, **values: object) -> str:
        return translate(text, language, **values)

    lines = [
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
    for subject, title in SUBJECTS.items():
        lines += [f"## {say(title)}", ""]
        for metric in (m for m in METRICS if m.subject == subject):
            lines += _entry(metric, settings, period, say, language)
    return "\n".join(lines) + "\n"


def _entry(metric: Metric, settings: Settings, period: Period, say: Any, language: str) -> list[str]:  # noqa: ANN401
    facts = [
        (
            say(_t("In short")),
            f"{say(UNITS[metric.unit], currency=settings.currency)}; {say(DIRECTIONS[metric.better])}",
        ),
        (say(_t("Source")), say(metric.source)),
        (say(_t("Beware")), say(metric.trap)),
        (say(_t("Formula")), f"`{metric.formula}`"),
        (say(_t("Rows")), f"`{metric.table}`"),
        (say(_t("Smallest sample")), str(metric.minimum)),
    ]
    if metric.seed:
        facts.insert(1, (say(_t("Also called")), metric.seed))
    return [
        f"({metric.name})=",
        f"### {say(metric.title)}",
        "",
        definition(metric, settings, language),
        "",
        *[f"- {label}: {text}" for label, text in facts],
        "",
        "::::{container} no-print",
        f":::{{dropdown}} {say(_t('SQL for {period}'), period=period.name)}",
        "```sql",
        metric_sql(metric, period),
        "```",
        ":::",
        "::::",
        "",
    ]
