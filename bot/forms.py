"""Forms: the new ticket, a note, the words of a rating; and the same form sent back with remarks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from adapters.ui import (
    FORM_TITLE,
    OPTION_LABEL,
    TEXT_VALUE,
    ChoiceField,
    DateField,
    FilesField,
    FinderField,
    Form,
    Invalid,
    MultiChoiceField,
    Option,
    PersonField,
    TextField,
)
from bot.asked import whole
from bot.extras import form_field
from bot.names import priority_options
from desk.catalogue import Priority
from desk.text import cut
from desk.verbs import DESCRIPTION_LIMIT, REASON_LIMIT, SUBJECT_LIMIT, Draft

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from adapters.port import Traits
    from adapters.ui import Field
    from bot.words import Words
    from desk.catalogue import Catalogue, Entry, ExtraField
    from desk.errors import FormError
    from desk.model import Ticket

NEW_TICKET = "ticket.new"
NOTE = "ticket.note"
RATING = "rating.words"
REPLY, REPLY_ALL = "reply.send", "reply.send_all"
CLOSE_REASON = "ticket.close_reason"
FILES_STAY, FILES_GO = "stay", "go"
SPLIT = "split.new"
FOLLOWER = "follower.add"
FIELDS = "ticket.fields"
FURTHER = "ticket.further"
CHOICES = 25  # of one menu, on the narrower network
SEPARATE_FIELDS = 6  # subject, description, department, product, priority, files
NOTE_LIMIT = 3000
RATING_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class State:
    """What the new ticket's form carries beside its fields: the department, perhaps with the product, chosen before,
    and the draft it came from.
    """

    department: str = ""
    draft: int = 0  # 0: none
    product: str = ""

    def __str__(self) -> str:
        about = f"{self.department}/{self.product}" if self.product else self.department
        return f"{about}~{self.draft}" if self.draft else about

    @classmethod
    def read(cls, text: str) -> State:
        """DeskError where it is forged."""
        about, _, draft = text.partition("~")
        department, _, product = about.partition("/")
        return cls(department, whole(draft) if draft else 0, product)


@dataclass(frozen=True, slots=True)
class Behalf:
    """An agent's form may be for somebody else; where that is known already, for whom."""

    key: str = ""  # of their account on this network
    name: str = ""


def new_ticket(
    words: Words,
    catalogue: Catalogue,
    traits: Traits,
    *,
    subject: str = "",
    description: str = "",
    behalf: Behalf | None = None,
    state: State = State(),
) -> Form:
    """The form of a new ticket. Where a network's forms are short, department and product are one choice;
    where that makes too many choices (`topics_fit`), the department has been chosen before, or both. Its extra fields
    are part of the form where they fit.
    """
    name = _named(words.language)
    further: tuple[Field, ...] = ()
    text: tuple[Field, ...] = (
        TextField("subject", words("form.new.subject"), words("form.new.subject_hint"),
                  limit=SUBJECT_LIMIT, value=cut(subject, SUBJECT_LIMIT)),
        TextField("description", words("form.new.description"), words("form.new.description_hint"),
                  multiline=True, limit=DESCRIPTION_LIMIT, value=cut(description, DESCRIPTION_LIMIT)),
    )  # fmt: skip
    about: tuple[Field, ...]
    if chosen := catalogue.department(state.department):
        products = tuple(name(product) for product in catalogue.offered_by(chosen))
        settled = state.product in {product.value for product in products}
        about = () if settled else (_choice("product", words("form.new.product"), products, traits),)
        if extras_inside(chosen.fields, traits):
            further = tuple(form_field(extra, (), words, traits, {}) for extra in chosen.fields)
    elif traits.fields_per_form >= SEPARATE_FIELDS:
        about = (
            _choice("department", words("form.new.department"), tuple(map(name, catalogue.departments)), traits),
            _choice("product", words("form.new.product"), tuple(map(name, catalogue.products)), traits),
        )
    else:
        about = (ChoiceField("topic", words("form.new.topic"), topics(words, catalogue)),)
    rest: tuple[Field, ...] = (
        ChoiceField("priority", words("form.new.priority"),
                    tuple(name(priority) for priority in catalogue.priorities), chosen=catalogue.default_priority),
        FilesField("files", words("form.new.files"), words("form.new.files_hint")),
    )  # fmt: skip
    title = words("form.new.title")
    if behalf is not None:
        if behalf.name:
            title = cut(words("form.new.title_for", name=behalf.name), FORM_TITLE)
        if traits.fields_per_form > SEPARATE_FIELDS:
            label, hint = words("form.new.behalf"), words("form.new.behalf_hint")
            rest = (PersonField("behalf", label, hint, required=False, chosen=behalf.key), *rest)
    return Form(
        NEW_TICKET,
        title,
        words("form.new.submit"),
        (*text, *about, *rest[:-1], *further, rest[-1]),
        state=str(state if chosen else State(draft=state.draft)),
        cancel=words("form.cancel"),
    )


