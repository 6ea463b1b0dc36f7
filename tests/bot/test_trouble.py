"""Things that go wrong on the way: what cannot arrive is told, what can is sent again, files have limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.demo import stage as company
from bot.demo.side import wait_for, wait_line
from sandbox.control import upload

if TYPE_CHECKING:
    from bot.demo.side import Side, Where
    from tests.bot.conftest import Stage

pytestmark = pytest.mark.both

IT = {"subject": "Laptop", "description": "It hums.", "department": "it", "product": "laptop", "priority": "low"}


async def both(stage: Stage) -> tuple[Side, Where, Side, Where]:
    """Nora's ticket in Slack, looked after on Discord."""
    await stage.slack.call(company.NORA)
    assert (await stage.slack.fill(company.NORA, IT)).ok
    return (
        stage.slack,
        await stage.slack.clients_thread(company.NORA, 1),
        stage.discord,
        await stage.discord.agents_thread(company.IT_DESK, 1),
    )


async def test_words_that_can_never_arrive_are_told_to_their_author_who_can_try_again(stage: Stage) -> None:
    slack, theirs, discord, ours = await both(stage)
    members = stage.slack_sandbox.app.workspace.channels[theirs.channel].members
    members.discard(company.SLACK_BOT)
    await discord.say(company.SAM, ours, "Have you tried turning it off?")
    told = await wait_line(discord, ours, "did not arrive")
    assert "Try again" in "".join(told.buttons)
    assert stage.desk is not None
    storage = stage.desk.house.storage

    async def given_up() -> bool:
        return (await storage.read(lambda tx: tx.stranded(limit=1)))[0] == 2

    await discord.people.until(given_up, "the words and the card were given up")
    members.add(company.SLACK_BOT)
    assert "sent again" in await discord.press(company.SAM, ours, "Try again")
    await wait_line(slack, theirs, "turning it off")


async def test_an_answer_that_is_lost_on_the_way_back_is_not_said_twice(stage: Stage) -> None:
    slack, theirs, discord, ours = await both(stage)
    stage.slack_sandbox.app.faults.add(kind="lost_answer", match="chat.postMessage", times=2)
    stage.discord_sandbox.faults.add(kind="lost_answer", match="POST /channels/*/messages", times=2)
    await discord.say(company.SAM, ours, "Only once, please")
    await slack.say(company.NORA, theirs, "And this once, too")
    await discord.say(company.SAM, ours, "Last word")
    await slack.say(company.NORA, theirs, "Really last word")
    await wait_line(slack, theirs, "Last word", within=20)
    await wait_line(discord, ours, "Really last word", within=20)
    assert sum("Only once" in line.text for line in await slack.read(theirs)) == 1
    assert sum("And this once" in line.text for line in await discord.read(ours)) == 1


async def test_an_event_that_slack_delivers_twice_is_one_message(stage: Stage) -> None:
    slack, theirs, discord, ours = await both(stage)
    stage.slack_sandbox.app.faults.add(kind="duplicate", match="event:message")
    for word in ("one", "two", "three"):
        await slack.say(company.NORA, theirs, f"word {word}")
    await wait_line(discord, ours, "word three")
    said = [line.text.splitlines()[-1] for line in await discord.read(ours) if "word " in line.text]
    assert said == ["word one", "word two", "word three"]


async def test_a_throttled_network_is_waited_for_in_order(stage: Stage) -> None:
    slack, theirs, discord, ours = await both(stage)
    stage.slack_sandbox.app.faults.add(kind="rate_limited", match="chat.postMessage", times=2, retry_after=1)
    for number in range(4):
        await discord.say(company.SAM, ours, f"number {number}")
    await wait_line(slack, theirs, "number 3", within=20)
    said = [line.text.splitlines()[-1] for line in await slack.read(theirs) if "number" in line.text]
    assert said == [f"number {number}" for number in range(4)]


