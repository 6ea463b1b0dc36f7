"""Figures told apart by every dimension on both networks: sorted, in pages, narrowed to; within what one sees."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from adapters.port import Pressed
from adapters.ui import CARD_ROWS, Card, Instead, Select
from bot.commands import PRESSED
from bot.commands import stats as command
from bot.demo.side import Side, wait_for
from bot.stats.apart import Order, View
from bot.stats.question import CARRIED, KEPT, Question
from desk import verbs
from desk.errors import DeskError
from desk.events import Change, MessageSaid, TicketChanged
from desk.figures import Dimension, Figure
from desk.model import AccountRef, Audience, Kind, Role
from tests.bot.test_lists import CASES, Case, elsewhere, filled

if TYPE_CHECKING:
    from bot.house import Asker
    from desk.ports import Transaction
    from tests.bot.conftest import Stage

ON_EACH = pytest.mark.parametrize("case", CASES, ids=lambda case: case.network)

pytestmark = pytest.mark.both


async def worked_through(stage: Stage, case: Case) -> Asker:
    """Three tickets of a client's: two claimed and answered, one of them closed and rated. Gives the agent."""
    await filled(stage, case, count=3)
    assert stage.desk is not None
    house = stage.desk.house
    agent = await house.asker(AccountRef(case.network, case.agent))
    client = await house.asker(AccountRef(case.network, case.client))

    def verb(tx: Transaction) -> None:
        actor = agent.actor(tx)
        for number in (1, 2):
            verbs.claim(tx, number, actor)
            said = tx.add_message(
                ticket=number, author_id=actor.person.id, kind=Kind.REPLY, body="Here", by=Audience.AGENTS,
                thread_id=None, origin=None, attachments=(),
            )  # fmt: skip
            assert said is not None
            tx.record(MessageSaid(number, said.id, "reply", "agents"), actor_id=actor.person.id, to=())
        tx.record(TicketChanged(2, "tags", (Change("tags", "", "vip"),)), actor_id=actor.person.id, to=())
        verbs.close(tx, 1, actor)
        verbs.rate(tx, 1, client.actor(tx), 4)

    await house.storage.write(verb)
    return agent


@ON_EACH
async def test_a_figure_is_told_apart_sorted_and_narrowed_to(stage: Stage, case: Case) -> None:
    agent = await worked_through(stage, case)
    side: Side = getattr(stage, case.network)
    here, who = elsewhere(case), case.agent
    await side.agents_thread(case.place, 4)
    await side.call(who, "week", command="stats")
    by_client = plain(await side.choose(who, here, "Tell apart by", "Client"))
    assert "Opened · Client · This week" in by_client
    assert by_client.index("3 · 75 % of all · before: 0") < by_client.index("1 · 25 % of all")
    by_agent = plain(await side.choose(who, here, "Tell apart by", "Agent"))
    assert agent.profile.name in by_agent
    assert "Nobody yet" in by_agent
    responses = plain(await side.choose(who, here, "Another figure", "First response"))
    assert "First response · Agent" in responses
    assert "2 tickets · before: –" in responses
    assert "From the opening to the first reply" in responses
    await side.press(who, here, "Worst first")
    await side.press(who, here, "Most tickets first")  # the one value is the worst and the most frequent
    today = plain(await side.choose(who, here, "Another period", "Today"))
    assert "First response · Agent · Today" in today

    narrowed = plain(await side.choose(who, here, "Narrow to", agent.profile.name))
    assert f"Agent: {agent.profile.name}" in narrowed
    assert "★ 4.0 (1 answer)" in narrowed
    behind = plain(await side.choose(who, here, "What stands behind a figure", "Closed"))
    assert f"Agent: {agent.profile.name}" in behind
    assert "last close" in behind
    assert "#1 ·" in behind
    assert "#2 ·" not in behind
    await side.press(who, here, "All figures")
    whole = plain(await side.press(who, here, "Everything"))
    assert "Agent: " not in whole
    assert "4 (before: 0)" in whole