def _choice(field: str, label: str, options: tuple[Option, ...], traits: Traits) -> Field:
    """A menu, or where it would be too long for the network's, something to be found by typing."""
    if len(options) > traits.choices and traits.search_in_forms:
        return FinderField(field, label)
    return ChoiceField(field, label, options)


def extras_inside(extras: Sequence[ExtraField], traits: Traits) -> bool:
    """Whether a form with the department's product has room for its extra fields too."""
    return len(extras) + SEPARATE_FIELDS <= traits.fields_per_form


def topics_fit(catalogue: Catalogue, traits: Traits) -> bool:
    """Whether the new ticket's form can be opened without asking for the department first."""
    if traits.fields_per_form >= SEPARATE_FIELDS:
        return traits.search_in_forms or max(len(catalogue.departments), len(catalogue.products)) <= traits.choices
    return sum(len(catalogue.offered_by(department)) for department in catalogue.departments) <= traits.choices


def draft_of(values: Mapping[str, str], state: str) -> Draft:
    """What a new ticket's form holds, whichever of its shapes it had."""
    department, _, product = values.get("topic", "").partition("/")
    return Draft(
        subject=values.get("subject", ""),
        description=values.get("description", ""),
        department=State.read(state).department or values.get("department", department),
        product=State.read(state).product or values.get("product", product),
        priority=values.get("priority", ""),
    )


def note(words: Words, number: int) -> Form:
    """Words for agents only, about one ticket."""
    field = TextField("note", words("form.note.note"), words("form.note.note_hint"), multiline=True, limit=NOTE_LIMIT)
    return Form(NOTE, words("form.note.title"), words("form.note.submit"), (field,), str(number), words("form.cancel"))


def reply(words: Words, number: int, text: str = "", *, to_all: bool = False) -> Form:
    """An agent's words to the client, perhaps filled in already; or to the clients of all of a ticket's parts."""
    hint = words("form.reply.all_hint") if to_all else words("form.reply.reply_hint")
    field = TextField("reply", words("form.reply.reply"), hint, multiline=True, value=cut(text, TEXT_VALUE))
    form = REPLY_ALL if to_all else REPLY
    title, submit = words("form.reply.title"), words("form.reply.submit")
    return Form(form, title, submit, (field,), str(number), words("form.cancel"))


def close_reason(words: Words, number: int) -> Form:
    """Why a ticket is closed, which its client reads; and whether its files go some time afterwards."""
    choices = (Option(FILES_STAY, words("form.close.files_stay")), Option(FILES_GO, words("form.close.files_go")))
    fields = (
        TextField("reason", words("form.close.reason"), words("form.close.reason_hint"), limit=REASON_LIMIT),
        ChoiceField("files", words("form.close.files"), choices, words("form.close.files_hint"), chosen=FILES_STAY),
    )
    title, submit = words("form.close.title"), words("form.close.submit")
    return Form(CLOSE_REASON, title, submit, fields, str(number), words("form.cancel"))


def follower(words: Words, number: int) -> Form:
    """Who shall see and hear a ticket that is not theirs."""
    field = PersonField("person", words("form.follower.person"), words("form.follower.person_hint"))
    title, submit = words("form.follower.title"), words("form.follower.submit")
    return Form(FOLLOWER, title, submit, (field,), str(number), words("form.cancel"))


