"""Cards: facts, sections, lists, and what can be pressed and chosen on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from adapters.ui.limits import (
    BUTTON_LABEL,
    BUTTONS_IN_LINE,
    CARD_BODY,
    CARD_FACTS,
    CARD_LINES,
    CARD_ROWS,
    CARD_SECTIONS,
    CARD_TITLE,
    FACT_LABEL,
    FACT_VALUE,
    FIELD_LABEL,
    FOOTER,
    ROW_DETAIL,
    ROW_TITLE,
    TooLarge,
    named,
    within,
)
from adapters.ui.options import choices, offered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.ui.options import Option


@dataclass(frozen=True, slots=True)
class Button:
    """A press gives `Pressed(action, value)`."""

    action: str
    label: str
    value: str = ""
    style: Literal["plain", "primary", "danger"] = "plain"
    emoji: str = ""  # one Unicode emoji before the label

    def __post_init__(self) -> None:
        within("button label", self.label, BUTTON_LABEL, least=1)
        if self.emoji:  # Slack has no place for it but the label
            within("button label with its emoji", f"{self.emoji} {self.label}", BUTTON_LABEL)
        named("action", self.action, self.value)


@dataclass(frozen=True, slots=True)
class Select:
    """A choice on a card gives `Pressed(action, the option's value, carried=carries)`. `chosen`: the value shown as
    chosen already.
    """

    action: str
    placeholder: str
    options: tuple[Option, ...]
    chosen: str = ""
    carries: str = ""  # given back unchanged, such as the number of the card's ticket

    def __post_init__(self) -> None:
        named("action", self.action, self.carries)
        within("placeholder", self.placeholder, BUTTON_LABEL)
        offered(f"select {self.action}", self.options)
        choices(f"select {self.action}", self.options, self.chosen)


@dataclass(frozen=True, slots=True)
class MultiSelect:
    """A choice of several on a card gives `Pressed(action, values=…, carried=carries)` whenever it changes, with all
    that are chosen then (perhaps none).
    """

    action: str
    placeholder: str
    options: tuple[Option, ...]
    chosen: tuple[str, ...] = ()
    carries: str = ""

    def __post_init__(self) -> None:
        named("action", self.action, self.carries)
        within("placeholder", self.placeholder, BUTTON_LABEL)
        offered(f"select {self.action}", self.options)
        for value in self.chosen or ("",):
            choices(f"select {self.action}", self.options, value)


@dataclass(frozen=True, slots=True)
class Finder:
    """A choice among any number, found by typing: the listener is asked `Sought(action, words, carried)` and answers
    `Found`; what is then chosen gives `Pressed(action, the option's value, carried=carries)`.

    Slack searches while the person types; on Discord a button opens a line to type in, and the matches are shown to
    the person alone.
    """

    action: str
    placeholder: str
    carries: str = ""

    def __post_init__(self) -> None:
        named("action", self.action, self.carries)
        within("placeholder", self.placeholder, FIELD_LABEL, least=1)  # it heads the line to type in


@dataclass(frozen=True, slots=True)
class Fact:
    """A label with its value, shown in columns. Both are plain text."""

    label: str
    value: str

    def __post_init__(self) -> None:
        within("fact label", self.label, FACT_LABEL, least=1)
        within("fact value", self.value, FACT_VALUE, least=1)


@dataclass(frozen=True, slots=True)
class Section:
    """A titled paragraph of a card, such as the client's panel. `title` is plain, `body` Markdown."""

    title: str
    body: str

    def __post_init__(self) -> None:
        within("section title", self.title, CARD_TITLE, least=1)
        within("section body", self.body, FACT_VALUE, least=1)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list, such as a ticket: its title (plain, a link where `url` is given) over a detail (Markdown)."""

    title: str
    detail: str = ""
    url: str = ""  # of the network's own, or any that the desk itself made: never out of people's words

    def __post_init__(self) -> None:
        within("row title", self.title, ROW_TITLE, least=1)
        within("row detail", self.detail, ROW_DETAIL)


Action = Button | Select | MultiSelect | Finder


@dataclass(frozen=True, slots=True)
class Card:
    """A panel of facts with buttons. `title` and `footer` are plain text, `body` is the desk's Markdown; `rows` are a
    list, shown below the body.

    `colour` is 0xRRGGBB, shown where the network has colours.
    """

    title: str
    body: str = ""
    facts: tuple[Fact, ...] = ()
    sections: tuple[Section, ...] = ()
    rows: tuple[Row, ...] = ()
    actions: tuple[Action, ...] = ()
    footer: str = ""
    colour: int | None = None

    def __post_init__(self) -> None:
        within("card title", self.title, CARD_TITLE, least=1)
        within("card body", self.body, CARD_BODY)
        within("card footer", self.footer, FOOTER)
        if len(self.facts) > CARD_FACTS or len(self.sections) > CARD_SECTIONS or len(self.rows) > CARD_ROWS:
            raise TooLarge(f"card: {len(self.facts)} facts, {len(self.sections)} sections, {len(self.rows)} rows")
        if (count := len(lines(self.actions))) > CARD_LINES:
            raise TooLarge(f"card: {count} lines of actions, {CARD_LINES} allowed")
        names = [f"{action.action}|{carried_by(action)}" for action in self.actions]
        if len(set(names)) != len(names):
            raise TooLarge(f"card: two actions are one: {names}")


def carried_by(action: Action) -> str:
    """What an action brings back beside its name."""
    return action.value if isinstance(action, Button) else action.carries


def lines(actions: Sequence[Action]) -> list[tuple[Action, ...]]:
    """The actions as they are laid out: each choice in a line of its own, buttons that follow each other by fives. A
    finder stands among buttons: on Discord it is one.
    """
    laid: list[tuple[Action, ...]] = []
    for action in actions:
        beside = isinstance(action, Button | Finder)
        if beside and laid and isinstance(laid[-1][0], Button | Finder) and len(laid[-1]) < BUTTONS_IN_LINE:
            laid[-1] = (*laid[-1], action)
        else:
            laid.append((action,))
    return laid
