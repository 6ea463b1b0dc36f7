"""What agents do from a ticket's card, told on both networks: with agents in Discord, and with agents in Slack."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot import refreshing
from bot.demo import stage as company
from bot.demo.side import wait_for, wait_line
from tests.bot.rich import enrich, open_as_is, patient

if TYPE_CHECKING:
    from bot.demo.side import Side, Where
    from tests.bot.conftest import Stage


@dataclass(frozen=True)
class Case:
    """Who has a problem, and who helps."""

    client_on: str
    client: str
    agent_on: str
    agent: str
    colleague: str
    place: str
    department: str
    product: str


CASES = [
    Case("slack", company.NORA, "discord", company.SAM, company.LEA_DISCORD, company.IT_DESK, "it", "intranet"),
    Case("discord", company.BEN, "slack", company.TOM, company.LEA, company.HR_DESK, "hr", "payroll"),
]
both = pytest.mark.parametrize("case", CASES, ids=lambda case: f"agents-in-{case.agent_on}")


@pytest.fixture
async def rich(idle_stage: Stage) -> Stage:
    enrich(idle_stage.config)
    await idle_stage.start()
    return idle_stage


class Ticket:
    """One ticket with both its sides."""

    def __init__(self, stage: Stage, case: Case) -> None:
        self.case = case
        self.client: Side = patient(getattr(stage, case.client_on))
        self.agents: Side = patient(getattr(stage, case.agent_on))
        self.theirs: Where
        self.ours: Where

    async def open(self, number: int = 1, subject: str = "No network", who: str = "") -> Ticket:
        values = {"subject": subject, "description": "Since Monday.", "department": self.case.department,
                  "product": self.case.product, "priority": "low"}  # fmt: skip
        await self.client.call(who or self.case.client)
        assert (await self.client.fill(who or self.case.client, values)).ok
        await open_as_is(self.client, who or self.case.client)
        self.theirs = await self.client.clients_thread(who or self.case.client, number)
        self.ours = await self.agents.agents_thread(self.case.place, number)
        return self

    async def card(self, *wanted: str) -> str:
        """The agents' card, when it shows all of this."""
        found = await wait_for(
            self.agents, self.ours, lambda line: all(each in line.text for each in wanted), f"a card with {wanted}"
        )
        return found.text


@both
async def test_status_priority_tags_and_agent_are_set_from_the_card(rich: Stage, case: Case) -> None:
    ticket = await Ticket(rich, case).open()
    side, ours = ticket.agents, ticket.ours
    await side.choose(case.agent, ours, "Status", "Waiting for a supplier")
    await side.choose(case.agent, ours, "Priority", "Urgent")
    await ticket.card("Waiting for a supplier", "🔴 Urgent", "awaiting reply")
    assert "#1 · more" in await side.press(case.agent, ours, "More")
    await side.choose_several(case.agent, ours, "Tags", ["VIP", "Travelling"])
    await ticket.card("⭐ VIP, Travelling")

    # A colleague can be found and assigned, and is told from one of the same name; the client hears who it is.
    await side.press(case.colleague, ours, "Claim")
    await wait_line(ticket.client, ticket.theirs, "Léa Martin")
    assert rich.desk is not None
    await rich.desk.acquainting.look()
    lea = f"Léa Martin · {case.agent_on.capitalize()}"
    labels = await side.find(case.agent, ours, "Assign", "lea")
    assert {" · ".join(label.split(" · ")[:2]) for label in labels} == {"Léa Martin · Slack", "Léa Martin · Discord"}
    await side.press(case.agent, ours, "Take over")
    await wait_line(ticket.client, ticket.theirs, "is looking after this ticket")
    await side.pick(case.agent, ours, "Assign", "léa mar", lea)
    await wait_line(side, ours, "gave this ticket to Léa Martin")
    await ticket.card("Agent: Léa Martin")

    # Who changed what, the old value and the new, the newest first.
    await side.press(case.agent, ours, "More")
    history = await side.press(case.agent, ours, "History")
    for line in (
        "Status: New → Waiting for a supplier",
        "Priority: 🟢 Low → 🔴 Urgent",
        "Tags: – → ⭐ VIP, Travelling",
    ):
        assert line in history
    assert history.index("Agent:") < history.index("opened the ticket on")


