"""What the desk refuses, said so that it can be worded in the person's language."""

from __future__ import annotations

from typing import Any


class Trouble(Exception):  # noqa: N818 - it reads as what it is
    """Something is wrong with the desk itself: one line for whoever runs it, that says what, and what to do."""


class DeskError(Exception):
    """A refusal that people may read: `key` names the sentence in the locales ("error." is put before it),
    `facts` fill its placeholders, and `field` names the form's field it is about, if any.
    """

    def __init__(self, key: str, /, *, field: str | None = None, **facts: Any) -> None:
        super().__init__(f"{key} {facts}" if facts else key)
        self.key = key
        self.field = field
        self.facts = facts


class FormError(DeskError):
    """Several refusals of one form: at most one a field, in the form's order."""

    def __init__(self, remarks: tuple[DeskError, ...]) -> None:
        super().__init__("form")
        self.remarks = remarks
