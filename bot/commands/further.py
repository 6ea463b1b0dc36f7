"""The second part of a new ticket's form: the extra fields of the department that was chosen in the first.

What the first part said is kept with its files until the last part comes back: nothing is lost if the desk stops.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from adapters.ui import FACT_VALUE, Button, Card, Form
from bot import forms
from bot.asked import pair_of, whole
from bot.cards import literal
from bot.commands.fields import sought as sought_choice
from bot.disturbing import busy
from bot.extras import form_field, given
from desk import verbs
from desk.errors import DeskError, FormError
from desk.model import FirstPart, KeptDraft, Role
from desk.text import cut
from desk.verbs import Draft

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from adapters.port import Answer, Pressed, Submitted
    from bot.house import Asker, House
    from desk.catalogue import ExtraField
    from desk.model import Attachment
    from desk.ports import Transaction


NAME_SHOWN = 60  # characters of a client's name in the answer's title


def extras_of(house: House, department_id: str) -> Sequence[ExtraField]:
    """The extra fields of a department."""
    department = house.catalogue.department(department_id)
    return department.fields if department else ()


async def keep_first_part(
    house: House,
    asker: Asker,
    heard: Submitted,
    draft: Draft,
    body: str,
    attachments: tuple[Attachment, ...],
    before: KeptDraft | None,
    client: Asker | None,
) -> Card | None:
    """Keep what the form's first part said instead of the draft that it came from, and ask for the rest. None where
    this very form was heard before. `client`: whose ticket it will be, if not the asker's own.
    """
    part = FirstPart(draft.subject, draft.description, draft.department, draft.product, draft.priority, draft.fields)
    behalf = client.account if client else None
    kept = KeptDraft(
        0, asker.account, "form", body, datetime.now(UTC), behalf=behalf, attachments=attachments, first_part=part
    )

    def verb(tx: Transaction) -> KeptDraft | None:
        if not tx.first_hearing(f"{heard.account.channel}:{heard.id}"):
            return None
        if before is not None:
            tx.drop_draft(before)
        return tx.add_draft(kept)

    added = await house.storage.write(verb)
    return _step(house, asker, added, 0) if added else None


def _step(house: House, asker: Asker, kept: KeptDraft, first: int) -> Card:
    """[Continue]; and where nothing more must be known, [Open it as it is]."""
    assert kept.first_part is not None  # of drafts that wait for their second part
    words = asker.words
    left = extras_of(house, kept.first_part.department)[first:]
    buttons = [Button("further.form", words("action.further"), f"{_key(kept)}:{first}", style="primary", emoji="✏️")]
    if not any(extra.required for extra in left):
        buttons.append(Button("further.skip", words("action.open_as_is"), _key(kept), emoji="🎫"))
    names = ", ".join(extra.name(words.language) for extra in left)
    body = words("further.body", subject=literal(kept.first_part.subject), names=literal(cut(names, FACT_VALUE)))
    return Card(words("further.title"), body, actions=tuple(buttons))


def _key(kept: KeptDraft) -> str:
    """Its number and its moment: a number may be another draft's once its own is gone."""
    return f"{kept.id}:{round(kept.at.timestamp())}"


async def _draft(house: House, asker: Asker, key: str) -> tuple[KeptDraft, FirstPart]:
    draft_id, at = pair_of(key)
    kept = await house.storage.read(lambda tx: tx.draft(draft_id, asker.account))
    if kept is None or kept.first_part is None or round(kept.at.timestamp()) != at:
        raise DeskError("draft_gone")
    return kept, kept.first_part


async def pressed(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Continue]"""
    key, _, first = heard.value.rpartition(":")
    _, part = await _draft(house, asker, key)
    return _form(house, asker, key, part, whole(first))


def _form(house: House, asker: Asker, key: str, part: FirstPart, first: int) -> Form:
    traits, words = house.channels[asker.account.channel].traits, asker.words
    page = extras_of(house, part.department)[first : first + traits.fields_per_form]
    if not page:
        raise DeskError("no_fields")
    fields = tuple(form_field(extra, part.fields.get(extra.id, ()), words, traits, {}) for extra in page)
    title, submit = words("further.form"), words("form.new.submit")
    return Form(forms.FURTHER, title, submit, fields, f"{key}:{first}", words("form.cancel"))


async def submitted(house: House, asker: Asker, heard: Submitted) -> Answer:
    """The fields came back: further ones are asked for, or the ticket is opened."""
    key, _, begun = heard.state.rpartition(":")
    first = whole(begun)
    kept, part = await _draft(house, asker, key)
    after = first + house.channels[asker.account.channel].traits.fields_per_form
    extras = extras_of(house, part.department)
    found = await given(house, asker, heard, extras[first:after])
    try:
        verbs.checked_values(extras[first:after], found.checkable())
        if after >= len(extras):
            return await _opened(house, asker, heard, kept, lambda tx: {**part.fields, **found.kept(tx)})
    except FormError as error:
        form = _form(house, asker, key, part, first)
        return forms.sent_back(form, heard.values, error, asker.words, several=heard.several)

    def keep(tx: Transaction) -> KeptDraft | None:
        if not tx.first_hearing(f"{heard.account.channel}:{heard.id}"):
            return None
        tx.drop_draft(kept)
        return tx.add_draft(replace(kept, first_part=replace(part, fields={**part.fields, **found.kept(tx)})))

    longer = await house.storage.write(keep)
    return _step(house, asker, longer, after) if longer else None


async def pressed_skip(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Open it as it is]"""
    kept, part = await _draft(house, asker, heard.value)
    return await _opened(house, asker, heard, kept, lambda _tx: part.fields)


async def _opened(
    house: House,
    asker: Asker,
    heard: Submitted | Pressed,
    kept: KeptDraft,
    fields: Callable[[Transaction], Mapping[str, tuple[str, ...]]],
) -> Card | None:
    assert kept.first_part is not None  # the callers looked
    part, catalogue = kept.first_part, house.catalogue
    resting = await busy(house, part.department)
    client = await house.asker(kept.behalf) if kept.behalf and asker.role is not Role.CLIENT else None

    def verb(tx: Transaction) -> int | None:
        if not tx.first_hearing(f"{heard.account.channel}:{heard.id}"):
            return None
        opener, whose = (asker.actor(tx) if client else None), client or asker
        draft = Draft(part.subject, part.description, part.department, part.product, part.priority, fields(tx))
        made = verbs.open_ticket(
            tx,
            catalogue,
            whose.actor(tx),
            whose.account,
            draft,
            kept.attachments,
            body=kept.body,
            opener=opener,
            writer=opener,
            busy=resting,
            at_most=house.tickets_a_minute,
        )
        tx.drop_draft(kept)
        return made.number

    number = await house.storage.write(verb)
    house.wake()
    if number is None:
        return None
    if client is not None:
        name = cut(client.profile.name, NAME_SHOWN)
        return Card(asker.words("answer.opened_for", number=number, name=name), asker.words("answer.opened_for_body"))
    return Card(asker.words("answer.opened", number=number), asker.words("answer.opened_body"))


PRESSED = {
    "further.form": pressed,
    "further.skip": pressed_skip,
}

SUBMITTED = {forms.FURTHER: submitted}

SOUGHT = {forms.FURTHER: sought_choice}