@both
async def test_a_canned_reply_is_shown_filled_in_and_sent_as_it_was_changed(rich: Stage, case: Case) -> None:
    ticket = await Ticket(rich, case).open()
    side, ours = ticket.agents, ticket.ours
    assert "Canned reply for ticket #1" in await side.press(case.agent, ours, "Canned reply")
    assert await side.choose(case.agent, ours, "Which reply?", "Restart it") == "Reply"
    client, agent = ("Nora Weiss", "Sam Rivers") if case.client_on == "slack" else ("Ben Carter", "Tom Baker")
    assert (await side.fill(case.agent, {})).ok  # as it was filled in
    await wait_line(ticket.client, ticket.theirs, f"Hello {client}, about #1: please restart it. {agent}")
    await ticket.card("In progress")
    await side.press(case.agent, ours, "Canned reply")
    await side.choose(case.agent, ours, "Which reply?", "Restart it")
    assert (await side.fill(case.agent, {"reply": "Did **that** help?"})).ok
    line = await wait_line(ticket.client, ticket.theirs, "Did")
    assert agent in line.text


@both
async def test_a_ticket_is_closed_with_a_reason_that_its_client_reads(rich: Stage, case: Case) -> None:
    ticket = await Ticket(rich, case).open()
    side, ours = ticket.agents, ticket.ours
    await side.press(case.agent, ours, "More")
    assert await side.press(case.agent, ours, "Close with a reason") == "Close the ticket"
    assert (await side.fill(case.agent, {"reason": "The cable was out"})).ok
    await wait_line(ticket.client, ticket.theirs, "Reason: The cable was out")
    await ticket.card("Reason: The cable was out", "Closed")
    await side.press(case.agent, ours, "Re-open")
    await ticket.card("Status: New")


@both
async def test_extra_fields_are_filled_in_and_shown_to_both(rich: Stage, case: Case) -> None:
    ticket = await Ticket(rich, case).open()
    side, ours = ticket.agents, ticket.ours
    await side.press(case.agent, ours, "More")
    assert await side.press(case.agent, ours, "Extra fields") == "Extra fields"
    values = {"x.building": "north", "x.since": "2026-11-23", "x.rooms": ["r1", "r3"], "x.boss": case.colleague}
    assert (await side.fill(case.agent, values)).ok
    await ticket.card("Building: North", "Since when: November 23, 2026", "Rooms: R1, R3", "Manager: Léa Martin")
    if side.name == "discord":  # its forms hold five fields: a button leads to the sixth
        await side.press(case.agent, ours, "Further fields")
        assert (await side.fill(case.agent, {"x.cable": "Cat 6"})).ok
        await ticket.card("Cable: Cat 6")
    await wait_for(ticket.client, ticket.theirs, lambda line: "Building: North" in line.text, "the client's card")


@both
async def test_merged_tickets_are_one_conversation(rich: Stage, case: Case) -> None:
    first = await Ticket(rich, case).open()
    others = {"slack": company.MARC, "discord": company.INES}
    second = await Ticket(rich, case).open(2, "Nothing works", others[case.client_on])
    side = first.agents
    await side.press(case.agent, first.ours, "More")
    await side.press(case.agent, first.ours, "Merge")
    for typed in ("2", "nothing wor"):  # somebody else's ticket too, by its number or by words
        assert await side.find(case.agent, first.ours, "Number or words", typed) == ["#2 · Nothing works"]
    await side.pick(case.agent, first.ours, "Number or words", "2", "#2")
    await side.press(case.agent, first.ours, "Merge")
    await wait_line(first.client, first.theirs, "merged ticket #1 into this one")
    await wait_line(second.agents, second.ours, "merged ticket #1 into this one")
    await first.client.say(case.client, first.theirs, "Is anybody there?")
    await wait_line(second.client, second.theirs, "Is anybody there?")
    await wait_line(second.agents, second.ours, "Is anybody there?")
    await second.agents.say(case.agent, second.ours, "We are on it")
    await wait_line(first.client, first.theirs, "We are on it")
    await wait_for(first.client, first.theirs, lambda line: "Nothing works" in line.text, "the other ticket's card")


@both
async def test_a_message_becomes_a_ticket_and_a_reply_goes_to_all_parts(rich: Stage, case: Case) -> None:
    ticket = await Ticket(rich, case).open()
    side, ours, client = ticket.agents, ticket.ours, ticket.client
    await client.say(case.client, ticket.theirs, "And my screen is black")
    said = await wait_line(side, ours, "my screen is black")

    async def split_off() -> bool:  # at once it may not be on record yet where it was relayed to
        return await side.shortcut(case.agent, ours, said.id, "Split this off") == "A ticket of its own"

    await side.people.until(split_off, "the form of the message's own ticket")
    assert (await side.fill(case.agent, {"subject": "Black screen"})).ok
    await wait_line(client, ticket.theirs, "made a ticket of its own of a part of this one: #2")
    split = await client.clients_thread(case.client, 2)
    assert "my screen is black" in (await client.read(split))[0].text
    theirs = await side.agents_thread(case.place, 2)

    await side.press(case.agent, theirs, "More")
    await side.press(case.agent, theirs, "Part of")
    await side.pick(case.agent, theirs, "Number or words", "no net", "#1")
    await ticket.card("Parts: #2")
    await side.press(case.agent, ours, "More")
    assert await side.press(case.agent, ours, "Reply to all parts") == "Reply"
    assert (await side.fill(case.agent, {"reply": "The power is back"})).ok
    for thread in (ticket.theirs, split):
        await wait_line(client, thread, "The power is back")


