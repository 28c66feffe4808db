"""Asked: the period that somebody names."""

from __future__ import annotations

from crmreport.config import Project
from crmreport.errors import UserError
from crmreport.language import Phrase, _t
from crmreport.periods import Period

_FORMS = _t("2025-10 (month), 2025-Q4 (quarter), 2025-W41 (ISO week), 2025 (year), 2025-10-31 (day)")
_FISCAL_FORMS = _t(
    "2025-10 (month), FY2025-Q4 (quarter), 2025-W41 (ISO week), FY2025 (year), 2025-10-31 (day)"
)


def read_period(project: Project, name: str) -> Period:
    """Read a period's name. UserError, with the forms that there are, if it is none."""
    calendar = project.settings.calendar
    try:
        period = calendar.period(name)
        # What it is compared with must be in the calendar, too, which begins with the year 2.
        period.year_before()
        period.predecessor()
    except (ValueError, OverflowError):
        forms = _FORMS if calendar.fiscal_year_start == 1 else _FISCAL_FORMS
        raise UserError(
            _t("{name} is not a period. Write it as {forms}, or as 2010-12-01..2011-12-09 (days)."),
            name=name or "''",
            forms=Phrase(forms, {}),
        ) from None
    return period
