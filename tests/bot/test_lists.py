"""The list of tickets told on both networks: looked through, filtered, searched, several changed at once."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from adapters.port import Pressed
from adapters.ui import Card
from bot.demo import stage as company
from bot.demo.side import Where, wait_for, wait_line, worked
from bot.lists.seeing import see
from desk import verbs
from desk.listing import Listing
from desk.model import AccountRef, Audience, Role, Status

if TYPE_CHECKING:
    from bot.demo.side import Side
    from desk.ports import Transaction
    from tests.bot.conftest import Stage

pytestmark = pytest.mark.both


@dataclass(frozen=True)
class Case:
    network: str
    client: str
    other: str
    agent: str  # reads English
    place: str
    department: str
    product: str


CASES = (
    Case("slack", company.NORA, company.MARC, company.TOM, company.HR_DESK, "hr", "payroll"),
    Case("discord", company.BEN, company.INES, company.SAM, company.IT_DESK, "it", "laptop"),
)
SUBJECTS = ("Payslip missing", "Badge *broken*", "Réseau lent", "Chair", "Door", "Desk lamp")


async def filled(stage: Stage, case: Case, count: int = 12) -> None:
    """So many tickets of the client's, each with a thread in the agents' place; and one of somebody else's."""
    assert stage.desk is not None
    house = stage.desk.house
    asker = await house.asker(AccountRef(case.network, case.client))
    other = await house.asker(AccountRef(case.network, case.other))

    def verb(tx: Transaction) -> None:
        actor = asker.actor(tx)
        for number in range(count):
            subject = SUBJECTS[number % len(SUBJECTS)]
            draft = verbs.Draft(subject, f"It is number {number + 1}.", case.department, case.product, "normal")
            verbs.open_ticket(tx, house.catalogue, actor, asker.account, draft, ())
        draft = verbs.Draft("Secret wish", "Nobody else's.", case.department, case.product, "urgent")
        verbs.open_ticket(tx, house.catalogue, other.actor(tx), other.account, draft, ())

    await house.storage.write(verb)
    house.wake()


def elsewhere(case: Case) -> Where:
    return Where(case.place)


ON_EACH = pytest.mark.parametrize("case", CASES, ids=lambda case: case.network)


@ON_EACH
async def test_an_agent_looks_through_the_list(stage: Stage, case: Case) -> None:
    side: Side = getattr(stage, case.network)
    await filled(stage, case)
    here, agent = elsewhere(case), case.agent
    await side.agents_thread(case.place, 13)
    shown = await side.call(agent, command="tickets")
    assert "Open: 13 tickets" in shown
    assert "#13 · Secret wish" in shown
    assert "Marc Dubois → Nobody yet" in shown or "Inès Moreau → Nobody yet" in shown
    assert "awaiting reply" in shown
    assert "#3 ·" not in shown

    # Pages stand in the place of the one before.
    whispered = len(await side.whispers(agent))
    further = await side.press(agent, here, "Next")
    assert "#3 · Réseau lent" in further
    assert "#4 ·" not in further
    assert "#13 · Secret wish" in await side.press(agent, here, "Before")
    assert len(await side.whispers(agent)) == whispered
    assert "Closed: 0 tickets" in await side.press(agent, here, "Closed")
    assert "Nothing here at the moment" in (await side.whispers(agent))[-1].text
    assert "New: 13 tickets" in await side.press(agent, here, "New")
    assert "#13 · Secret wish" in await side.choose(agent, here, "Show a ticket", "#13")


@ON_EACH
async def test_each_row_leads_to_the_thread_that_its_reader_can_open(stage: Stage, case: Case) -> None:
    assert stage.desk is not None
    side: Side = getattr(stage, case.network)
    await filled(stage, case, count=2)
    channel, storage = stage.desk.channels[case.network], stage.desk.house.storage

    async def opened() -> dict[Audience, str] | None:
        threads = await storage.read(lambda tx: tx.threads(2))
        found = {thread.audience: channel.link(thread.ref) for thread in threads if thread.ref}
        return found if len(found) == len(threads) == 2 else None

    links = await side.people.until(opened, "both threads of #2 are known to the desk")
    assert all(links.values())
    for reader, mine, other in (
        (case.agent, links[Audience.AGENTS], links[Audience.CLIENT]),
        (case.client, links[Audience.CLIENT], links[Audience.AGENTS]),
    ):
        await side.call(reader, command="tickets")
        shown = json.dumps((await side.people.call("ephemerals", user=reader))[-1])
        assert mine in shown
        assert other not in shown