@ON_EACH
async def test_what_has_no_agent_or_no_tag_is_narrowed_to_as_well(stage: Stage, case: Case) -> None:
    await worked_through(stage, case)
    side: Side = getattr(stage, case.network)
    here, who = elsewhere(case), case.agent
    await side.agents_thread(case.place, 4)
    await side.call(who, "week", command="stats")
    await side.choose(who, here, "Tell apart by", "Agent")
    for shown in (
        await side.choose(who, here, "Narrow to", "Nobody yet"),
        await side.call(who, "nobody week", command="stats"),
    ):
        assert "Agent: Nobody yet" in plain(shown)
        assert "2 (before: 0)" in plain(shown)
    behind = plain(await side.choose(who, here, "What stands behind a figure", "Opened"))
    assert "#3 ·" in behind
    assert "#1 ·" not in behind
    untagged = plain(await side.call(who, "week no tag", command="stats"))
    assert "Tag: No tag" in untagged
    assert "3 (before: 0)" in untagged
    await side.press(who, here, "CSV")
    mail = await side.direct(who)
    sent = await wait_for(side, mail, lambda line: bool(line.files), "the table")
    table = (await side.file(mail, sent.files[0])).decode("utf-8-sig")
    assert "Tag: No tag" in table
    assert "\nOpened,3,0," in table.replace("\r", "")
    await side.call(who, "fr", command="language")
    assert "Agent : Personne pour l’instant" in plain(await side.call(who, "personne semaine", command="stats"))


@ON_EACH
async def test_any_two_dates_are_asked_for_in_a_form(stage: Stage, case: Case) -> None:
    await worked_through(stage, case)
    side: Side = getattr(stage, case.network)
    here, who = elsewhere(case), case.agent
    await side.agents_thread(case.place, 4)
    await side.call(who, f"{case.product} week", command="stats")
    assert await side.press(who, here, "Other dates") == "Other dates"
    answer = await side.fill(who, {"first": "2026-03-31", "last": "2026-01-01"})
    assert "comes before the first" in str(answer)
    await side.press(who, here, "Other dates")
    assert (await side.fill(who, {"first": "2020-01-01", "last": "2020-01-31"})).ok
    told = [plain(line.text) for line in await side.whispers(who)]
    (shown,) = [text for text in told if "Figures · Dates · January 1, 2020 – January 31, 2020" in text]
    assert "Product: " in shown  # what it was narrowed to stays


@ON_EACH
async def test_what_is_typed_narrows_by_every_dimension(stage: Stage, case: Case) -> None:
    agent = await worked_through(stage, case)
    side: Side = getattr(stage, case.network)
    await side.agents_thread(case.place, 4)
    assert stage.desk is not None
    department = stage.desk.house.catalogue.department(case.department)
    assert department is not None
    client, name = side.mention(case.client), department.name("en")
    typed = (
        f"{name} agent {side.mention(case.agent)} {case.product} normal {case.network} {client} 2020-01-01..2099-12-31"
    )
    shown = plain(await side.call(case.agent, typed, command="stats"))
    for told in (f"Department: {name}", f"Agent: {agent.profile.name}", f"Channel: {case.network.capitalize()}"):
        assert told in shown
    assert "2 (before: 0)" in shown
    # That is more than a button has room for: it is kept, and all goes on.
    here = elsewhere(case)
    apart = plain(await side.choose(case.agent, here, "Tell apart by", "Priority"))
    assert "Opened · Priority · Dates" in apart
    assert "2 · 100 % of all" in apart
    assert f"Agent: {agent.profile.name}" in apart


