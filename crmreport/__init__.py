"""crmreport: CRM reviews from notebooks: what changed, why, how surely, and what to do."""

from crmreport.review import Review, open_review

__all__ = ["Review", "open_review"]