async def test_an_agent_of_another_department_is_led_to_their_own_thread(stage: Stage) -> None:
    assert stage.desk is not None
    case, side, storage = CASES[0], stage.slack, stage.desk.house.storage
    await filled(stage, case, count=1)
    asker = await stage.desk.house.asker(AccountRef("slack", case.client))
    elsewhere_only = replace(asker, role=Role.AGENT, departments=frozenset({"it"}))
    await side.clients_thread(case.client, 1)

    async def linked() -> str:
        found = await see(stage.desk.house, elsewhere_only, Listing())  # type: ignore[union-attr] # open all along
        return found.links.get(1, "")

    link = await side.people.until(linked, "the link to their thread")
    threads = await storage.read(lambda tx: tx.threads(1))
    (own,) = [thread for thread in threads if thread.audience is Audience.CLIENT]
    assert own.ref is not None
    assert link == stage.desk.channels["slack"].link(own.ref)


@ON_EACH
async def test_filters_are_said_in_words_and_taken_away(stage: Stage, case: Case) -> None:
    side: Side = getattr(stage, case.network)
    await filled(stage, case)
    here, agent = elsewhere(case), case.agent
    await side.call(agent, command="tickets")
    assert "No filter is set" in await side.press(agent, here, "Filter and sort")
    assert await side.press(agent, here, "Status, priority") == "Filter the list"
    assert (await side.fill(agent, {"priorities": ["urgent"], "departments": [case.department]})).ok
    (shown,) = [line.text for line in await side.whispers(agent)][-1:]
    assert "Priority: 🔴 Urgent" in shown
    assert "#13 · Secret wish" in shown
    assert "#12 ·" not in shown

    await side.press(agent, here, "Filter and sort")
    assert await side.press(agent, here, "Agent, client") == "Filter the list"
    assert (await side.fill(agent, {"agents": ["0"], "client": case.client})).ok
    shown = (await side.whispers(agent))[-1].text
    assert "Agent: Nobody yet" in shown
    assert "No ticket passes these filters" in shown
    await side.press(agent, here, "Filter and sort")
    assert "#13 ·" not in await side.choose(agent, here, "Remove a filter", "Priority")
    assert "#12 · Desk lamp" in (await side.whispers(agent))[-1].text

    await side.press(agent, here, "Filter and sort")
    assert await side.press(agent, here, "Dates, activity") == "Filter the list"
    assert (await side.fill(agent, {"opened_from": "2020-02-29", "activity": "quiet_week"})).ok
    assert "none for 7 days" in (await side.whispers(agent))[-1].text
    await side.press(agent, here, "Filter and sort")
    assert "#13 · Secret wish" in await side.press(agent, here, "Remove all filters")
    await side.press(agent, here, "Filter and sort")
    assert "Oldest first" in await side.choose(agent, here, "Sort by", "Oldest first")
    assert "#1 · Payslip missing" in (await side.whispers(agent))[-1].text


@ON_EACH
async def test_a_search_marks_what_it_found_and_nothing_in_it_has_an_effect(stage: Stage, case: Case) -> None:
    side: Side = getattr(stage, case.network)
    await filled(stage, case, count=3)
    theirs = await side.clients_thread(case.client, 2)
    ours = await side.agents_thread(case.place, 2)
    await side.say(case.client, theirs, "The café door says *hello* <!channel> @everyone")
    await wait_line(side, ours, "hello")
    assert await side.press(case.agent, ours, "Note") == "Note for agents"
    assert (await side.fill(case.agent, {"note": "He forgot his card, as ever"})).ok
    await wait_line(side, ours, "as ever")

    found = await side.call(case.agent, "CAFE", command="tickets")
    assert "#2 · Badge" in found
    assert "#1 ·" not in found
    assert "café" in found
    if case.network == "slack":
        assert "<!channel" not in json.dumps(await side.people.call("ephemerals", user=case.agent))
    assert "as ever" in await side.call(case.agent, "forgot card", command="tickets")
    assert "No ticket has these words" in await side.call(case.client, "forgot", command="tickets")
    assert "No ticket has these words" in await side.call(case.client, "secret", command="tickets")
    longer = await side.call(case.agent, "reseau len", command="tickets")
    assert "words that begin with them" in longer
    assert "#3 · Réseau lent" in longer
    await side.press(case.agent, elsewhere(case), "Search")
    wrong = await side.fill(case.agent, {"words": "!?"})
    assert "no word in this" in "".join(wrong.remarks.values())


