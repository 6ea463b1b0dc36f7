"""One choice of a select, a field or a search, and the checks of several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapters.ui.limits import OPTION_LABEL, OPTION_VALUE, TooLarge, within

if TYPE_CHECKING:
    from collections.abc import Sequence


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


def choices(what: str, options: Sequence[Option], chosen: str) -> None:
    values = [option.value for option in options]
    if not values or len(set(values)) != len(values):
        raise TooLarge(f"{what}: options missing or twice the same")
    if chosen and chosen not in values:
        raise TooLarge(f"{what}: {chosen!r} is not among the options")


def offered(what: str, options: Sequence[Option]) -> None:
    if not 1 <= len(options) <= 25:  # noqa: PLR2004 - Discord's 25 choices
        raise TooLarge(f"{what}: {len(options)} options, 1 to 25 allowed")
