"""Beside tickets' threads: reactions, announcements, whispers, quotes and links on Discord."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.port import Denied, Gone, Reacted
from adapters.ui import Button, Card, Form, Post, TextField
from desk.model import AccountRef, MessageRef, PlaceRef, ThreadRef
from tests.adapters.discord.conftest import ADA, HELP, LEA, SUPPORT, until

if TYPE_CHECKING:
    from adapters.discord.channel import DiscordChannel
    from tests.adapters.discord.conftest import Server
    from tests.adapters.ear import Ear

CARD = Card("Support", "Press the button.", actions=(Button("ticket.new", "Open a ticket"),))


async def test_a_reaction_anywhere_is_heard_and_answered_directly(
    channel: DiscordChannel, server: Server, ear: Ear
) -> None:
    said = await server.do("say", user=ADA, channel=HELP, content="It jams")
    where = {"channel": HELP, "message": said["id"]}
    ear.answer = lambda heard: CARD if isinstance(heard, Reacted) else None
    await server.do("react", user=LEA, emoji="🎫", **where)
    await server.do("react", user=LEA, emoji="ours:77", **where)
    first, second = await ear.next(Reacted), await ear.next(Reacted)
    assert (first.account, first.emoji) == (AccountRef("discord", LEA), "🎫")
    assert first.message == MessageRef("discord", f"{HELP}:{said['id']}")
    assert second.emoji == ":ours:"
    direct = (await server.do("dm", user=LEA))["channel"]

    async def answered() -> bool:
        return [m["embeds"][0]["title"] for m in await server.messages(direct)] == ["Support"]

    await until(answered)


async def test_our_own_and_other_bots_reactions_are_not_heard(
    channel: DiscordChannel, server: Server, ear: Ear
) -> None:
    said = await server.do("say", user=ADA, channel=HELP, content="x")
    await server.do("react", user=server.sandbox.setup.bot_id, channel=HELP, message=said["id"], emoji="🎫")
    await server.do("react", user=LEA, channel=HELP, message=said["id"], emoji="🎫")
    assert (await ear.next(Reacted)).account.key == LEA
    assert len(ear.all(Reacted)) == 1


async def test_a_form_where_nothing_was_pressed_is_a_button(channel: DiscordChannel, server: Server, ear: Ear) -> None:
    form = Form("new", "New ticket", "Send", (TextField("subject", "Subject"),))
    ear.answer = lambda heard: form if isinstance(heard, Reacted) else None
    said = await server.do("say", user=ADA, channel=HELP, content="x")
    await server.do("react", user=LEA, channel=HELP, message=said["id"], emoji="🎫")
    direct = (await server.do("dm", user=LEA))["channel"]

    async def there() -> bool:
        return bool(await server.messages(direct))

    await until(there)
    (shown,) = await server.messages(direct)
    again = shown["components"][0]["components"][0]["custom_id"]
    pressed = await server.do("press", user=LEA, channel=direct, message=shown["id"], custom_id=again)
    assert pressed["answer"]["modal"]["title"] == "New ticket"


async def test_an_announcement_is_said_once_and_pinned(channel: DiscordChannel, server: Server) -> None:
    place = PlaceRef("discord", HELP)
    first = await channel.announce(place, Post(card=CARD), key="card:1", pin=True)
    assert await channel.announce(place, Post(card=CARD), key="card:1", pin=True) == first
    card, told = await server.messages(HELP)
    assert (first.key, card["pinned"], told["type"]) == (f"{HELP}:{card['id']}", True, 6)
    with pytest.raises(Gone):
        await channel.announce(PlaceRef("discord", "999"), Post("x"), key="2")


async def test_a_whisper_is_a_direct_message_unless_they_take_none(channel: DiscordChannel, server: Server) -> None:
    lea = AccountRef("discord", LEA)
    said = await channel.whisper(lea, Post("psst"), key="w1")
    assert said is not None
    assert await channel.whisper(lea, Post("psst"), key="w1") == said
    direct = (await server.do("dm", user=LEA))["channel"]
    assert [message["content"] for message in await server.messages(direct)] == ["psst"]
    assert channel.link(said).endswith(f"/channels/@me/{said.key.replace(':', '/')}")
    await server.do("close_dms", user=ADA)
    with pytest.raises(Denied):
        await channel.whisper(AccountRef("discord", ADA), Post("psst"), key="w2")


async def test_a_message_is_quoted_as_it_stands(channel: DiscordChannel, server: Server) -> None:
    thread = (
        await channel.open_thread(PlaceRef("discord", SUPPORT), "#1", Post(card=CARD), key="o", recall=None)
    ).thread
    said = await server.do("say", user=ADA, channel=thread.key, content=f"ask <@{LEA}>")
    await server.do("edit", user=ADA, channel=thread.key, message=said["id"], content="*never* mind")
    ref = MessageRef("discord", f"{thread.key}:{said['id']}")
    quote = await channel.quote(ref)
    assert (quote.author, quote.name, quote.body) == (AccountRef("discord", ADA), "Ada Moreau", "*never* mind")
    assert (quote.thread, quote.url) == (thread, channel.link(ref))
    ours = await channel.announce(PlaceRef("discord", HELP), Post(card=CARD), key="a")
    quoted = await channel.quote(ours)
    assert (quoted.author, quoted.name, quoted.thread) == (None, "Helpthread", None)
    assert quoted.body == "Support\n\nPress the button."
    with pytest.raises(Gone):
        await channel.quote(MessageRef("discord", f"{HELP}:999"))
    assert channel.link(ThreadRef("discord", "77")) == channel.link(ref).replace(f"{thread.key}/{said['id']}", "77")