@ON_EACH
async def test_several_are_changed_at_once_and_each_says_what_became_of_it(stage: Stage, case: Case) -> None:
    assert stage.desk is not None
    side: Side = getattr(stage, case.network)
    await filled(stage, case, count=3)
    here, agent = elsewhere(case), case.agent
    ours = await side.agents_thread(case.place, 2)
    await side.press(agent, ours, "Close")
    await wait_line(side, ours, "closed this ticket")
    await side.call(agent, "all", command="tickets")
    asked = await side.choose_several(agent, here, "Change several", ["#1 ·", "#2 ·", "#3 ·"])
    assert "3 tickets chosen" in asked
    done = await side.press(agent, here, "Assign to me")
    assert "2 tickets changed" in done
    assert "1 was not changed" in done
    assert "Ticket #2 is closed already" in done
    listed = await side.press(agent, here, "Back to the list")
    assert "#2 · Badge" in listed
    await wait_line(side, await side.agents_thread(case.place, 1), "is looking after this ticket")

    await side.choose_several(agent, here, "Change several", ["#1 ·", "#3 ·"])
    assert "2 tickets changed" in await side.choose(agent, here, "Set the priority", "Urgent")
    await side.press(agent, here, "Back to the list")
    await side.choose_several(agent, here, "Change several", ["#1 ·"])
    found = await side.find(agent, here, "Assign to", "nobody")
    assert found == ["Nobody yet"]
    assert "1 ticket changed" in await side.pick(agent, here, "Assign to", "nobody", "Nobody yet")
    tickets = await stage.desk.house.storage.read(lambda tx: [tx.ticket(number) for number in (1, 2, 3)])
    assert [(t.status, t.priority) for t in tickets if t] == [
        (Status.IN_PROGRESS, "urgent"), (Status.CLOSED, "normal"), (Status.IN_PROGRESS, "urgent"),
    ]  # fmt: skip
    assert [t.agent_id is None for t in tickets if t] == [True, True, False]


@ON_EACH
async def test_a_named_list_is_returned_to_by_all_agents(stage: Stage, case: Case) -> None:
    side: Side = getattr(stage, case.network)
    await filled(stage, case, count=3)
    here, agent = elsewhere(case), case.agent
    await side.call(agent, command="tickets")
    await side.press(agent, here, "Filter and sort")
    await side.press(agent, here, "Status, priority")
    assert (await side.fill(agent, {"priorities": ["urgent"]})).ok
    assert "No list has a name yet" in await side.press(agent, here, "Named lists")
    assert await side.press(agent, here, "Name this list") == "Name this list"
    assert (await side.fill(agent, {"name": "Été pressé"})).ok
    assert "/tickets view:Été pressé" in (await side.whispers(agent))[-1].text
    again = await side.call(agent, "view:ete presse", command="tickets")
    assert "Priority: 🔴 Urgent" in again
    assert "#4 · Secret wish" in again
    assert "#1 ·" not in again
    colleague = company.LEA if case.network == "slack" else company.LEA_DISCORD
    assert "#4 · Secret wish" in await side.call(colleague, "view:Été pressé", command="tickets")
    await side.press(colleague, here, "Listes nommées")
    await side.press(colleague, here, "Nommer cette liste")
    taken = await side.fill(colleague, {"name": "ETE PRESSE"})
    assert "seule cette personne ou un admin" in "".join(taken.remarks.values())
    assert "no list named" in await side.call(agent, "view:nothing", command="tickets")
    assert "Only agents" in await side.call(case.client, "view:Été pressé", command="tickets")
    await side.call(agent, command="tickets")
    await side.press(agent, here, "Named lists")
    assert "No list has a name yet" in await side.choose(agent, here, "Take a name away", "Été")


@ON_EACH
async def test_a_client_has_their_own_list_with_the_same_comfort(stage: Stage, case: Case) -> None:
    side: Side = getattr(stage, case.network)
    assert "no tickets yet" in await side.call(case.client, command="tickets")
    await filled(stage, case)
    await side.clients_thread(case.client, 12)
    here = elsewhere(case)
    shown = await side.call(case.client, command="tickets")
    assert "Open: 12 tickets" in shown
    assert "#12 · Desk lamp" in shown
    assert "Secret" not in shown
    assert "→" not in shown  # whose they are is known
    assert not any("several" in menu for menu in (await side.whispers(case.client))[-1].menus)
    assert "#2 · Badge" in await side.press(case.client, here, "Next")
    assert "All: 12 tickets" in await side.call(case.client, "all", command="tickets")
    assert "Only agents" in await side.call(case.client, side.mention(case.other), command="tickets")