@ON_EACH
async def test_a_client_tells_their_own_tickets_apart_and_nothing_else(stage: Stage, case: Case) -> None:
    await worked_through(stage, case)
    assert stage.desk is not None
    house, side = stage.desk.house, getattr(stage, case.network)
    await side.call(case.client, "week", command="stats")
    own = plain(await side.choose(case.client, elsewhere(case), "Tell apart by", "Priority"))
    assert "3 · 100 % of all" in own
    asker = await house.asker(AccountRef(case.network, case.client))
    for by in (Dimension.CLIENT, Dimension.TAG):
        with pytest.raises(DeskError) as refused:
            await pressed(stage, asker, "stats.apart", View(Figure.OPENED, by).text() + "month")
        assert refused.value.key == "agents_only"
        with pytest.raises(DeskError):
            await pressed(stage, asker, "stats.narrow", f"{by}=1", carried="month")
        with pytest.raises(DeskError) as refused:
            await pressed(stage, asker, "stats.show", f"month;{by}=1")
        assert refused.value.key == "agents_only"
    assert "Only agents" in await side.call(case.client, "no tag", command="stats")
    # Whatever they narrow it to, it stays their own.
    card = await pressed(stage, asker, "stats.narrow", f"department={case.department}", carried="month")
    assert "Secret wish" not in str(card)
    (opened,) = (fact for fact in card.facts if fact.label == asker.words("figure.opened.name"))
    assert opened.value.startswith("3 ")


def plain(text: str) -> str:
    return text.replace("*", "")


async def pressed(stage: Stage, asker: Asker, action: str, value: str, carried: str = "") -> Card:
    assert stage.desk is not None
    answer = await PRESSED[action](stage.desk.house, asker, Pressed("p", asker.account, action, value, carried=carried))
    assert isinstance(answer, Instead)
    assert isinstance(answer.card, Card)
    return answer.card


@pytest.mark.parametrize("language", ("en", "fr"))
async def test_every_figure_by_every_dimension_makes_a_card(stage: Stage, language: str) -> None:
    case = CASES[0]
    asker = await worked_through(stage, case)
    assert stage.desk is not None
    house = stage.desk.house
    asker = replace(asker, words=house.library.of(language))
    for role in (Role.ADMIN, Role.AGENT, Role.CLIENT):
        somebody = replace(asker, role=role)
        for by in Dimension:
            if role is Role.CLIENT and by in (Dimension.CLIENT, Dimension.TAG):
                continue
            for figure in Figure:
                for order in Order:
                    card = await command._apart(house, somebody, View(figure, by, order), Question("quarter"))
                    assert card.title.startswith(asker.words(f"figure.{figure}.name"))
                    (by_figure, *_) = (action for action in card.actions if isinstance(action, Select))
                    assert len(by_figure.options) == len(Figure)


async def test_many_values_come_in_pages(stage: Stage) -> None:
    case = CASES[0]
    asker = replace(await worked_through(stage, case), role=Role.ADMIN)
    assert stage.desk is not None
    house = stage.desk.house

    def many(tx: Transaction) -> None:
        for number in range(25):
            person = tx.add_person(AccountRef("slack", f"U9{number}"), name=f"Client {number:02}", locale="")
            account = AccountRef("slack", f"U9{number}")
            actor = verbs.Actor(person, Role.CLIENT, frozenset())
            draft = verbs.Draft("Chair", "It creaks.", case.department, case.product, "normal")
            verbs.open_ticket(tx, house.catalogue, actor, account, draft, ())

    await house.storage.write(many)
    names: list[str] = []
    for page in range(3):
        card = await command._apart(
            house, asker, View(Figure.OPENED, Dimension.CLIENT, Order.NAME, page), Question("month")
        )
        names += [row.title for row in card.rows]
        assert f"Page {page + 1} of 3" in card.footer
        assert len(card.rows) == (CARD_ROWS if page < 2 else 7)
    assert len(names) == 25 + 2
    assert names == sorted(names, key=str.casefold)


async def test_a_long_question_is_kept_and_a_forged_one_is_refused(stage: Stage) -> None:
    assert stage.desk is not None
    house = stage.desk.house
    long = Question("2026-01-01..2026-03-31", ((Dimension.DEPARTMENT, "d" * 40), (Dimension.TAG, "t" * 40)))
    carried = await long.carried(house)
    assert carried.startswith(KEPT)
    assert len(carried) <= CARRIED
    assert await Question.read(house, carried) == long
    for forged in ("~nothing", "month;nonsense=1", "month;agent=x", "month;client=", "month;tag"):
        with pytest.raises(DeskError):
            await Question.read(house, forged)
    for text in ("opened:client:m", "opened:client:x:0:month", "opened:nothing:m:0:month", "opened:tag:m:99999:month"):
        with pytest.raises(DeskError):
            View.of(text)
