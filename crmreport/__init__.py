"""crmreport: CRM reviews from notebooks: what changed, why, how surely, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crmreport.review import Review, open_review

__all__ = ["Review", "open_review"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - as Python asks for it
    """Import what a notebook takes when it is taken: Sphinx and the command line need little of it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from crmreport import review

    return getattr(review, name)
