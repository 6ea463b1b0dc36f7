"""Every card and form that people meet, in each language, as each network draws it: golden files, and nothing in them
that Slack or Discord would refuse.

The answers come from the desk itself, asked over channels in memory that have each network's sizes. UPDATE_GOLDEN=1
writes the files anew.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from adapters.discord import forms as discord_forms
from adapters.discord import render as discord_render
from adapters.discord.channel import TRAITS as DISCORD
from adapters.memory import MemoryChannel
from adapters.port import Called, Pressed, Profile, Quote, Said, Shortcut, Submitted
from adapters.slack import forms as slack_forms
from adapters.slack import render as slack_render
from adapters.slack.channel import TRAITS as SLACK
from adapters.ui import Button, Card, Form, Instead, Invalid
from bot import words
from bot.app import Desk
from bot.config import load
from bot.demo import stage as company
from desk.model import AccountRef, MessageRef
from sandbox.discord import limits
from sandbox.discord.openapi import Checker, document
from sandbox.slack import blockkit
from storage import FolderBlobs, SQLiteStorage, open_storage
from tests.bot.rich import enrich
from tests.databases import empty

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapters.memory.network import Line
    from adapters.port import Answer, Heard

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden"
NOW = datetime(2026, 11, 24, 9, 5, tzinfo=UTC)
OFFICIAL = document()
CALLBACKS = "/interactions/{interaction_id}/{interaction_token}/callback"
LOCALES = {"en": "en-GB", "fr": "fr-FR"}
TICKET = {"subject": "VPN", "description": "It says **503**.", "priority": "urgent"}
TOPIC = {"slack": {"department": "it", "product": "intranet"}, "discord": {"topic": "it/intranet"}}
WRONG = {"subject": " ", "description": "?", "priority": "low"}


class Conversation:
    """One client and one agent on one network, in one language; what the desk answers is kept by name."""

    def __init__(self, desk: Desk, network: str, locale: str) -> None:
        self.desk, self.network = desk, network
        self.client, self.agent = AccountRef(network, "client"), AccountRef(network, "agent")
        for channel in desk.channels.values():
            assert isinstance(channel, MemoryChannel)
            agents = {"slack": "S0AGENTS", "discord": company.AGENTS_ROLE}[channel.name]
            profiles = channel.network.profiles
            profiles["client"] = Profile("Marc Dubois", locale, roles=frozenset({"client"}))
            profiles["agent"] = Profile("Léa Martin", locale, roles=frozenset({"agent", agents}))
        self.asked = 0
        self.answers: dict[str, Answer] = {}

    async def hear(self, name: str, heard: Heard) -> Answer:
        answer = await self.desk._router.hear(heard)
        if name:
            self.answers[name] = answer
        return answer

    def id(self) -> str:
        self.asked += 1
        return f"e{self.asked}"

    async def call(self, name: str, command: str, words: str = "", *, who: AccountRef | None = None) -> Answer:
        return await self.hear(name, Called(self.id(), who or self.client, command, words))

    async def press(
        self, name: str, action: str, value: str = "", *, who: AccountRef | None = None, carried: str = ""
    ) -> Answer:
        return await self.hear(name, Pressed(self.id(), who or self.client, action, value, carried=carried))

    async def submit(self, name: str, form: str, values: dict[str, str], state: str = "") -> Answer:
        return await self.hear(name, Submitted(self.id(), self.client, form, state, values))

    async def tell(self) -> None:
        """The whole of it."""
        await self.call("ticket-form", "ticket")
        await self.submit("ticket-form-wrong", "ticket.new", WRONG | TOPIC[self.network])
        await self.submit("ticket-further", "ticket.new", TICKET | TOPIC[self.network])
        await self.press("ticket-further-form", "further.form", f"1:{round(NOW.timestamp())}:0")
        await self.press("ticket-opened", "further.skip", f"1:{round(NOW.timestamp())}")
        await self.call("ticket-card-client", "ticket", "1")
        await self.call("ticket-unknown", "ticket", "99")
        await self.call("ticket-card-agent", "ticket", "1", who=self.agent)
        await self.press("transcript-client", "ticket.transcript", "1")
        await self.press("transcript-agent", "ticket.transcript", "1", who=self.agent)
        await self.working()
        await self.press("close-form", "ticket.close_reason", "1", who=self.agent)
        await self.press("more", "ticket.more", "1", who=self.agent)
        await self.press("", "ticket.close", "1")
        await self.call("ticket-card-closed", "ticket", "1")
        await self.press("ticket-rated", "ticket.rate", "1:4")
        await self.press("rating-form", "rating.words", "1:4")
        await self.press("note-form", "ticket.note", "1", who=self.agent)
        await self.press("history", "ticket.history", "1", who=self.agent)
        await self.call("ticket-form-agent", "ticket", who=self.agent)
        await self.call("language", "language")
        await self.call("language-unknown", "language", "klingon")
        quote = Quote(MessageRef(self.network, "m1"), self.agent, "Léa", "It *burns*", "https://x.example/1", NOW)
        await self.hear("ways-menu-form", Shortcut(self.id(), self.client, "ticket", quote))
        for name, body in (("ways-direct", "Plus de réseau"), ("ways-hello", "")):
            await self.hear(name, Said(self.client, None, MessageRef(self.network, f"d{self.id()}"), body, NOW))
        await self.press("ways-gone", "draft.open", "999")
        await self.linking()

    async def working(self) -> None:
        """What agents do from a ticket's card and what stands behind it."""
        me = self.agent
        await self.submit("", "ticket.new", {**TICKET, "subject": "Printer"} | TOPIC[self.network])
        await self.press("", "further.skip", f"1:{round(NOW.timestamp())}")  # the first is gone, its number free
        await self.press("", "ticket.claim", "1", who=me)
        await self.press("", "ticket.status", "supplier", who=me, carried="1")
        await self.press("", "tag.add", "vip", who=me, carried="1")
        await self.call("ticket-card-worked-on", "ticket", "1", who=me)
        await self.press("more", "ticket.more", "1", who=me)
        await self.press("reply-which", "reply.choose", "1", who=me)
        await self.press("reply-form", "reply.fill", "restart", who=me, carried="1")
        await self.press("close-form", "ticket.close_reason", "1", who=me)
        await self.press("fields-form", "ticket.fields", "1", who=me)
        await self.press("fields-form-further", "fields.more", "1:5", who=me)
        await self.press("move-where", "ticket.move", "1", who=me)
        await self.press("merge-which", "ticket.merge", "2", who=me)
        await self.press("merge-sure", "merge.into", "1", who=me, carried="2")
        await self.press("parent-which", "ticket.parent", "2", who=me)
        await self.press("parent-done", "parent.is", "1", who=me, carried="2")
        await self.press("more-of-a-parent", "ticket.more", "1", who=me)
        await self.press("reply-all-form", "reply.all", "1", who=me)
        await self.press("split-form", "split.message", "1", who=me)
        await self.press("follower-form", "follower.add", "1", who=me)
        await self.press("follow-done", "ticket.follow", "1", who=me)
        await self.press("history", "ticket.history", "1", who=me)
        await self.press("", "merge.do", "2:1", who=me)
        await self.call("ticket-card-merged", "ticket", "2", who=me)
        await self.press("refused-not-theirs", "ticket.claim", "1")
        await self.call("away-here", "away", who=me)
        await self.press("away-for-now", "away.on", who=me)
        await self.call("away-unknown", "away", "when pigs fly", who=me)
        await self.press("", "away.off", who=me)

    async def linking(self) -> None:
        other = AccountRef("discord" if self.network == "slack" else "slack", "client")
        await self.call("link-wrong", "link", "AAAA2222")
        shown = await self.call("link-code", "link", who=self.client)
        assert isinstance(shown, Card)
        asked = await self.call("", "link", shown.title.rpartition(" ")[2], who=other)
        self.answers["link-sure"] = asked
        assert isinstance(asked, Card)
        self.answers["link-done"] = await self.press("", "link.join", asked.actions[0].value, who=other)  # type: ignore[union-attr]
        await self.call("unlink", "unlink")
        await self.press("unlink-done", "link.part")
        await self.call("unlink-not-linked", "unlink")


