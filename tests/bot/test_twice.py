"""Whatever a network delivers twice happens once, and a desk that starts in between makes no difference."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bot.demo import stage as company
from bot.demo.side import wait_for, wait_line

if TYPE_CHECKING:
    from tests.bot.conftest import Stage

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
