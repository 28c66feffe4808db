"""Errors: the one kind that a user can mend; any other exception is a bug of ours."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from crmreport.language import Phrase, _t


class UserError(Exception):
    """Something the user must mend: what was wrong, where, and the cure, in one sentence or two.

    `text` is English with ``{placeholders}``, marked for the catalogue; the values fill them.
    """

    def __init__(self, text: str, /, **values: object) -> None:
        self.phrase = Phrase(text, values)
        super().__init__(self.phrase.say("en"))

    def message(self, language: str) -> str:
        """Say it in a language."""
        return self.phrase.say(language)


def suggestion(wrong: str, known: Iterable[str]) -> Phrase:
    """Say which known name was probably meant, or all of them when none is near."""
    names = list(known)
    if not names:
        return Phrase(_t("There are none."), {})
    near = get_close_matches(wrong, names, n=1, cutoff=0.6)
    if near:
        return Phrase(_t("Did you mean {name}?"), {"name": near[0]})
    return Phrase(_t("There are: {names}."), {"names": ", ".join(names)})
