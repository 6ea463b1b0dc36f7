"""Cards and forms as plain frozen values, rendered once per network.

Everything here is final text in the reader's language. Constructors check the narrower network's limits, so that
a card or form too large fails in a unit test and not in front of a customer. How many fields and choices a form
may have differs by network (`Traits`); everything else is the same on both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

# The narrower of Slack (docs.slack.dev/reference/block-kit) and Discord (discord.com/developers/docs/components).
BUTTON_LABEL = 75  # Slack 75, Discord 80
ACTION_WITH_VALUE = 100  # Discord custom_id 100, Slack action_id and value 255 and 2,000
FORM_TITLE = 24  # Slack 24, Discord 45
FIELD_LABEL = 45  # Discord 45, Slack 2,000
FIELD_HINT = 100  # Discord 100, Slack 2,000
OPTION_LABEL = 75  # Slack 75, Discord 100
OPTION_VALUE = 100  # Discord 100, Slack 150
TEXT_VALUE = 3000  # Slack 3,000, Discord 4,000
CARD_TITLE = 150  # Slack header 150, Discord embed title 256
CARD_BODY = 3000  # Slack section 3,000, Discord embed description 4,096
CARD_FACTS = 20  # Slack: two sections of 10 fields; Discord: 25 embed fields
FACT_LABEL = 256  # Discord 256
FACT_VALUE = 1000  # Discord 1,024; Slack 2,000 with its label
CARD_SECTIONS = 4
CARD_LINES = 5  # lines of actions: Discord's action rows. A choice takes a line, buttons share one by fives
BUTTONS_IN_LINE = 5  # Discord 5; Slack 25, of which five are shown well
CARD_ROWS = 10  # of a list
ROW_TITLE = 130  # ten rows with their addresses fit the 6,000 characters of Discord's embeds
ROW_DETAIL = 250  # the same
FOOTER = 2000  # Discord 2,048, Slack context 2,000
FILES = 10  # both


class TooLarge(ValueError):  # noqa: N818 - it names what is wrong with the card
    """A card or form that one of the networks would refuse: a bug of the caller's, never a person's."""


def _within(what: str, text: str, limit: int, *, least: int = 0) -> None:
    if not least <= len(text) <= limit:
        raise TooLarge(f"{what}: {len(text)} characters, {least} to {limit} allowed: {text[:60]!r}")


def _named(what: str, name: str, value: str = "") -> None:
    """An action or form with what it carries: both networks put them into one id, split at the first "|"."""
    _within(what, name, ACTION_WITH_VALUE, least=1)
    if "|" in name:
        raise TooLarge(f"{what}: {name!r} holds a bar, which parts it from its value")
    _within(f"{what} and value", f"{name}|{value}", ACTION_WITH_VALUE)


def _choices(what: str, options: Sequence[Option], chosen: str) -> None:
    values = [option.value for option in options]
    if not values or len(set(values)) != len(values):
        raise TooLarge(f"{what}: options missing or twice the same")
    if chosen and chosen not in values:
        raise TooLarge(f"{what}: {chosen!r} is not among the options")


def _offered(what: str, options: Sequence[Option]) -> None:
    if not 1 <= len(options) <= 25:  # noqa: PLR2004 - Discord's 25 choices
        raise TooLarge(f"{what}: {len(options)} options, 1 to 25 allowed")


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a select."""

    value: str
    label: str
    hint: str = ""

    def __post_init__(self) -> None:
        _within("option value", self.value, OPTION_VALUE, least=1)
        _within("option label", self.label, OPTION_LABEL, least=1)
        _within("option hint", self.hint, OPTION_LABEL)


# --- cards ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Button:
    """A press gives `Pressed(action, value)`."""

    action: str
    label: str
    value: str = ""
    style: Literal["plain", "primary", "danger"] = "plain"
    emoji: str = ""  # one Unicode emoji before the label

    def __post_init__(self) -> None:
        _within("button label", self.label, BUTTON_LABEL, least=1)
        if self.emoji:  # Slack has no place for it but the label
            _within("button label with its emoji", f"{self.emoji} {self.label}", BUTTON_LABEL)
        _named("action", self.action, self.value)


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
        _named("action", self.action, self.carries)
        _within("placeholder", self.placeholder, BUTTON_LABEL)
        _offered(f"select {self.action}", self.options)
        _choices(f"select {self.action}", self.options, self.chosen)


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
        _named("action", self.action, self.carries)
        _within("placeholder", self.placeholder, BUTTON_LABEL)
        _offered(f"select {self.action}", self.options)
        for value in self.chosen or ("",):
            _choices(f"select {self.action}", self.options, value)


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
        _named("action", self.action, self.carries)
        _within("placeholder", self.placeholder, FIELD_LABEL, least=1)  # it heads the line to type in