def drawn(network: str, answer: Answer) -> Any:
    match answer, network:
        case Instead(card=card), _:
            return drawn(network, card)
        case Card(), "slack":
            blocks = slack_render.card(answer)
            assert blockkit.problems(blocks, "message") == []
            return {"text": slack_render.card_text(answer), "blocks": blocks}
        case Card(), _:
            made = discord_render.answer(answer)
            assert list(limits.message(made, 0)) == []
            return checked(4, made)
        case Form(), "slack":
            view = slack_forms.form(answer)
            assert blockkit.view_problems(view, "modal") == []
            return view
        case Form(), _:
            made = discord_forms.form(answer)
            assert list(limits.modal(made)) == []
            return checked(9, made)
        case Invalid(), _:
            return {"remarks": dict(answer.remarks), "title": answer.title, "form": drawn(network, answer.form)}
        case _:
            return repr(answer)


def checked(kind: int, data: Any) -> Any:
    """Discord's own document finds nothing wrong with it, where that document is at hand."""
    if OFFICIAL is not None:
        assert Checker(OFFICIAL).findings("POST", CALLBACKS, {"type": kind, "data": data}) == []
    return data


async def told(
    folder: Path, network: str, locale: str, lines: list[Line] | None = None, house: str = "en"
) -> dict[str, Answer]:
    """All that the desk answers on this network to people of this language; into `lines`, what it says in threads."""
    path = folder / "config.toml"
    urls = {"slack_url": "https://s.example/", "api_url": "https://d.example", "gateway_url": "wss://d.example/"}
    text = company.config_text(**urls, cdn_url="https://c.example", data=str(folder), language=house)
    path.write_text(text, encoding="utf-8")
    enrich(path)
    storage = open_storage(empty(folder / "desk.sqlite3"), clock=lambda: NOW)
    channels = {"slack": MemoryChannel("slack", traits=SLACK), "discord": MemoryChannel("discord", traits=DISCORD)}
    desk = Desk(load(path), storage, FolderBlobs(folder / "files"), channels)
    talk = Conversation(desk, network, locale)
    try:
        await talk.tell()
        if lines is not None:
            lines += await delivered(desk, storage)
    finally:
        await storage.close()
    return talk.answers


