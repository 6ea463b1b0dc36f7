"""The kinds of keys that tables of config.toml have, each with its limits and with errors that say how to mend."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from bot.words import languages

CHOICES = 25  # Discord's choices in one select: of what a card offers in a menu
FIELDS = 10  # of one department: what a card shows beside a ticket's own facts


class Misplaced(ValueError):  # noqa: N818 - it names what is wrong
    """A mistake between several keys; `at` is the path of the one to look at."""

    def __init__(self, text: str, *at: str | int) -> None:
        super().__init__(text)
        self.at = at


def _known_language(value: str) -> str:
    if value and value not in languages():
        raise ValueError(f"no such language: choose one of {', '.join(languages())}")
    return value


def _place(value: str) -> str:
    if not re.fullmatch(r"(slack|discord)(-[a-z0-9]{1,12})?:\w+", value):
        raise ValueError('a place is written "slack:CHANNEL_ID" or "discord:CHANNEL_ID", after its network')
    return value


def texts(value: str | dict[str, str]) -> str | dict[str, str]:
    """A text, or one for each of some languages. ValueError where there is none at all."""
    if isinstance(value, dict) and not value:
        raise ValueError("write it in one language at least")
    return value


Id = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")]
Name = Annotated[str, Field(min_length=1, max_length=60)]
Names = Annotated[Name | dict[str, Name], AfterValidator(texts)]
Hint = Annotated[str, Field(max_length=100)]
Reply = Annotated[str, Field(min_length=1, max_length=3000)]
Emoji = Annotated[str, Field(max_length=8)]
Language = Annotated[str, AfterValidator(_known_language)]
PlaceId = Annotated[str, AfterValidator(_place)]


class Section(BaseModel):
    """A table of config.toml: unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)
