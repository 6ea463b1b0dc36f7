"""[Transcript] on a ticket's card: the conversation as a file, sent to the asker alone."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING

from adapters.port import ChannelError
from adapters.ui import Button, Card, Instead
from bot import transcripts
from bot.asked import whole
from bot.notices import transcript_post
from desk import verbs
from desk.errors import DeskError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from adapters.port import Answer, Pressed
    from bot.house import Asker, House
    from bot.words import Words
    from desk.model import Thread, Transcript
    from desk.ports import Transaction

_WHOLE = 1 << 62  # bytes: what we write ourselves is never too large to be kept


async def pressed(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Transcript]: in which form?"""
    number = whole(heard.value)

    def look(tx: Transaction) -> bool:
        ticket = verbs.may_read(tx, number, asker.reader(tx), inside=False)
        return asker.sight(tx).inside(ticket.department)

    all_of_it = await house.storage.read(look)
    words = asker.words
    buttons = [
        Button("transcript.make", words(f"transcript.form_{form}"), f"{number}:{form}:0", emoji="📄")
        for form in transcripts.FORMS
    ]
    body = words("transcript.which_body")
    if all_of_it:
        body = f"{body}\n\n{words('transcript.which_inside')}"
        buttons += [
            Button("transcript.make", _with_notes(words, form), f"{number}:{form}:1", emoji="🔒")
            for form in transcripts.FORMS
        ]
    return Card(words("transcript.which", number=number), body, actions=tuple(buttons))


def _with_notes(words: Words, form: str) -> str:
    return words("transcript.with_notes", form=words(f"transcript.form_{form}"))


async def pressed_make(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[HTML], [Markdown] or [JSON]: made, kept and sent."""
    number, form, inside = _wanted(heard.value)
    words = asker.words

    def read(tx: Transaction) -> transcripts.Conversation:
        ticket = verbs.may_read(tx, number, asker.reader(tx), inside=inside)
        return transcripts.conversation(tx, ticket, words, house.catalogue, inside=inside)

    found = await house.storage.read(read)
    content = await asyncio.to_thread(transcripts.written, found, form, words, house.blobs.path)
    sha256, size = await house.blobs.keep(_whole(content), limit=_WHOLE)

    def keep(tx: Transaction) -> tuple[Transcript, Thread | None] | None:
        if not tx.first_hearing(f"{heard.account.channel}:{heard.id}"):
            return None
        return verbs.keep_transcript(
            tx,
            number,
            asker.actor(tx),
            asker.account,
            language=words.language,
            form=form,
            inside=inside,
            name=transcripts.file_name(number, form),
            size=size,
            sha256=sha256,
        )

    kept = await house.storage.write(keep)
    house.wake()
    if kept is None:
        return None
    made, thread = kept
    if thread is None:
        await _send(house, asker, made)
    where = words("transcript.in_thread") if thread else words("transcript.in_direct")
    return Instead(Card(words("transcript.made", number=number), where))


async def _send(house: House, asker: Asker, made: Transcript) -> None:
    channel = house.channels[asker.account.channel]
    post = transcript_post(made, asker.words, house.blobs, channel.traits)
    try:
        await channel.whisper(asker.account, post, key=secrets.token_hex(8))
    except ChannelError as error:
        raise DeskError("no_direct_messages") from error


def _wanted(value: str) -> tuple[int, str, bool]:
    number, _, rest = value.partition(":")
    form, _, inside = rest.partition(":")
    if form not in transcripts.FORMS or inside not in {"0", "1"}:
        raise DeskError("action_unknown")
    return whole(number), form, inside == "1"


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content


PRESSED = {"ticket.transcript": pressed, "transcript.make": pressed_make}