@dataclass(frozen=True, slots=True)
class Fact:
    """A label with its value, shown in columns. Both are plain text."""

    label: str
    value: str

    def __post_init__(self) -> None:
        _within("fact label", self.label, FACT_LABEL, least=1)
        _within("fact value", self.value, FACT_VALUE, least=1)


@dataclass(frozen=True, slots=True)
class Section:
    """A titled paragraph of a card, such as the client's panel. `title` is plain, `body` Markdown."""

    title: str
    body: str

    def __post_init__(self) -> None:
        _within("section title", self.title, CARD_TITLE, least=1)
        _within("section body", self.body, FACT_VALUE, least=1)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list, such as a ticket: its title (plain, a link where `url` is given) over a detail (Markdown)."""

    title: str
    detail: str = ""
    url: str = ""  # of the network's own, or any that the desk itself made: never out of people's words

    def __post_init__(self) -> None:
        _within("row title", self.title, ROW_TITLE, least=1)
        _within("row detail", self.detail, ROW_DETAIL)


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
        _within("card title", self.title, CARD_TITLE, least=1)
        _within("card body", self.body, CARD_BODY)
        _within("card footer", self.footer, FOOTER)
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


# --- posts ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FileOut:
    """A stored file to be posted. The adapter reads `path` and leaves it as it is."""

    name: str
    media_type: str
    size: int  # bytes
    path: Path


@dataclass(frozen=True, slots=True)
class Author:
    """Whose words a post relays: the name as plain text, a word on their side ("Support", "Client")."""

    name: str
    side: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """What is said in a thread: relayed words, a notice, a card, or a card with files.

    `body` is the desk's Markdown; nothing in it may ping anybody or open a masked link, whatever it holds.
    Longer than the network's limit it becomes several messages, which are one for edits and deletes.
    """

    body: str = ""
    author: Author | None = None  # None: the desk itself speaks
    mark: str = ""  # a plain word after the author, such as "🔒 note" or "edited"
    card: Card | None = None
    files: tuple[FileOut, ...] = ()
    quiet: bool = False  # a notice in small type

    def __post_init__(self) -> None:
        if not (self.body or self.card or self.files):
            raise TooLarge("a post with nothing in it")


# --- forms ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TextField:
    """Words typed in one line or several; comes back as `str`."""

    name: str
    label: str
    hint: str = ""
    required: bool = True
    multiline: bool = False
    limit: int = TEXT_VALUE  # characters
    value: str = ""

    def __post_init__(self) -> None:
        _within("field label", self.label, FIELD_LABEL, least=1)
        _within("field hint", self.hint, FIELD_HINT)
        if not 1 <= self.limit <= TEXT_VALUE:
            raise TooLarge(f"field {self.name}: a limit of {self.limit}, at most {TEXT_VALUE} allowed")


@dataclass(frozen=True, slots=True)
class ChoiceField:
    """One of several; comes back as the option's value, "" where nothing was chosen."""

    name: str
    label: str
    options: tuple[Option, ...]
    hint: str = ""
    required: bool = True
    chosen: str = ""

    def __post_init__(self) -> None:
        _within("field label", self.label, FIELD_LABEL, least=1)
        _within("field hint", self.hint, FIELD_HINT)
        _choices(f"field {self.name}", self.options, self.chosen)


@dataclass(frozen=True, slots=True)
class FilesField:
    """Files picked from the person's device; come back as `Submitted.files[name]`."""

    name: str
    label: str
    hint: str = ""
    required: bool = False
    most: int = FILES

    def __post_init__(self) -> None:
        _within("field label", self.label, FIELD_LABEL, least=1)
        _within("field hint", self.hint, FIELD_HINT)
        if not 1 <= self.most <= FILES:
            raise TooLarge(f"field {self.name}: {self.most} files, 1 to {FILES} allowed")


