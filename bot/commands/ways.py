"""Other ways to a ticket than /ticket: a message's menu, the 🎫 reaction, a direct message to the bot.

What somebody said or pointed at is a draft on record before anything else happens; the form is filled with it, and the
ticket that comes of it ends the draft.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from adapters.port import ChannelError
from adapters.ui import CARD_BODY, Button, Card
from bot import drafts
from bot.asked import whole
from bot.cards import hello, literal
from bot.commands.ticket import form_of
from bot.intake import keep_files
from desk.errors import DeskError
from desk.model import KeptDraft, Role
from desk.text import cut, is_blank

if TYPE_CHECKING:
    from adapters.port import Answer, Pressed, Quote, Reacted, Said, Shortcut
    from bot.house import Asker, House
    from desk.model import AccountRef
    from desk.ports import Transaction

TICKET = "🎫"
ONE_BREATH = timedelta(minutes=10)  # direct messages that follow each other within it are one draft
LONGEST = 20_000  # characters of a draft; what comes after begins another
FILES = 20
SHOWN = 300  # characters of a draft on the card that offers its form


async def from_menu(house: House, asker: Asker, heard: Shortcut) -> Answer:
    """The entry in a message's menu: the form, with the message quoted."""
    behalf = await _client_of(house, asker, heard.quote)
    kept = await _keep(house, drafts.from_quote(asker.account, "menu", heard.quote, datetime.now(UTC), behalf))
    return await form_of(house, asker, kept)


async def from_reaction(house: House, asker: Asker, heard: Reacted) -> Answer:
    """🎫 below a message. A reaction can open no form: whoever put it gets a card of their own that does."""
    if asker.profile.bot:
        return None
    try:
        quote = await house.channels[heard.message.channel].quote(heard.message)
    except ChannelError as error:
        raise DeskError("message_unreadable") from error
    behalf = await _client_of(house, asker, quote)

    def verb(tx: Transaction) -> KeptDraft | None:
        if not tx.first_hearing(f"{heard.account.channel}:{heard.id}"):
            return None
        return tx.add_draft(drafts.from_quote(asker.account, "reaction", quote, tx.now, behalf))

    kept = await house.storage.write(verb)
    return None if kept is None else _offer(asker, kept, asker.words("draft.from_message"))


async def direct(house: House, asker: Asker, heard: Said) -> Answer:
    """Somebody wrote to the bot itself: their words become a draft, and a card offers the form for it."""
    words = asker.words
    if asker.profile.bot:
        return None
    if is_blank(heard.body) and not heard.files:
        return hello(words)
    attachments = await keep_files(house, heard.files)

    def verb(tx: Transaction) -> KeptDraft | None:
        if not tx.first_hearing(f"said:{heard.message.channel}:{heard.message.key}"):
            return None
        before = tx.newest_draft(asker.account, "direct", since=tx.now - ONE_BREATH)
        if before is not None and len(before.body) < LONGEST and len(before.attachments) < FILES:
            return tx.add_to_draft(before, body=heard.body, attachments=attachments)
        return tx.add_draft(KeptDraft(0, asker.account, "direct", heard.body, tx.now, attachments=attachments))

    kept = await house.storage.write(verb)
    return None if kept is None else _offer(asker, kept, words("draft.from_words"))


def _offer(asker: Asker, kept: KeptDraft, title: str) -> Card:
    words = asker.words
    lines = [literal(cut(drafts.offered(kept), SHOWN)), words("draft.offer")]
    if kept.attachments:
        names = cut(", ".join(file.name for file in kept.attachments), SHOWN)
        lines.insert(1, f"📎 {literal(names)}")
    button = Button("draft.open", words("action.open_form"), str(kept.id), style="primary", emoji=TICKET)
    return Card(title, cut("\n\n".join(line for line in lines if line), CARD_BODY), actions=(button,))


async def pressed_open(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Open the form] of a draft."""
    number = whole(heard.value)
    kept = await house.storage.read(lambda tx: tx.draft(number, asker.account))
    if kept is None:
        raise DeskError("draft_gone")
    return await form_of(house, asker, kept)


async def _client_of(house: House, asker: Asker, quote: Quote) -> AccountRef | None:
    """An agent who opens a ticket from a client's message does so for that client."""
    if asker.role is Role.CLIENT or quote.author is None or quote.author == asker.account:
        return None
    try:
        author = await house.asker(quote.author)
    except ChannelError:
        return None
    return author.account if author.role is Role.CLIENT and not author.profile.bot else None


async def _keep(house: House, draft: KeptDraft) -> KeptDraft:
    return await house.storage.write(lambda tx: tx.add_draft(draft))


SHORTCUTS = {"ticket": from_menu}
REACTED = {TICKET: from_reaction}
PRESSED = {"draft.open": pressed_open}