async def test_a_file_too_large_is_refused_in_the_form_with_what_is_allowed(idle_stage: Stage) -> None:
    text = idle_stage.config.read_text(encoding="utf-8")
    idle_stage.config.write_text(text.replace('data = "', 'file_limit = 1000\ndata = "', 1), encoding="utf-8")
    await idle_stage.start()
    slack = idle_stage.slack
    await slack.call(company.NORA)
    answer = await slack.fill(company.NORA, IT, [upload("film.mp4", bytes(5000), "video/mp4")])
    assert answer.remarks == {"files": "film.mp4 is too large: at most 1 kB."}
    assert (await slack.fill(company.NORA, IT, [upload("note.txt", b"small", "text/plain")])).ok


async def test_a_file_larger_than_the_other_network_takes_is_named_there(stage: Stage) -> None:
    slack, theirs, discord, ours = await both(stage)
    await slack.say(company.NORA, theirs, "The log", [upload("log.bin", bytes(10 * 1024 * 1024 + 1))])
    line = await wait_for(discord, ours, lambda line: "The log" in line.text, "the words", within=30)
    assert "log.bin (10.5 MB) is larger than may be posted here" in line.text


async def test_a_long_message_is_split_and_stays_one(stage: Stage) -> None:
    slack, theirs, discord, ours = await both(stage)
    long = " ".join(f"word{number}" for number in range(900))
    said = await slack.say(company.NORA, theirs, long)
    await wait_line(discord, ours, "word899")
    parts = [line for line in await discord.read(ours) if "word" in line.text]
    assert len(parts) > 2
    assert "word0 " in parts[0].text
    await slack.edit(company.NORA, theirs, said, "short now")
    await wait_line(discord, ours, "short now")

    async def one() -> bool:
        lines = await discord.read(ours)
        return not any("word" in line.text for line in lines)

    await discord.people.until(one, "the surplus parts withdrawn")


async def test_a_name_cannot_pose_as_another_and_a_file_name_is_only_a_name(stage: Stage) -> None:
    stage.slack_sandbox.app.workspace.users[company.NORA]["display_name"] = "**Sam\u202eRivers** @everyone"
    slack, theirs, discord, ours = await both(stage)
    await slack.say(company.NORA, theirs, "see", [upload("../../etc/pass\u202ewd.txt", b"x")])
    line = await wait_for(discord, ours, lambda line: "see" in line.text, "the words")
    assert line.files == ("passwd.txt",)
    raw = stage.discord_sandbox.guild.channels[ours.channel].messages[line.id]
    assert "\u202e" not in raw["content"]
    call = (await discord.people.call("calls", match="POST /channels/*/messages"))[-1]
    assert call["body"]["allowed_mentions"]["parse"] == []
    assert raw["content"].startswith("**\\*\\*Sam")


async def test_words_that_met_a_cut_socket_come_before_those_after_it(stage: Stage) -> None:
    slack, theirs, discord, ours = await both(stage)
    await slack.people.call("disconnect", reason=None)
    await slack.say(company.NORA, theirs, "word one")  # Slack will deliver it again, in a minute

    async def open_again() -> bool:
        return bool((await slack.people.call("sockets"))["open"])

    await slack.people.until(open_again, "a socket")
    await slack.say(company.NORA, theirs, "word two")
    await wait_line(discord, ours, "word two")
    said = [line.text.splitlines()[-1] for line in await discord.read(ours) if "word " in line.text]
    assert said == ["word one", "word two"]


async def test_a_long_message_that_was_shortened_before_its_lost_answer_was_known_leaves_nothing(stage: Stage) -> None:
    slack, theirs, discord, ours = await both(stage)
    stage.discord_sandbox.faults.add(kind="lost_answer", match="POST /channels/*/messages", times=7)
    said = await slack.say(company.NORA, theirs, " ".join(f"word{number}" for number in range(500)))
    await wait_line(discord, ours, "word499")
    await slack.edit(company.NORA, theirs, said, "short now")
    await wait_line(discord, ours, "short now", within=30)

    async def one() -> bool:
        return not any("word" in line.text for line in await discord.read(ours))

    await discord.people.until(one, "the surplus parts withdrawn", within=30)
    assert sum("short now" in line.text for line in await discord.read(ours)) == 1