async def delivered(desk: Desk, storage: SQLiteStorage) -> list[Line]:
    """Let the desk say all that it owes; gives what then stands in its threads."""
    networks = [channel.network for channel in desk.channels.values() if isinstance(channel, MemoryChannel)]
    for network in networks:
        network.places |= {key: key for key in (company.IT_DESK, company.HR_DESK)}
    running = asyncio.create_task(desk.run())
    async with asyncio.timeout(30):
        while await storage.read(lambda tx: tx.next_due(tuple(desk.channels))) is not None:
            assert not running.done()
            await asyncio.sleep(0.02)
    desk.stop()
    await running
    return [line for network in networks for room in network.rooms.values() for line in room.lines.values()]


@pytest.mark.parametrize("network", ("slack", "discord"))
@pytest.mark.parametrize("language", ("en", "fr"))
async def test_every_card_and_form_is_shown_as_agreed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, network: str, language: str
) -> None:
    monkeypatch.setattr(secrets, "choice", lambda signs: signs[1])  # a link's code is all that is by chance
    answers = await told(tmp_path, network, LOCALES[language])
    shown = {name: drawn(network, answer) for name, answer in answers.items()}
    texts = {name: json.dumps(each, indent=1, ensure_ascii=False) + "\n" for name, each in shown.items()}
    folder = GOLDEN / f"{network}-{language}"
    if os.environ.get("UPDATE_GOLDEN"):
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.json"):
            old.unlink()
        for name, text in texts.items():
            (folder / f"{name}.json").write_text(text, encoding="utf-8")
    kept = {file.stem: file.read_text(encoding="utf-8") for file in folder.glob("*.json")}
    assert sorted(kept) == sorted(texts)
    for name, text in texts.items():
        assert text == kept[name], name


@pytest.fixture
def marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One language more, by one file: English with a mark in each sentence."""
    folder = tmp_path / "locales"
    shutil.copytree(ROOT / "bot" / "locales", folder)
    lines = (folder / "en.toml").read_text(encoding="utf-8").splitlines()
    (folder / "eo.toml").write_text("\n".join(re.sub(r'^(\w+ = ")', r"\1¤", line) for line in lines), encoding="utf-8")
    monkeypatch.setattr(words, "FOLDER", folder)
    for kept in (words.languages, words.sentences):
        kept.cache_clear()
    yield
    for kept in (words.languages, words.sentences):
        kept.cache_clear()


@pytest.mark.usefixtures("marked")
@pytest.mark.parametrize("network", ("slack", "discord"))
async def test_everything_that_people_read_is_in_their_language(tmp_path: Path, network: str) -> None:
    lines: list[Line] = []
    answers = await told(tmp_path, network, "eo", lines, house="eo")
    answers |= {f"thread {number}": line.card for number, line in enumerate(lines) if line.card}
    unmarked = {
        (name, text) for name, answer in answers.items() for text in said(answer) if "¤" not in text and text.strip()
    }
    notices = [line.body for line in lines if line.body and line.byline is None and line.author is None]
    assert len(notices) > 9
    unmarked |= {("notice", body) for body in notices if "¤" not in body}
    config = (tmp_path / "config.toml").read_text(encoding="utf-8")
    assert {(name, text) for name, text in unmarked if text not in config and not TYPED.fullmatch(text)} == set()


TYPED = re.compile(r"#\d+ · .*|★+")  # tickets' titles, and stars: not the desk's words


def said(answer: Answer) -> Iterator[str]:
    """What the desk itself words in an answer: not what people typed, nor the catalogue's names."""
    match answer:
        case Instead(card=card):
            yield from said(card)
        case Card():
            yield from (answer.title, answer.footer)
            yield from (fact.label for fact in answer.facts)
            yield from (section.title for section in answer.sections)
            for action in answer.actions:
                yield action.label if isinstance(action, Button) else action.placeholder
        case Form():
            yield from (answer.title, answer.submit, answer.cancel)
            for entry in answer.fields:
                yield from (entry.label, entry.hint)
        case Invalid():
            yield from (*answer.remarks.values(), answer.title, answer.again)
        case _:
            pass
