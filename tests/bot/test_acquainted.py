"""Agents are known by config, groups and roles before they say a word: told on both networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.demo import stage as company
from bot.demo.side import wait_for
from desk.model import AccountRef
from tests.bot.rich import patient

if TYPE_CHECKING:
    from bot.demo.side import Side
    from desk.ports import Transaction
    from tests.bot.conftest import Stage

FORM = {"subject": "No network", "description": "Since Monday.", "priority": "low"}
WHERE = {
    "slack": (company.HR_DESK, {"department": "hr", "product": "payroll"}, company.ADA, company.TOM, "Tom Baker"),
    "discord": (
        company.IT_DESK,
        {"department": "it", "product": "laptop"},
        company.LEA_DISCORD,
        company.SAM,
        "Sam Rivers",
    ),
}
SPOKEN = {"slack": ("Nora Weiss", company.NORA), "discord": ("Ben Carter", company.BEN)}
both = pytest.mark.parametrize("network", ("slack", "discord"))


async def known(stage: Stage, account: AccountRef, *, wanted: bool = True) -> None:
    """Until it is on record that they are an agent, or are none."""
    assert stage.desk is not None
    storage = stage.desk.house.storage

    async def look() -> bool:
        def found(tx: Transaction) -> bool:
            person = tx.person_of(account)
            return person is not None and tx.agent(person.id) is not None

        return await storage.read(found) is wanted

    await stage.slack.people.until(look, f"{account.key} is known")


@both
async def test_a_ticket_is_given_to_a_colleague_who_never_typed(stage: Stage, network: str) -> None:
    place, values, me, colleague, name = WHERE[network]
    side: Side = patient(getattr(stage, network))
    await stage.slack.call(company.MARC)
    assert (await stage.slack.fill(company.MARC, FORM | values)).ok
    ours = await side.agents_thread(place, 1)
    await known(stage, AccountRef(network, colleague))
    await side.pick(me, ours, "Assign", name[:5].lower(), name)
    await wait_for(side, ours, lambda line: f"Agent: {name}" in line.text, "their name on the card")
    assert stage.desk is not None
    ticket = await stage.desk.house.storage.read(lambda tx: tx.ticket(1))
    assert ticket is not None
    agent = await stage.desk.house.storage.read(lambda tx: tx.person_of(AccountRef(network, colleague)))
    assert agent is not None
    assert ticket.agent_id == agent.id


@both
async def test_config_names_somebody_else_while_the_desk_runs(stage: Stage, network: str) -> None:
    _, _, _, colleague, _ = WHERE[network]
    name, person = SPOKEN[network]
    await known(stage, AccountRef(network, colleague))
    text = stage.config.read_text(encoding="utf-8")
    old = {"slack": 'slack = ["S0AGENTS"]', "discord": f'discord = ["{company.AGENTS_ROLE}"]'}[network]
    assert old in text
    stage.config.write_text(text.replace(old, f'{network} = ["{person}"]', 1), encoding="utf-8")
    await known(stage, AccountRef(network, person))
    await known(stage, AccountRef(network, colleague), wanted=False)
    assert stage.desk is not None
    agents = await stage.desk.house.storage.read(lambda tx: tx.agents())
    assert name in {agent.person.name for agent in agents}
