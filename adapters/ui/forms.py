"""Forms and their fields, and the other ways to answer somebody who asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapters.ui.limits import FILES, FORM_TITLE, TEXT_VALUE, TooLarge, labelled, named, within
from adapters.ui.options import choices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.ui.cards import Card
    from adapters.ui.options import Option


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
        labelled(self.label, self.hint)
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
        labelled(self.label, self.hint)
        choices(f"field {self.name}", self.options, self.chosen)


@dataclass(frozen=True, slots=True)
class FilesField:
    """Files picked from the person's device; come back as `Submitted.files[name]`."""

    name: str
    label: str
    hint: str = ""
    required: bool = False
    most: int = FILES

    def __post_init__(self) -> None:
        labelled(self.label, self.hint)
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
        labelled(self.label, self.hint)
        for value in self.chosen or ("",):
            choices(f"field {self.name}", self.options, value)


@dataclass(frozen=True, slots=True)
class PersonField:
    """Somebody on this network, found by typing; comes back as their account's key, "" where nobody was chosen."""

    name: str
    label: str
    hint: str = ""
    required: bool = True
    chosen: str = ""  # an account's key

    def __post_init__(self) -> None:
        labelled(self.label, self.hint)


@dataclass(frozen=True, slots=True)
class DateField:
    """A day; comes back as ISO 8601 ("2026-11-26") from a calendar, or as it was typed where a network has none."""

    name: str
    label: str
    hint: str = ""
    required: bool = True
    value: str = ""  # ISO 8601, "" for none

    def __post_init__(self) -> None:
        labelled(self.label, self.hint)


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
        labelled(self.label, self.hint)


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
        within("form title", self.title, FORM_TITLE, least=1)
        within("form submit", self.submit, FORM_TITLE, least=1)
        named("form", self.form, self.state)
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
            choices("found", self.options, "")
