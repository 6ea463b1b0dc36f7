"""/ticket: open one, show one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from adapters.port import ChannelError
from adapters.ui import OPTION_LABEL, Card, Finder, Option, Select
from bot import cards, drafts, forms
from bot.asked import DIGITS
from bot.commands import further, link
from bot.disturbing import busy
from bot.extras import given
from bot.intake import keep_form_files
from desk import verbs
from desk.errors import DeskError, FormError
from desk.model import AccountRef, Audience, KeptDraft, Role
from desk.text import cut

if TYPE_CHECKING:
    from adapters.port import Answer, Called, Pressed, Submitted
    from adapters.ui import Form
    from bot.extras import Given
    from bot.house import Asker, House
    from desk.model import Attachment
    from desk.ports import Transaction


NAME_SHOWN = 60  # characters


async def called(house: House, asker: Asker, heard: Called) -> Answer:
    """`/ticket`, `/ticket some subject`, `/ticket 42`; inside a ticket's thread: that ticket."""
    words = heard.words.strip()
    number = words.removeprefix("#")
    if number.isascii() and number.isdigit() and len(number) <= DIGITS:
        return await shown(house, asker, int(number))
    if not words and heard.thread is not None:
        thread = await house.storage.read(lambda tx: tx.thread(heard.thread) if heard.thread else None)
        if thread is not None:
            return await shown(house, asker, thread.ticket)
    if heard.people and asker.role is not Role.CLIENT:
        return await _for_somebody(house, asker, heard)
    form = new_form(house, asker, subject=words)
    if isinstance(form, Card) and words:  # the department is asked for first: the subject waits meanwhile
        typed = KeptDraft(0, asker.account, "typed", words, datetime.now(UTC))
        kept = await house.storage.write(lambda tx: tx.add_draft(typed))
        return new_form(house, asker, subject=words, kept=kept)
    return form


async def _for_somebody(house: House, asker: Asker, heard: Called) -> Answer:
    """An agent mentions whose ticket it will be: "/ticket @Ben printer on fire"."""
    behalf = heard.people[0]
    name = (await house.asker(behalf)).profile.name
    subject = heard.words.replace(f"@{name}", "", 1).strip()
    draft = KeptDraft(0, asker.account, "typed", "", datetime.now(UTC), behalf=behalf)
    kept = await house.storage.write(lambda tx: tx.add_draft(draft))
    return await form_of(house, asker, kept, subject=subject)


async def form_of(
    house: House,
    asker: Asker,
    kept: KeptDraft | None,
    *,
    subject: str = "",
    department: str = "",
    product: str = "",
) -> Form | Card:
    """The form filled with a draft, in the name of whom it is for."""
    behalf = None
    if kept is not None and kept.behalf is not None and asker.role is not Role.CLIENT:
        behalf = forms.Behalf(kept.behalf.key, (await house.asker(kept.behalf)).profile.name)
    return new_form(house, asker, subject=subject, kept=kept, department=department, product=product, behalf=behalf)


async def shown(house: House, asker: Asker, number: int) -> Card:
    """The ticket's card, to the asker alone."""

    def look(tx: Transaction) -> tuple[cards.TicketView, bool]:
        ticket, sight = tx.ticket(number), asker.sight(tx)
        mine = sight.person_id is not None and tx.follows(number, sight.person_id)
        if ticket is None or not sight.sees(ticket, follows=mine):
            raise DeskError("ticket_unknown", number=number)
        inside = sight.inside(ticket.department)
        hidden = asker.hidden(house.catalogue)
        return cards.view(tx, ticket, house.catalogue, hidden, house.old_after, house.terms), inside

    seen, inside = await house.storage.read(look)
    audience = Audience.AGENTS if inside else Audience.CLIENT
    return await link.with_continue(
        house, asker, number, cards.ticket_card(seen, audience, asker.words, house.catalogue, asker.account)
    )


def new_form(
    house: House,
    asker: Asker,
    *,
    subject: str = "",
    kept: KeptDraft | None = None,
    department: str = "",
    behalf: forms.Behalf | None = None,
    product: str = "",
) -> Form | Card:
    """The form, filled with a draft if there is one; or where it would have too many choices for this network, the
    department first, from a menu or by typing.
    """
    traits, catalogue = house.channels[asker.account.channel].traits, house.offered(asker)
    if len(catalogue.departments) == 1:
        department = catalogue.departments[0].id
    sizes = [len(catalogue.offered_by(each)) for each in catalogue.departments]
    if department or forms.topics_fit(catalogue, traits):
        return forms.new_ticket(
            asker.words,
            catalogue,
            traits,
            subject=subject or (drafts.subject_of(kept) if kept else ""),
            description=drafts.prefilled(kept) if kept else "",
            behalf=behalf or (forms.Behalf() if asker.role is not Role.CLIENT else None),
            state=forms.State(department, kept.id if kept else 0, product),
        )
    carries = str(kept.id) if kept else ""
    question = asker.words("form.new.which_department")
    if max(len(sizes), *sizes) > forms.CHOICES:
        finder = Finder("ticket.topic", asker.words("choose.topic"), carries=carries)
        return Card(question, subject, actions=(finder,))
    options = tuple(
        Option(department.id, cut(department.name(asker.words.language), OPTION_LABEL))
        for department in catalogue.departments
    )
    choice = Select("ticket.department", asker.words("form.new.department"), options, carries=carries)
    return Card(question, subject, actions=(choice,))


