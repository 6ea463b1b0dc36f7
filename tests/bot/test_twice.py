"""Whatever a network delivers twice happens once, and a desk that starts in between makes no difference."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from bot.demo import stage as company
from bot.demo.side import wait_for, wait_line

if TYPE_CHECKING:
    from tests.bot.conftest import Stage

pytestmark = pytest.mark.both

VALUES = {"subject": "Twice", "description": "y", "department": "it", "product": "laptop", "priority": "normal"}


async def test_all_that_discord_delivers_twice_happens_once(stage: Stage) -> None:
    discord = stage.discord
    await discord.people.call("fault", kind="duplicate", match="event:*")
    await discord.call(company.INES)
    assert (await discord.fill(company.INES, VALUES)).ok
    theirs = await discord.clients_thread(company.INES, 1)
    ours = await discord.agents_thread(company.IT_DESK, 1)
    await discord.press(company.LEA_DISCORD, ours, "Claim")
    await wait_line(discord, theirs, "s’occupe de ce ticket")
    said = await discord.say(company.INES, theirs, "one")
    await wait_line(discord, ours, "one")
    await discord.edit(company.INES, theirs, said, "two")
    await wait_line(discord, ours, "two")
    await discord.press(company.LEA_DISCORD, ours, "Close")
    await wait_line(discord, theirs, "a clos ce ticket")
    await discord.people.call("clear_faults")
    await discord.say(company.INES, theirs, "and the last")
    await wait_line(discord, ours, "and the last")
    lines = [line.text for line in await discord.read(ours)] + [line.text for line in await discord.read(theirs)]
    for words, times in (("s’occupe de ce ticket", 1), ("a clos ce ticket", 1), ("two", 2), ("and the last", 2)):
        assert sum(words in text for text in lines) == times, (words, lines)
    threads = await discord.people.call("threads")
    assert sum("#2 " in thread["name"] for thread in threads) == 0


async def test_a_press_that_comes_again_after_a_restart_is_not_done_again(stage: Stage) -> None:
    discord = stage.discord
    await discord.call(company.INES)
    assert (await discord.fill(company.INES, VALUES)).ok
    ours = await discord.agents_thread(company.IT_DESK, 1)
    await discord.press(company.LEA_DISCORD, ours, "Close")
    await wait_for(discord, ours, lambda line: "Re-open" in "".join(line.buttons), "the card shows it closed")
    await discord.press(company.LEA_DISCORD, ours, "Re-open")
    await wait_line(discord, ours, "re-opened this ticket")
    session = next(reversed(stage.discord_sandbox.gateway.sessions.values()))
    pressed = [text for _, text in session.kept if '"INTERACTION_CREATE"' in text and "ticket.close" in text]
    assert len(pressed) == 1
    await stage.stop()
    await stage.start()
    again = next(reversed(stage.discord_sandbox.gateway.sessions.values()))
    assert again.socket is not None
    frame = json.loads(pressed[0])
    await again.dispatch("INTERACTION_CREATE", frame["d"])
    await discord.say(company.INES, await discord.clients_thread(company.INES, 1), "still open?")
    await wait_line(discord, ours, "still open?")
    lines = [line.text for line in await discord.read(ours)]
    assert sum("closed this ticket" in text or "a clos" in text for text in lines) == 1
    card = (await discord.read(ours))[0]
    assert "Close" in "".join(card.buttons)


async def test_an_edit_that_comes_late_does_not_stand_instead_of_a_newer_one(stage: Stage) -> None:
    slack = stage.slack
    await slack.call(company.MARC)
    assert (await slack.fill(company.MARC, VALUES)).ok
    theirs = await slack.clients_thread(company.MARC, 1)
    ours = await stage.discord.agents_thread(company.IT_DESK, 1)
    said = await slack.say(company.MARC, theirs, "first")
    await wait_line(stage.discord, ours, "first")
    await slack.people.call("fault", kind="withheld", match="event:message", times=2)
    await slack.edit(company.MARC, theirs, said, "second")

    async def withheld() -> bool:
        happened: dict[str, int] = (await slack.people.call("faults"))["happened"]
        return happened.get("withheld", 0) >= 2

    await slack.people.until(withheld, "the edit is withheld")
    await slack.edit(company.MARC, theirs, said, "third")
    await wait_line(stage.discord, ours, "third")
    delivery = stage.slack_sandbox.app.delivery
    late = [id_ for id_, body in delivery.bodies.items() if body["event"].get("message", {}).get("text") == "second"]
    await delivery.redeliver(late[0])
    await slack.say(company.MARC, theirs, "and on")
    await wait_line(stage.discord, ours, "and on")
    texts = [line.text for line in await stage.discord.read(ours)]
    assert any("third" in text for text in texts)
    assert not any("second" in text for text in texts)