@dataclass(frozen=True, slots=True)
class MultiChoiceField:
    """Several of many; comes back as `Submitted.several[name]`."""

    name: str
    label: str
    options: tuple[Option, ...]
    hint: str = ""
    required: bool = True
    chosen: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _within("field label", self.label, FIELD_LABEL, least=1)
        _within("field hint", self.hint, FIELD_HINT)
        for value in self.chosen or ("",):
            _choices(f"field {self.name}", self.options, value)


@dataclass(frozen=True, slots=True)
class PersonField:
    """Somebody on this network, found by typing; comes back as their account's key, "" where nobody was chosen."""

    name: str
    label: str
    hint: str = ""
    required: bool = True
    chosen: str = ""  # an account's key

    def __post_init__(self) -> None:
        _within("field label", self.label, FIELD_LABEL, least=1)
        _within("field hint", self.hint, FIELD_HINT)


@dataclass(frozen=True, slots=True)
class DateField:
    """A day; comes back as ISO 8601 ("2026-11-26") from a calendar, or as it was typed where a network has none."""

    name: str
    label: str
    hint: str = ""
    required: bool = True
    value: str = ""  # ISO 8601, "" for none

    def __post_init__(self) -> None:
        _within("field label", self.label, FIELD_LABEL, least=1)
        _within("field hint", self.hint, FIELD_HINT)


@dataclass(frozen=True, slots=True)
class FinderField:
    """One of any number, found by typing, where a network can search inside a form (`Traits.search_in_forms`). The
    listener is asked `Sought(form, words, carried=name)`; comes back as the option's value.
    """

    name: str
    label: str
    hint: str = ""
    required: bool = True
    chosen: Option | None = None

    def __post_init__(self) -> None:
        _within("field label", self.label, FIELD_LABEL, least=1)
        _within("field hint", self.hint, FIELD_HINT)


Field = TextField | ChoiceField | MultiChoiceField | PersonField | DateField | FinderField | FilesField


@dataclass(frozen=True, slots=True)
class Form:
    """A dialog opened at once. Its answer is `Submitted(form, state, values, files)`."""

    form: str
    title: str
    submit: str
    fields: tuple[Field, ...]
    state: str = ""  # given back unchanged
    cancel: str = ""

    def __post_init__(self) -> None:
        _within("form title", self.title, FORM_TITLE, least=1)
        _within("form submit", self.submit, FORM_TITLE, least=1)
        _named("form", self.form, self.state)
        if "\n" in self.state:
            raise TooLarge(f"form {self.form}: a state is one line")
        names = [entry.name for entry in self.fields]
        if not names or len(set(names)) != len(names):
            raise TooLarge(f"form {self.form}: fields missing or twice the same")


@dataclass(frozen=True, slots=True)
class Invalid:
    """A form sent back: `remarks` by field name, to be shown by the field where the network can.

    `form` is the same form with the person's values filled in, for networks that must ask again; `title` heads
    the remarks there and `again` labels the button.
    """

    remarks: Mapping[str, str]
    form: Form
    title: str
    again: str


# --- more ways to answer ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Instead:
    """The card stands where the asker's card stood: the one that was pressed, or that the form was opened from. Where
    there was none, it is an answer like any other. Others' cards are not touched: only what is whispered to the
    asker, their home, and a card in a thread that was itself pressed.
    """

    card: Card


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, the best first, at most 25."""

    options: tuple[Option, ...]

    def __post_init__(self) -> None:
        if len(self.options) > 25:  # noqa: PLR2004 - Discord's 25 choices, also of its autocomplete
            raise TooLarge(f"found: {len(self.options)} options, 25 allowed")
        if self.options:
            _choices("found", self.options, "")


# --- commands ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """An entry in the menu of every message (Slack's message shortcut, Discord's context menu): `Shortcut(name)`."""

    name: str
    label: Mapping[str, str]  # per language, "en" always among them; at most 24 characters (Slack 24, Discord 32)


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command as it is registered: `/name [words]`. Texts are per language, "en" always among them."""

    name: str
    description: Mapping[str, str]
    words: Mapping[str, str] = field(default_factory=dict)  # what may be typed after it; empty: nothing
    words_name: Mapping[str, str] = field(default_factory=dict)  # the option's name where options have names
    suggests: bool = False  # while words are typed, `Sought("/name", words)` is asked, where the network can