async def pressed_new(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Open a ticket]"""
    del heard
    return new_form(house, asker)


async def submitted_new(house: House, asker: Asker, heard: Submitted) -> Answer:
    """The new ticket's form came back."""
    traits = house.channels[asker.account.channel].traits
    draft, state = forms.draft_of(heard.values, heard.state), forms.State.read(heard.state)
    extras = further.extras_of(house, draft.department)
    inside = bool(state.department) and forms.extras_inside(extras, traits)
    values = await given(house, asker, heard, extras)
    draft = replace(draft, fields=values.checkable())
    try:
        draft = verbs.checked(draft, house.catalogue, asker.account.channel, demanded=inside)
        attachments = await keep_form_files(house, heard.files.get("files", ()))
        client = await _client(house, asker, heard, state)
        if extras and not inside:
            return await _continued(house, asker, heard, draft, state, attachments, client)
        number = await _opened(house, asker, heard, draft, state, attachments, client, values)
    except FormError as error:
        behalf = await _behalf(house, asker, heard, state)
        form = forms.new_ticket(asker.words, house.offered(asker), traits, state=state, behalf=behalf)
        return forms.sent_back(form, heard.values, error, asker.words, several=heard.several)
    if number is None:
        return None
    if client is not None:
        name = cut(client.profile.name, NAME_SHOWN)
        return Card(asker.words("answer.opened_for", number=number, name=name), asker.words("answer.opened_for_body"))
    return Card(asker.words("answer.opened", number=number), asker.words("answer.opened_body"))


async def _behalf(house: House, asker: Asker, heard: Submitted, state: forms.State) -> forms.Behalf | None:
    """For whom an agent's form is, as it was when it came back."""
    if asker.role is Role.CLIENT:
        return None
    kept = await kept_draft(house, asker, state.draft)
    if kept is None or kept.behalf is None:
        return forms.Behalf(heard.values.get("behalf", ""))
    return forms.Behalf(heard.values.get("behalf", kept.behalf.key), (await house.asker(kept.behalf)).profile.name)


async def _client(house: House, asker: Asker, heard: Submitted, state: forms.State) -> Asker | None:
    """Whose ticket it will be, where an agent opens it for somebody else. FormError where that cannot be."""
    kept = await kept_draft(house, asker, state.draft)
    behalf = kept.behalf if kept else None
    if "behalf" in heard.values:
        key = heard.values["behalf"]
        behalf = AccountRef(asker.account.channel, key) if key else None
    if behalf is None or behalf == asker.account:
        return None
    if asker.role is Role.CLIENT:
        raise FormError((DeskError("agents_only", field="behalf"),))
    try:
        client = await house.asker(behalf)
    except ChannelError as error:
        raise FormError((DeskError("behalf_unknown", field="behalf"),)) from error
    if client.profile.bot:
        raise FormError((DeskError("behalf_unknown", field="behalf"),))
    return client


async def _continued(
    house: House,
    asker: Asker,
    heard: Submitted,
    draft: verbs.Draft,
    state: forms.State,
    attachments: tuple[Attachment, ...],
    client: Asker | None,
) -> Card | None:
    """The department has extra fields that this form had no room for: what it said is kept, and the rest asked for."""
    kept, body, attachments = await _whole(house, asker, draft, state, attachments)
    return await further.keep_first_part(house, asker, heard, draft, body, attachments, kept, client)


async def _whole(
    house: House, asker: Asker, draft: verbs.Draft, state: forms.State, attachments: tuple[Attachment, ...]
) -> tuple[KeptDraft | None, str, tuple[Attachment, ...]]:
    """The draft that the form came from, all that the description says, all files."""
    kept = await kept_draft(house, asker, state.draft)
    if kept is None:
        return None, "", attachments
    body = drafts.described(draft.description, kept, asker.words)
    return kept, body, (*await drafts.files_of(house, kept), *attachments)


async def _opened(
    house: House,
    asker: Asker,
    heard: Submitted,
    draft: verbs.Draft,
    state: forms.State,
    attachments: tuple[Attachment, ...],
    client: Asker | None,
    values: Given,
) -> int | None:
    """The new ticket's number; None where it was opened by an earlier delivery of the same form."""
    kept, body, attachments = await _whole(house, asker, draft, state, attachments)

    resting = await busy(house, draft.department)

    def verb(tx: Transaction) -> int | None:
        if not tx.first_hearing(f"{heard.account.channel}:{heard.id}"):
            return None
        if kept is not None:
            tx.drop_draft(kept)
        opener = asker.actor(tx) if client else None
        whose = client or asker
        made = verbs.open_ticket(
            tx,
            house.catalogue,
            whose.actor(tx),
            whose.account,
            replace(draft, fields=values.kept(tx)),
            attachments,
            body=body,
            opener=opener,
            writer=opener,
            busy=resting,
            at_most=house.tickets_a_minute,
        )
        return made.number

    number = await house.storage.write(verb)
    house.wake()
    return number


async def kept_draft(house: House, asker: Asker, draft_id: int) -> KeptDraft | None:
    if not draft_id:
        return None
    return await house.storage.read(lambda tx: tx.draft(draft_id, asker.account))


CALLED = {"ticket": called}

PRESSED = {
    "ticket.new": pressed_new,
}

SUBMITTED = {forms.NEW_TICKET: submitted_new}
