"""Words, their changes and their files on both networks: each side shows what the other says, the record keeps all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from bot.demo import stage as company
from bot.demo.side import Line, wait_for, wait_line
from desk.model import MessageRef
from sandbox.control import upload

if TYPE_CHECKING:
    from bot.demo.side import Side, Where
    from desk.model import Message, Version
    from tests.bot.conftest import Stage

pytestmark = pytest.mark.both


@dataclass
class Pair:
    """A ticket whose client is on one network and whose agents are on the other."""

    stage: Stage
    here: Side
    client: str
    theirs: Where
    there: Side
    ours: Where

    async def kept(self, said: str) -> tuple[Message, list[Version]]:
        """What the record has of the client's message, whatever became of it."""
        key = f"{self.theirs.channel}:{said}"
        assert self.stage.desk is not None

        def look(tx: Any) -> tuple[Message, list[Version]]:
            message = tx.message_from(MessageRef(self.here.name, key))
            assert message is not None
            return message, list(tx.versions(message.id))

        return await self.stage.desk.house.storage.read(look)


@pytest.fixture(params=("slack", "discord"))
async def pair(request: pytest.FixtureRequest, stage: Stage) -> Pair:
    if request.param == "slack":
        here, there, client, place = stage.slack, stage.discord, company.MARC, company.IT_DESK
        topic = {"department": "it", "product": "intranet"}
    else:
        here, there, client, place = stage.discord, stage.slack, company.INES, company.HR_DESK
        topic = {"department": "hr", "product": "payroll"}
    await here.call(client)
    values = {"subject": "x", "description": "y", "priority": "normal", **topic}
    assert (await here.fill(client, values)).ok
    theirs, ours = await here.clients_thread(client, 1), await there.agents_thread(place, 1)
    return Pair(stage, here, client, theirs, there, ours)


async def test_every_version_is_kept_and_the_newest_is_shown_as_edited(pair: Pair) -> None:
    said = await pair.here.say(pair.client, pair.theirs, "frist words")
    await wait_line(pair.there, pair.ours, "frist words")
    for words in ("first words", "first words, better", "last words"):
        await pair.here.edit(pair.client, pair.theirs, said, words)
        assert "edited" in (await wait_line(pair.there, pair.ours, words)).text
    assert not any("frist" in entry.text or "better" in entry.text for entry in await pair.there.read(pair.ours))
    message, versions = await pair.kept(said)
    assert [version.body for version in versions] == ["frist words", "first words", "first words, better", "last words"]
    assert (message.body, message.version) == ("last words", 4)


async def test_what_is_deleted_is_withdrawn_and_stays_on_record(pair: Pair) -> None:
    said = await pair.here.say(pair.client, pair.theirs, "my password is 1234", [upload("a.txt", b"a", "text/plain")])
    await wait_line(pair.there, pair.ours, "1234")
    await pair.here.delete(pair.client, pair.theirs, said)

    async def withdrawn() -> bool:
        lines = await pair.there.read(pair.ours)
        return not any("1234" in line.text or "a.txt" in line.files for line in lines)

    await pair.there.people.until(withdrawn, "words and file withdrawn")
    message, _ = await pair.kept(said)
    assert (message.body, message.deleted_at is not None) == ("my password is 1234", True)


async def test_long_words_are_one_however_they_change(pair: Pair) -> None:
    most = 1500 if pair.here.name == "slack" else 400  # a person says 4,000 characters at once on Discord
    long = " ".join(f"word{number}" for number in range(most))
    said = await pair.here.say(pair.client, pair.theirs, "short")
    await wait_line(pair.there, pair.ours, "short")
    for words, last in ((long, f"word{most - 1}"), ("short again", "short again"), (long + " end", " end")):
        await pair.here.edit(pair.client, pair.theirs, said, words)
        await wait_line(pair.there, pair.ours, last)

    async def whole() -> bool:
        lines = [line for line in await pair.there.read(pair.ours) if "word" in line.text or "short" in line.text]
        text = " ".join(line.text for line in lines)
        return all(text.split().count(f"word{number}") == 1 for number in range(most)) and "short" not in text

    await pair.there.people.until(whole, "each word once")
    await pair.here.delete(pair.client, pair.theirs, said)

    async def gone() -> bool:
        return not any("word" in line.text for line in await pair.there.read(pair.ours))

    await pair.there.people.until(gone, "all parts withdrawn")


async def test_files_arrive_byte_for_byte_and_under_their_names(pair: Pair) -> None:
    files = {"écran 1.png": bytes(range(256)) * 100, "notes.txt": "é\n".encode() * 1000, "empty.bin": b""}
    await pair.here.say(pair.client, pair.theirs, "see", [upload(name, data) for name, data in files.items()])

    def arrived(line: Line) -> bool:
        return len(line.files) == len(files)

    line = await wait_for(pair.there, pair.ours, arrived, "three files")
    for name, (_, data) in zip(line.files, files.items(), strict=True):
        assert await pair.there.file(pair.ours, name) == data


async def test_mentions_and_emoji_arrive_as_words_that_people_read(pair: Pair) -> None:
    other = company.LEA if pair.here.name == "slack" else company.LEA_DISCORD
    channel = company.GENERAL if pair.here.name == "slack" else company.HELP
    name = "general" if pair.here.name == "slack" else "help"
    emoji = ":tada:" if pair.here.name == "slack" else "🎉"
    await pair.here.say(pair.client, pair.theirs, f"ask <@{other}> in <#{channel}> {emoji}")
    line = await wait_line(pair.there, pair.ours, "ask")
    assert "@Léa Martin" in line.text.replace("\u200b", "")
    assert f"#{name}" in line.text
    assert "🎉" in line.text or "tada" in line.text


async def test_formatting_comes_out_in_the_other_networks_own_way(pair: Pair) -> None:
    typed = "*b* _i_ ~s~ `c`\n```\nx = 1\n```\n> q\n• one\n• two" if pair.here.name == "slack" else (
        "**b** *i* ~~s~~ `c`\n```\nx = 1\n```\n> q\n- one\n- two"
    )  # fmt: skip
    await pair.here.say(pair.client, pair.theirs, typed)
    line = await wait_line(pair.there, pair.ours, "x = 1")
    shown = "**b** *i* ~~s~~ `c`" if pair.there.name == "discord" else "*b* _i_ ~s~ `c`"
    assert shown in line.text
    assert "> q" in line.text
    assert "one" in line.text.split("> q")[1]
