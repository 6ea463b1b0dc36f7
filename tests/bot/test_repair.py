"""What people do to threads and channels by hand: the desk opens another thread where it can, and says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot import catchup
from bot.demo import stage as company
from bot.demo.side import Where, wait_for, wait_line
from sandbox.control import upload
from storage import FolderBlobs

if TYPE_CHECKING:
    from bot.demo.side import Side
    from sandbox.discord.guild import Channel
    from tests.bot.conftest import Stage

pytestmark = pytest.mark.both

IT = {"subject": "Laptop", "description": "It hums.", "department": "it", "product": "laptop", "priority": "low"}
HR = {"subject": "Pay", "description": "Too little.", "department": "hr", "product": "payroll", "priority": "low"}


async def from_discord(stage: Stage) -> tuple[Where, Where]:
    """Ben's ticket in Discord, looked after in Slack: his thread and the agents'."""
    await stage.discord.call(company.BEN)
    assert (await stage.discord.fill(company.BEN, HR)).ok
    return (
        await stage.discord.clients_thread(company.BEN, 1),
        await stage.slack.agents_thread(company.HR_DESK, 1),
    )


async def from_slack(stage: Stage) -> tuple[Where, Where]:
    """Nora's ticket in Slack, looked after on Discord: her thread and the agents'."""
    await stage.slack.call(company.NORA)
    assert (await stage.slack.fill(company.NORA, IT)).ok
    return (
        await stage.slack.clients_thread(company.NORA, 1),
        await stage.discord.agents_thread(company.IT_DESK, 1),
    )


async def another(side: Side, old: Where, find: str, stage: Stage) -> Where:
    """The thread that took the place of the old one."""

    async def look() -> Where | None:
        if side is stage.discord:
            threads = await side.people.call("threads", channel=find)
            return next((Where(t["id"]) for t in threads if t["id"] != old.channel and t["name"][:3] == "#1 "), None)
        for message in await side.people.call("messages", channel=find):
            if message.get("user") == side.bot and message["ts"] != old.root and "#1 " in str(message.get("blocks")):
                return Where(find, message["ts"])
        return None

    found: Where = await side.people.until(look, "another thread")
    return found


def thread_of(stage: Stage, where: Where) -> Channel:
    return stage.discord_sandbox.guild.channels[where.channel]


async def test_a_clients_thread_that_is_deleted_on_discord_goes_on_in_another(stage: Stage) -> None:
    theirs, ours = await from_discord(stage)
    await stage.slack.say(company.TOM, ours, "Which month?")
    await wait_line(stage.discord, theirs, "Which month?")
    await stage.discord.people.call("delete_channel", channel=theirs.channel)
    await stage.slack.say(company.TOM, ours, "Still there?")
    new = await another(stage.discord, theirs, company.HELP, stage)
    await wait_line(stage.discord, new, "Still there?")
    await wait_line(stage.slack, ours, "they have a new one")
    await stage.discord.say(company.BEN, new, "Yes, here.")
    await wait_line(stage.slack, ours, "Yes, here.")
    assert sum("Still there?" in line.text for line in await stage.discord.read(new)) == 1


async def test_an_agents_thread_that_is_deleted_on_discord_goes_on_in_another(stage: Stage) -> None:
    theirs, ours = await from_slack(stage)
    await stage.discord.people.call("delete_channel", channel=ours.channel)
    await stage.slack.say(company.NORA, theirs, "It is getting louder")
    new = await another(stage.discord, ours, company.IT_DESK, stage)
    await wait_line(stage.discord, new, "getting louder")
    await wait_line(stage.discord, new, "takes the place of one")
    await stage.discord.press(company.SAM, new, "Claim")
    await wait_line(stage.slack, theirs, "Sam Rivers")
    await stage.discord.say(company.SAM, new, "On my way")
    await wait_line(stage.slack, theirs, "On my way")


async def test_a_thread_locked_by_hand_is_unlocked_or_replaced(stage: Stage) -> None:
    theirs, ours = await from_discord(stage)
    await stage.discord.people.call("archive", thread=theirs.channel, locked=True)
    await stage.slack.say(company.TOM, ours, "First")
    await wait_line(stage.discord, theirs, "First")  # the desk may manage threads
    guild = stage.discord_sandbox.guild
    for role in guild.roles.values():
        if role["name"] == stage.discord_sandbox.setup.bot_name:
            role["permissions"] = str(int(role["permissions"]) & ~(1 << 34))
    thread_of(stage, theirs).meta |= {"archived": True, "locked": True}
    await stage.slack.say(company.TOM, ours, "Second")
    new = await another(stage.discord, theirs, company.HELP, stage)
    await wait_line(stage.discord, new, "Second")
    await wait_line(stage.slack, ours, "they have a new one")


async def test_a_card_that_was_deleted_is_shown_anew(stage: Stage) -> None:
    theirs, ours = await from_slack(stage)
    place = stage.discord_sandbox.guild.channels[company.IT_DESK]
    del place.messages[ours.channel]  # the card, which the thread was started from
    await stage.discord.say(company.SAM, ours, "Did you try turning it off?")
    await wait_line(stage.slack, theirs, "turning it off")
    line = await wait_for(stage.discord, ours, lambda line: "#1 " in line.text, "the card in the thread")
    assert "In progress" in line.text
    await stage.discord.press(company.SAM, ours, "Close")
    await wait_line(stage.slack, theirs, "closed this ticket")

    async def closed() -> bool:
        cards = [line for line in await stage.discord.read(ours) if "#1 " in line.text]
        return len(cards) == 1 and "Closed" in cards[0].text

    await stage.discord.people.until(closed, "the one card shows it closed")


async def test_a_slack_thread_whose_root_is_deleted_goes_on_in_another(stage: Stage) -> None:
    theirs, ours = await from_slack(stage)
    app = stage.slack_sandbox.app
    channel = app.workspace.channels[theirs.channel]
    del channel.messages[theirs.root]
    await stage.discord.say(company.SAM, ours, "Did you try turning it off?")
    new = await another(stage.slack, theirs, theirs.channel, stage)
    await wait_line(stage.slack, new, "turning it off")
    await wait_line(stage.discord, ours, "they have a new one")
    await stage.slack.say(company.NORA, new, "I did.")
    await wait_line(stage.discord, ours, "I did.")


async def test_words_whose_copy_was_deleted_are_said_once_more_when_they_are_edited(stage: Stage) -> None:
    theirs, ours = await from_slack(stage)
    said = await stage.slack.say(company.NORA, theirs, "It hums in A")
    copy = await wait_line(stage.discord, ours, "hums in A")
    del thread_of(stage, ours).messages[copy.id]
    await stage.slack.edit(company.NORA, theirs, said, "It hums in B flat")
    await wait_line(stage.discord, ours, "hums in B flat")


async def test_what_was_edited_and_deleted_while_the_desk_was_off_is_found(idle_stage: Stage) -> None:
    stage = idle_stage
    await stage.start()
    theirs, ours = await from_slack(stage)
    sides = (
        (stage.slack, company.NORA, theirs, stage.discord, ours),
        (stage.discord, company.SAM, ours, stage.slack, theirs),
    )
    said = {}
    for side, person, here, other, there in sides:
        for word in ("first", "second", "third"):
            said[side.name, word] = await side.say(person, here, f"{side.name} {word}")
        await wait_line(other, there, f"{side.name} third")
    await stage.stop()
    for side, person, here, _, _ in sides:
        await side.edit(person, here, said[side.name, "first"], f"{side.name} changed")
        await side.delete(person, here, said[side.name, "second"])
        await side.say(person, here, f"{side.name} fourth")
    await stage.start()
    for side, _, _, other, there in sides:
        await wait_line(other, there, f"{side.name} fourth")
        await wait_line(other, there, f"{side.name} changed")

        async def right(side: Side = side, other: Side = other, there: Where = there) -> bool:
            lines = [line.text.splitlines()[-1] for line in await other.read(there) if f"{side.name} " in line.text]
            return [line.removeprefix(f"{side.name} ") for line in lines] == ["changed", "third", "fourth"]

        await other.people.until(right, f"{side.name}: the second is withdrawn, the rest in order")


async def test_a_server_full_of_threads_makes_room_and_revives_by_need(stage: Stage) -> None:
    stage.discord_sandbox.setup.active_threads = 3
    threads = []
    for number in range(1, 6):
        await stage.discord.call(company.BEN)
        assert (await stage.discord.fill(company.BEN, HR)).ok
        threads.append(await stage.discord.clients_thread(company.BEN, number))
    states = [thread_of(stage, where).meta["archived"] for where in threads]
    assert states == [True, True, False, False, False]
    ours = await stage.slack.agents_thread(company.HR_DESK, 1)
    await stage.slack.say(company.TOM, ours, "Which month?")
    await wait_line(stage.discord, threads[0], "Which month?")
    assert not thread_of(stage, threads[0]).meta["archived"]
    assert len(stage.discord_sandbox.guild.active_threads()) == 3


async def test_a_client_who_left_before_their_thread_was_there_is_told_of_to_the_agents(stage: Stage) -> None:
    stage.discord_sandbox.faults.add(kind="slow", match="POST /channels/*/threads", times=1, delay=1.0)
    await stage.discord.call(company.BEN)
    assert (await stage.discord.fill(company.BEN, HR)).ok
    await stage.discord.people.call("remove_member", user=company.BEN)
    ours = await stage.slack.agents_thread(company.HR_DESK, 1)
    told = await wait_line(stage.slack, ours, "could not tell the other side")
    assert "Try again" in "".join(told.buttons)
    await stage.slack.press(company.TOM, ours, "Claim")  # the ticket is not stuck
    await wait_for(stage.slack, ours, lambda line: "Take over" in "".join(line.buttons), "the claim on the card")


async def test_when_the_agents_role_is_gone_a_tickets_words_still_arrive(stage: Stage) -> None:
    theirs, ours = await from_slack(stage)
    await stage.discord.people.call("delete_role", role=company.AGENTS_ROLE)
    await stage.slack.say(company.NORA, theirs, "Anybody?")
    await wait_line(stage.discord, ours, "Anybody?")


async def test_words_whose_author_could_not_be_asked_for_are_not_passed_over(idle_stage: Stage) -> None:
    stage = idle_stage
    await stage.start()
    theirs, ours = await from_slack(stage)
    await stage.slack.say(company.NORA, theirs, "Zero.")
    await wait_line(stage.discord, ours, "Zero.")
    await stage.stop()
    for words in ("One.", "Two.", "Three."):
        await stage.slack.say(company.NORA, theirs, words)
    stage.slack_sandbox.app.setup.retry_after = ()  # nothing comes again: only the history tells
    stage.slack_sandbox.app.faults.add(kind="server_error", match="users.info", times=2)
    await stage.start()
    await wait_line(stage.discord, ours, "Three.", within=30)
    said = [line.text for line in await stage.discord.read(ours)]
    shown = [words for text in said for words in ("Zero.", "One.", "Two.", "Three.") if words in text]
    assert shown == ["Zero.", "One.", "Two.", "Three."]


async def test_nothing_is_put_on_record_before_older_words_that_could_not_be_read(
    idle_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, place, failures = idle_stage, FolderBlobs.place, [2]
    await stage.start()
    theirs, ours = await from_slack(stage)
    await stage.stop()

    def fail(*args: Any, **options: Any) -> None:
        failures[0] -= 1
        if failures[0] >= 0:
            raise FileNotFoundError("the disk is away")
        place(*args, **options)

    monkeypatch.setattr(FolderBlobs, "place", fail)
    monkeypatch.setattr(catchup, "LONGEST_PAUSE", 0.2)
    stage.slack_sandbox.app.setup.retry_after = ()
    await stage.slack.say(company.NORA, theirs, "One.", [upload("one.txt", b"one", "text/plain")])
    await stage.slack.say(company.NORA, theirs, "Two.")
    await stage.start()
    await stage.slack.say(company.NORA, theirs, "Three.")
    await wait_line(stage.discord, ours, "Three.", within=30)
    said = [line.text for line in await stage.discord.read(ours)]
    shown = [words for text in said for words in ("One.", "Two.", "Three.") if words in text]
    assert shown == ["One.", "Two.", "Three."]