async def test_a_moved_ticket_is_told_in_its_new_place_and_gone_from_its_old_one(rich: Stage) -> None:
    case = CASES[0]
    ticket = await Ticket(rich, case).open()
    side, ours = ticket.agents, ticket.ours
    await side.say(case.agent, ours, "This is for HR")
    await wait_line(ticket.client, ticket.theirs, "This is for HR")
    await side.press(case.agent, ours, "More")
    await side.press(case.agent, ours, "Move")
    await side.choose(case.agent, ours, "Department and product", "Human resources · Payroll")
    await wait_line(ticket.client, ticket.theirs, "gave this ticket to Human resources")
    there = await rich.slack.agents_thread(company.HR_DESK, 1)
    await wait_line(rich.slack, there, "This is for HR")
    await wait_for(side, ours, lambda line: "was given to Human resources" in line.text, "what is left there")
    assert "No network" not in (await side.read(ours))[0].text
    await side.say(case.agent, ours, "She is on leave until Monday")
    await wait_line(rich.slack, there, "on leave until Monday")
    await rich.slack.say(company.TOM, there, "Hello Nora, HR here")
    await wait_line(ticket.client, ticket.theirs, "HR here")
    assert "HR here" not in "".join(line.text for line in await side.read(ours))
    assert "leave until" not in "".join(line.text for line in await ticket.client.read(ticket.theirs))


@both
async def test_somebody_follows_a_ticket_that_is_not_theirs(rich: Stage, case: Case) -> None:
    ticket = await Ticket(rich, case).open()
    side, ours = ticket.agents, ticket.ours
    follower = {"slack": company.MARC, "discord": company.INES}[case.agent_on]
    await side.press(case.agent, ours, "More")
    await side.press(case.agent, ours, "Add a follower")
    assert (await side.fill(case.agent, {"person": follower})).ok
    thread = await side.clients_thread(follower, 1)
    await side.say(follower, thread, "Chez moi aussi")
    await wait_line(ticket.client, ticket.theirs, "Chez moi aussi")
    await ticket.client.say(case.client, ticket.theirs, "So it is not only me")
    await wait_line(side, thread, "not only me")
    language_known = side.name == "slack"  # Discord tells it with what somebody does, and Inès had done nothing yet
    assert not any("Clo" in label for label in (await side.read(thread))[0].buttons)  # that is the client's to do
    stopped = await side.press(follower, thread, "Ne plus suivre" if language_known else "Stop following")
    assert "ne suivez plus le ticket n° 1" in stopped
    await ticket.client.say(case.client, ticket.theirs, "Is it mended?")
    await wait_line(side, ours, "Is it mended?")
    assert "mended" not in "".join(line.text for line in await side.read(thread))


@both
async def test_a_badge_comes_and_goes_with_the_last_word(
    rich: Stage, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "QUIET", 0.05)
    ticket = await Ticket(rich, case).open()
    await ticket.card("awaiting reply")
    await ticket.agents.say(case.agent, ticket.ours, "Have you tried the other socket?")
    await ticket.agents.press(case.colleague, ticket.ours, "Claim")

    async def without() -> bool:
        return "awaiting reply" not in (await ticket.agents.read(ticket.ours))[0].text

    await ticket.agents.people.until(without, "a card without the badge")
    await ticket.client.say(case.client, ticket.theirs, "Yes, both")
    await ticket.card("awaiting reply")
    await ticket.agents.say(case.agent, ticket.ours, "Then we come by")
    await ticket.agents.people.until(without, "a card without the badge, with nothing changed but the last word")


@both
async def test_a_card_shows_that_nothing_has_happened_for_long_though_nobody_touches_it(
    rich: Stage, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "QUIET", 0.0)
    assert rich.desk is not None
    await rich.desk.tending.look()  # a desk's first look leaves what is old already
    ticket = await Ticket(rich, case).open()
    assert "· old" not in (await ticket.agents.read(ticket.ours))[0].text
    moment = datetime.now(UTC) + timedelta(days=8)
    rich.desk.house.storage._clock = lambda: moment  # type: ignore[attr-defined] # eight days go by
    await rich.desk.tending.look()
    await ticket.card("· old")
    assert not any("· old" in line.text for line in await ticket.client.read(ticket.theirs))
