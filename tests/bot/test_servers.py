"""One desk in two Discord servers, as the people of both meet it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.config import ConfigError, load
from bot.demo import stage as company
from bot.demo.discord_side import DiscordSide
from bot.demo.side import wait_line
from desk.model import AccountRef
from sandbox.control import People
from sandbox.discord import DiscordSandbox
from sandbox.slack import SlackSandbox
from tests.bot.conftest import PATIENT, Stage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ACME, ACME_HELP, ACME_DESK, ACME_STAFF = str(5 << 22), "711", "712", "731"
ZOE = "651"  # of Acme only; Ben is in both, and Sam is an agent here and a guest there
FORM = {"subject": "Laptop", "description": "It hums.", "department": "it", "product": "laptop", "priority": "low"}
OTHERS = {
    ACME: {
        "name": "Acme",
        "channels": {ACME_HELP: {"name": "help"}, ACME_DESK: {"name": "desk"}},
        "roles": {ACME_STAFF: {"name": "Staff"}},
        "members": {
            ZOE: {"username": "zoe", "global_name": "Zoé Roy", "locale": "fr", "roles": [ACME_STAFF]},
            company.BEN: {"nick": "Ben of Acme"},
            company.SAM: {},
        },
    }
}
SERVER = f"""
[[servers]]
id = "acme"
guild = "{ACME}"
help_channel = "{ACME_HELP}"
"""


class TwoServers(Stage):
    """The stage with a second server beside the first: `acme` is its people's side."""

    acme: DiscordSide

    def __init__(self, slack: SlackSandbox, discord: DiscordSandbox, folder: Path, where: Path | str) -> None:
        super().__init__(slack, discord, folder, where)
        self.acme = DiscordSide(People(discord.control_url), company.DISCORD_BOT, ACME_HELP)
        self.write(SERVER)

    def write(self, more: str) -> None:
        text = self.config.read_text(encoding="utf-8").replace("[[products]]", f"{more}\n[[products]]", 1)
        self.config.write_text(text, encoding="utf-8")

    async def __aexit__(self, *error: object) -> None:
        await super().__aexit__(*error)
        await self.acme.people.__aexit__()


@pytest.fixture
async def two(tmp_path: Path, where: Path | str) -> AsyncIterator[TwoServers]:
    setup = replace(company.discord_setup(), answer_within=PATIENT, other_guilds=OTHERS, shards=2)
    async with (
        SlackSandbox(replace(company.slack_setup(), ack_within=PATIENT, trigger_life=PATIENT)) as slack,
        DiscordSandbox(setup) as discord,
        TwoServers(slack, discord, tmp_path, where) as made,
    ):
        yield made
        assert discord.findings == []


async def test_a_client_in_one_server_and_an_agent_in_the_other_hold_one_conversation(two: TwoServers) -> None:
    await two.start()
    here, there = two.discord, two.acme
    await there.call(ZOE)
    assert (await there.fill(ZOE, FORM)).ok
    theirs = await there.clients_thread(ZOE, 1)
    ours = await here.agents_thread(company.IT_DESK, 1)
    await here.say(company.SAM, ours, "We hear you.")
    await wait_line(there, theirs, "We hear you.")
    await there.say(ZOE, theirs, "Merci !")
    await wait_line(here, ours, "Merci !")


async def test_somebody_in_two_servers_is_one_person_with_one_list_of_tickets(two: TwoServers) -> None:
    await two.start()
    for side, subject in ((two.acme, "Over there"), (two.discord, "Over here")):
        await side.call(company.BEN)
        assert (await side.fill(company.BEN, FORM | {"subject": subject})).ok
    await two.acme.clients_thread(company.BEN, 1)  # each in the server in which it was asked for
    await two.discord.clients_thread(company.BEN, 2)
    for side in (two.acme, two.discord):
        shown = await side.call(company.BEN, command="tickets")
        assert ("Over there" in shown, "Over here" in shown) == (True, True)
    desk = two.desk
    assert desk is not None
    accounts = [AccountRef(name, company.BEN) for name in ("discord", "discord-acme")]
    found = {await desk.house.storage.read(lambda tx, each=each: tx.person_of(each)) for each in accounts}
    assert len(found) == 1
    assert "linked with no other" in await two.acme.call(company.BEN, command="unlink")