@ON_EACH
async def test_somebody_is_asked_for_by_their_name(stage: Stage, case: Case) -> None:
    side: Side = getattr(stage, case.network)
    await filled(stage, case, count=2)
    found = await side.call(case.agent, side.mention(case.other), command="tickets")
    assert "#3 · Secret wish" in found
    assert "#1 ·" not in found
    found = await side.call(case.agent, f"badge {side.mention(case.client)}", command="tickets")
    assert "#2 · Badge" in found
    assert "#1 ·" not in found
    if case.network == "slack":
        stage.slack_sandbox.app.workspace.users["U0LENA"] = {"name": "lena", "real_name": "Lena Ott"}
        assert "does not know this person" in await side.call(case.agent, side.mention("U0LENA"), command="tickets")


async def test_at_home_on_slack_the_list_is_read_turned_and_opened(stage: Stage) -> None:
    case, side = CASES[0], stage.slack
    assert "no tickets yet" in (await side.read(await side.home(case.client)))[0].text
    await filled(stage, case)
    await side.agents_thread(case.place, 13)
    home = await side.home(case.agent)
    assert "Open: 13 tickets" in (await side.read(home))[0].text
    await side.press(case.agent, home, "Next")
    await wait_for(side, home, lambda line: "#3 · Réseau lent" in line.text, "the second page at home")
    assert "#3 · Réseau lent" in await side.choose(case.agent, home, "Show a ticket", "#3")
    assert await side.press(case.agent, home, "Open a ticket") == "New ticket"


async def test_at_home_filters_searches_and_several_stay_at_home(stage: Stage) -> None:
    case, side = CASES[0], stage.slack
    await filled(stage, case, count=3)
    await side.agents_thread(case.place, 4)
    home = await side.home(case.agent)
    await side.press(case.agent, home, "Filter and sort")
    await wait_for(side, home, lambda line: "No filter is set" in line.text, "the filters at home")
    assert await side.press(case.agent, home, "Status, priority") == "Filter the list"
    assert (await side.fill(case.agent, {"priorities": ["normal"]})).ok
    await wait_for(side, home, lambda line: "#1 ·" in line.text and "Secret" not in line.text, "the filtered list")
    await side.choose_several(case.agent, home, "Change several", ["#1 ·", "#2 ·"])
    await wait_for(side, home, lambda line: "2 tickets chosen" in line.text, "what to do with two")
    await side.press(case.agent, home, "Assign to me")
    await wait_for(side, home, lambda line: "2 tickets changed" in line.text, "what became of them")
    await side.press(case.agent, home, "Back to the list")
    await wait_for(side, home, lambda line: "Nora Weiss → Tom Baker" in line.text, "the list as it is now")
    assert await side.press(case.agent, home, "Search") == "Search tickets"
    assert (await side.fill(case.agent, {"words": "badge"})).ok
    await wait_for(side, home, lambda line: "#2 · Badge" in line.text and "#1 ·" not in line.text, "what was found")


async def test_discord_suggests_ones_own_tickets_while_a_number_or_words_are_typed(stage: Stage) -> None:
    case, side = CASES[1], stage.discord
    await filled(stage, case, count=3)
    assert await suggested(side, case.client, "ticket", "resea") == ["#3 · Réseau lent"]
    assert await suggested(side, case.client, "ticket", "2") == ["#2 · Badge *broken*"]
    assert await suggested(side, case.client, "ticket", "secret") == []
    assert "#4 · Secret wish" in await suggested(side, case.agent, "ticket", "secret")
    assert await suggested(side, case.agent, "tickets", "clo") == ["Closed"]


async def suggested(side: Side, person: str, command: str, words: str) -> list[str]:
    (registered,) = [each for each in await side.people.call("commands") if each["name"] == command]
    answer = await side.people.call(
        "suggest", user=person, name=command, channel=company.HELP, option=registered["options"][0]["name"], typed=words
    )
    return [choice["name"] for choice in worked(answer)["answer"]["choices"]]


async def test_a_list_that_is_forgotten_or_a_forged_value_is_refused_politely(stage: Stage) -> None:
    assert stage.desk is not None
    case = CASES[0]
    await filled(stage, case)
    id_ = await stage.desk.house.storage.write(lambda tx: tx.keep_listing(Listing()))
    forged = {
        "list.page": ("nothing:n:1:2", f"{id_}:n:x", f"{id_}:n:1", f"{id_}:z", f"{id_}:n:low:{'9' * 40}:1"),
        "list.tab": ("nothing:open", f"{id_}:everything", id_),
        "list.open": ("0", "-1", "x"),
        "list.search": ("nothing",),
        "list.views": (),
        "several.claim": ("nothing",),
    }
    for action, values in forged.items():
        for value in values:
            pressed = Pressed(f"{action}{value}", AccountRef("slack", case.agent), action, value)
            answer = await stage.desk._router.hear(pressed)
            assert isinstance(answer, Card)
            assert "older desk" in answer.title or "forgotten" in answer.title or "no ticket" in answer.title, value
