"""One choice of a select, a field or a search."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.ui.limits import OPTION_LABEL, OPTION_VALUE, within


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a select."""

    value: str
    label: str
    hint: str = ""

    def __post_init__(self) -> None:
        within("option value", self.value, OPTION_VALUE, least=1)
        within("option label", self.label, OPTION_LABEL, least=1)
        within("option hint", self.hint, OPTION_LABEL)