async def test_a_role_counts_in_its_own_server_only(two: TwoServers) -> None:
    await two.start()
    await two.acme.call(ZOE)
    assert (await two.acme.fill(ZOE, FORM)).ok
    ours = await two.discord.agents_thread(company.IT_DESK, 1)
    assert "Laptop" in await two.discord.call(company.SAM, "1")
    assert "no ticket" in await two.acme.call(company.SAM, "1")
    await two.discord.press(company.SAM, ours, "Claim")
    desk = two.desk
    assert desk is not None
    ticket = await desk.house.storage.read(lambda tx: tx.ticket(1))
    assert ticket is not None
    assert (ticket.channel, ticket.agent_id is not None) == ("discord-acme", True)


APART = f"""
[[departments]]
id = "acme"
name = "Acme's own"
networks = ["discord-acme"]
places = ["discord-acme:{ACME_DESK}"]
products = ["laptop"]
agents = {{ discord-acme = ["{ACME_STAFF}"] }}
"""


async def test_a_server_that_is_kept_apart_shows_nothing_and_is_shown_nothing(two: TwoServers) -> None:
    two.write(f'apart = true\nname = "Acme Ltd"\n{APART}')
    await two.start()
    here, there, acme = two.discord, two.acme, {"department": "acme", "product": "laptop"}
    await here.call(company.BEN)
    assert (await here.fill(company.BEN, FORM | {"subject": "Printer"})).ok
    await there.call(company.BEN)
    secret = {"subject": "Secret plan", "description": "Hush.", "product": "laptop", "priority": "low"}
    assert (await there.fill(company.BEN, secret)).ok  # of one department nobody is asked which
    await here.call(company.INES)
    assert not (await here.fill(company.INES, FORM | acme | {"subject": "Not theirs"})).ok
    await there.clients_thread(company.BEN, 2)

    ours, theirs = await here.agents_thread(company.IT_DESK, 1), await there.agents_thread(ACME_DESK, 2)
    for side, where in ((here, ours), (there, theirs)):
        assert "1 ticket: 1 open" in (await side.read(where))[0].text  # it is one client, who has two
    for side, who, sees, other, number in (
        (here, company.SAM, "Printer", "Secret", "2"),
        (there, ZOE, "Secret", "Printer", "1"),
    ):
        assert sees in await side.call(who, command="tickets")
        for command, words in (("tickets", ""), ("tickets", "all"), ("tickets", other.lower()), ("stats", "")):
            answer = await side.call(who, words, command=command)
            assert other not in answer.replace(f"“{other.lower()}”", ""), (command, words)
        assert other not in await side.call(who, number)
    assert "Acme" not in await here.call(company.SAM, command="stats")
    assert "Secret plan" in await here.call(company.BEN, command="tickets")  # to their client they are theirs, both
    assert "Discord (Acme Ltd)" in await there.call(ZOE, "2")
    assert "Discord (Acme Ltd)" not in await here.call(company.SAM, "1")


@pytest.mark.parametrize(
    ("more", "wrong"),
    (
        (SERVER.replace(ACME, "8"), "the id 'acme' stands twice"),
        (SERVER.replace('"acme"', '"other"'), "its guild is that of discord-acme"),
        (SERVER.replace('"acme"', '"other"').replace(ACME, company.GUILD), "its guild is that of discord;"),
        (SERVER.replace('"acme"', '"Not short enough"'), "servers.1.id"),
        (APART.replace(f"discord-acme:{ACME_DESK}", "discord-none:1"), "needs a .discord-none. table"),
        ("apart = true\n" + APART.replace('["discord-acme"]', '["discord-acme", "slack"]'), "serves no other network"),
        ("apart = true\n" + APART.replace("networks", "#"), "nothing else is shown there"),
        ("apart = true\n" + APART.replace("networks", "#").replace("discord-acme:", "discord:"), "its own departments"),
        ("apart = true\n" + APART.replace("agents =", "#"), "name the department's agents"),
        (
            f'apart = true\n[[service_levels]]\nresolution = "1h"\ntell = ["discord-acme:{ACME_DESK}"]',
            "is told of its own",
        ),
    ),
)
def test_servers_that_do_not_hang_together_are_named(two: TwoServers, more: str, wrong: str) -> None:
    two.write(more)
    with pytest.raises(ConfigError, match=wrong):
        load(two.config)
