"""One person with an account on each network, told on the real networks, from either side."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from bot.demo import stage as company
from bot.demo.side import wait_for, wait_line

if TYPE_CHECKING:
    from bot.demo.side import Side
    from tests.bot.conftest import Stage

pytestmark = pytest.mark.both

HR = {"subject": "Payslip", "description": "Missing.", "department": "hr", "product": "payroll", "priority": "low"}


@pytest.mark.parametrize("first", ("slack", "discord"))
async def test_a_ticket_goes_on_on_the_other_network_and_each_has_their_own_after_parting(
    stage: Stage, first: str
) -> None:
    here: Side = getattr(stage, first)
    there: Side = stage.discord if first == "slack" else stage.slack
    who = {"slack": company.NORA, "discord": company.BEN}
    me, also_me = who[here.name], who[there.name]
    await here.call(me)
    assert (await here.fill(me, HR)).ok
    theirs, ours = await here.clients_thread(me, 1), await stage.slack.agents_thread(company.HR_DESK, 1)
    assert "no ticket #1" in await there.call(also_me, "1")

    code = await code_of(here, me)
    assert "wrong or too old" in await there.call(also_me, "AAAA-2222", command="link")
    assert "from this very network" in await here.call(me, code, command="link")
    home = await there.direct(also_me)
    asked = await there.call(also_me, code, command="link")
    assert "Is " in asked
    done = await there.press(also_me, home, "Link the accounts")
    assert "Linked with your account on" in done or await shown(there, also_me, "Linked with your account on")
    await wait_line(here, await here.direct(me), "typed your code")
    assert "wrong or too old" in await there.call(also_me, code, command="link")  # spent

    card = await there.call(also_me, "1")
    assert "Payslip" in card
    await there.press(also_me, home, "Continue here")
    here_as_well = await there.clients_thread(also_me, 1)
    await there.say(also_me, here_as_well, "It is still missing")
    await wait_line(stage.slack, ours, "It is still missing")
    await wait_line(here, theirs, "It is still missing")
    await stage.slack.say(company.TOM, ours, "Found it")
    for side, where in ((here, theirs), (there, here_as_well)):
        await wait_line(side, where, "Found it")

    assert "Part this account" in await there.call(also_me, command="unlink")
    await there.press(also_me, home, "Part the accounts")
    await wait_line(there, here_as_well, "not read any more")
    assert "no ticket #1" in await there.call(also_me, "1")
    assert "Payslip" in await here.call(me, "1")
    await there.say(also_me, here_as_well, "Hello?")
    await stage.slack.say(company.TOM, ours, "Only for whose it is")
    await wait_line(here, theirs, "Only for whose it is")
    assert not any("Only for" in line.text for line in await there.read(here_as_well))
    assert not any("Hello?" in line.text for line in await stage.slack.read(ours))


async def code_of(side: Side, person: str) -> str:
    found = re.search(r"[A-Z2-9]{4}-[A-Z2-9]{4}", await side.call(person, command="link"))
    assert found
    return found[0]


async def shown(side: Side, person: str, words: str) -> bool:
    async def look() -> bool:
        return any(words in line.text for line in await side.whispers(person))

    return bool(await side.people.until(look, words))


async def test_a_link_gives_no_rights_and_can_be_refused(stage: Stage) -> None:
    slack, discord = stage.slack, stage.discord
    await slack.call(company.NORA)
    assert (await slack.fill(company.NORA, HR)).ok
    ours = await slack.agents_thread(company.HR_DESK, 1)
    code = await code_of(slack, company.TOM)  # an agent on Slack
    home = await discord.direct(company.BEN)
    await discord.call(company.BEN, code, command="link")
    assert "Nothing was linked" in await discord.press(company.BEN, home, "That is not me")
    await discord.call(company.BEN, code, command="link")
    await discord.press(company.BEN, home, "Link the accounts")
    await shown(discord, company.BEN, "Linked with")
    assert "no ticket #1" in await discord.call(company.BEN, "1")  # Ben's account is a client's still
    assert "Client: Nora Weiss" in await slack.call(company.TOM, "1")
    await wait_for(slack, ours, lambda line: "#1 " in line.text, "the card")


async def test_guessing_ends_soon(stage: Stage) -> None:
    for _ in range(5):
        assert "wrong or too old" in await stage.discord.call(company.BEN, "AAAA2222", command="link")
    assert "Too many codes were wrong" in await stage.discord.call(company.BEN, "AAAA2222", command="link")
    code = await code_of(stage.slack, company.NORA)
    assert "Too many codes were wrong" in await stage.discord.call(company.BEN, code, command="link")