def split(words: Words, catalogue: Catalogue, message_id: int, ticket: Ticket, *, subject: str = "") -> Form:
    """The ticket that a message becomes; where the catalogue is too large for one choice, of the same
    department and product.
    """
    every = topics(words, catalogue)
    here = f"{ticket.department}/{ticket.product}"
    topic = ChoiceField("topic", words("form.new.topic"), every[:CHOICES],
                        chosen=here if here in {each.value for each in every[:CHOICES]} else "")  # fmt: skip
    priority = ticket.priority if catalogue.priority(ticket.priority) else catalogue.default_priority
    fields = (
        TextField("subject", words("form.new.subject"), words("form.new.subject_hint"),
                  limit=SUBJECT_LIMIT, value=cut(subject, SUBJECT_LIMIT)),
        *((topic,) if len(every) <= CHOICES else ()),
        ChoiceField("priority", words("form.new.priority"), priority_options(words, catalogue), chosen=priority),
    )  # fmt: skip
    title, submit = words("form.split.title"), words("form.split.submit")
    return Form(SPLIT, title, submit, fields, str(message_id), words("form.cancel"))


def rating(words: Words, number: int, given: int) -> Form:
    """Optional words beside the stars."""
    field = TextField("words", words("form.rating.words"), words("form.rating.words_hint"),
                      multiline=True, limit=RATING_LIMIT)  # fmt: skip
    state = f"{number}:{given}"
    return Form(RATING, words("form.rating.title"), words("form.rating.submit"), (field,), state, words("form.cancel"))


def sent_back(
    form: Form,
    values: Mapping[str, str],
    error: FormError,
    words: Words,
    *,
    several: Mapping[str, tuple[str, ...]] | None = None,
) -> Invalid:
    """The form with what the person typed, and a remark for each field that is wrong."""
    there = {field.name for field in form.fields}
    merged = {"department": "topic", "product": "topic"}
    remarks: dict[str, str] = {}
    for remark in error.remarks:
        wanted = remark.field or ""
        name = wanted if wanted in there else merged.get(wanted, f"x.{wanted}")
        remarks.setdefault(name if name in there else form.fields[0].name, words.error(remark))
    filled = replace(
        form, fields=tuple(_filled(field, values.get(field.name, ""), several or {}) for field in form.fields)
    )
    return Invalid(remarks, filled, words("form.wrong"), words("form.again"))


def _filled(field: Field, value: str, several: Mapping[str, tuple[str, ...]]) -> Field:
    match field:
        case MultiChoiceField():
            there = {option.value for option in field.options}
            return replace(field, chosen=tuple(each for each in several.get(field.name, ()) if each in there))
        case PersonField():
            return replace(field, chosen=value)
        case DateField():
            return replace(field, value=value if _is_iso(value) else "")
        case TextField():
            return replace(field, value=cut(value, field.limit))
        case ChoiceField() if value in {option.value for option in field.options}:
            return replace(field, chosen=value)
        case _:
            return field


def _is_iso(value: str) -> bool:
    try:
        return bool(date.fromisoformat(value))
    except ValueError:
        return False


def _named(language: str) -> Callable[[Entry], Option]:
    """Makes an entry of the catalogue a choice, in one language."""

    def option(entry: Entry) -> Option:
        emoji = entry.emoji if isinstance(entry, Priority) else ""
        return Option(entry.id, cut(f"{emoji} {entry.name(language)}".strip(), OPTION_LABEL))

    return option


def topics(words: Words, catalogue: Catalogue) -> tuple[Option, ...]:
    """Each department with each of its products, as one choice: "department/product"."""

    def each() -> Iterable[Option]:
        for department in catalogue.departments:
            for product in catalogue.offered_by(department):
                label = f"{department.name(words.language)} · {product.name(words.language)}"
                yield Option(f"{department.id}/{product.id}", cut(label, OPTION_LABEL))

    return tuple(each())
