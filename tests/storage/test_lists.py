"""Lists against a model of plain Python: every page, tab, filter, order and search, for everybody who may look."""

from __future__ import annotations

import asyncio
import itertools
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from desk.access import Sight
from desk.listing import SHOWN_IN, Activity, Bounds, Cursor, Due, Filters, Hit, Listing, Page, Sort, Tab, bounds
from desk.model import AccountRef, Audience, Kind, MessageRef, Status, Ticket
from desk.search import matches, terms, widened
from storage import open_storage, paging, searching
from tests.databases import empty

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from desk.ports import Storage, Transaction

    Opened = Callable[[], Storage]

pytestmark = pytest.mark.both

NAMES = itertools.count()
BEGAN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
DEPARTMENTS = ("it", "hr", "board")
PRIORITIES = ("urgent", "normal", "low")  # the most pressing first
TAGS = ("vip", "hw", "sw")
TYPED = ("reseau intranet", "CONGE printer", "int*", "prin*", "intrane* res*", "in*", "7", "badge mot")
WORDS = ("intranet", "réseau", "printer", "badge", "congé", "mot")


@dataclass
class Said:
    kind: Kind
    text: str
    gone: bool = False


@dataclass
class Model:
    """What the desk has, kept beside it."""

    tickets: dict[int, Ticket]
    said: dict[int, list[Said]]
    people: list[int]
    followed: set[tuple[int, int]]  # ticket, person

    def visible(self, sight: Sight) -> list[Ticket]:
        return [
            ticket for number, ticket in self.tickets.items()
            if sight.sees(ticket, follows=(number, sight.person_id) in self.followed)
        ]  # fmt: skip

    def listed(self, sight: Sight, asked: Listing, now: datetime) -> list[Ticket]:
        found = [t for t in self.visible(sight) if self._in_tab(t, asked.tab, sight) and _passes(t, asked.filters, now)]
        if asked.filters.due:
            found = [t for t in found if sight.inside(t.department) and _is_due(t, asked.filters.due, now)]
        if asked.words:
            found = [t for t in found if self.holds(sight, t, asked.words)]
        match asked.sorted_by():
            case Sort.ACTIVE:
                return sorted(found, key=lambda t: (t.active_at, t.number), reverse=True)
            case Sort.QUIET:
                return sorted(found, key=lambda t: (t.active_at, t.number))
            case Sort.NEWEST if not asked.words:
                return sorted(found, key=lambda t: (t.opened_at, t.number), reverse=True)
            case Sort.OLDEST:
                return sorted(found, key=lambda t: (t.opened_at, t.number))
            case Sort.DUE:
                return sorted(found, key=lambda t: (t.due_at is None, t.due_at or BEGAN, t.number))
            case Sort.PRESSING:
                found.sort(key=lambda t: (t.active_at, t.number), reverse=True)
                return sorted(found, key=lambda t: (*PRIORITIES, "gone").index(t.priority))
            case _:
                return sorted(found, key=lambda t: t.number, reverse=True)

    def _in_tab(self, ticket: Ticket, tab: Tab, sight: Sight) -> bool:
        if ticket.status not in SHOWN_IN[tab]:
            return False
        match tab:
            case Tab.MINE:
                return ticket.agent_id is not None and ticket.agent_id == sight.person_id
            case Tab.UNASSIGNED:
                return ticket.agent_id is None
            case Tab.AWAITING:
                return ticket.last_reply_by is Audience.CLIENT
            case _:
                return True

    def holds(self, sight: Sight, ticket: Ticket, typed: str) -> bool:
        said = [each for each in self.said[ticket.number] if not each.gone]
        replies = " ".join([f"{ticket.number} {ticket.subject}", *(e.text for e in said if e.kind is Kind.REPLY)])
        notes = " ".join(e.text for e in said if e.kind is Kind.NOTE)
        wanted = terms(typed)
        return matches(replies, wanted) or (sight.inside(ticket.department) and bool(notes) and matches(notes, wanted))


def _is_due(ticket: Ticket, due: Due, now: datetime) -> bool:
    if ticket.due_at is None:
        return False
    return ticket.due_at < now if due is Due.LATE else now <= ticket.due_at < now + timedelta(hours=24)


def _passes(ticket: Ticket, filters: Filters, now: datetime) -> bool:
    times = bounds(filters, now)
    return all(
        (
            not filters.priorities or ticket.priority in filters.priorities,
            not filters.departments or ticket.department in filters.departments,
            not filters.products or ticket.product in filters.products,
            not filters.channels or ticket.channel in filters.channels,
            not filters.statuses or ticket.house_status in filters.statuses,
            not filters.tags or bool(set(filters.tags) & set(ticket.tags)),
            not filters.agents or (ticket.agent_id or 0) in filters.agents,
            not filters.clients or ticket.client_id in filters.clients,
            times.opened_from is None or ticket.opened_at >= times.opened_from,
            times.opened_before is None or ticket.opened_at < times.opened_before,
            times.active_from is None or ticket.active_at >= times.active_from,
            times.active_before is None or ticket.active_at < times.active_before,
        )
    )


@pytest.fixture
def opened(where: Path | str) -> Callable[[], Storage]:
    """Gives an empty desk, each time that it is called."""

    def made() -> Storage:
        if isinstance(where, str):
            _empty(where)
            return open_storage(where)
        return open_storage(empty(where.with_name(f"{next(NAMES)}.sqlite3")))

    return made


def _empty(url: str) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as database:
        names = database.execute(
            "SELECT string_agg(quote_ident(relname), ', ') FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = 'public'::regnamespace AND relname NOT IN ('alembic_version', 'settings')"
        ).fetchone()
        assert names is not None
        database.execute(f"TRUNCATE {names[0]} RESTART IDENTITY")


def _built(seed: int, count: int) -> Callable[[Transaction], Model]:
    """A desk with so many tickets, each with a history that the seed chooses."""
    chance = random.Random(seed)

    def verb(tx: Transaction) -> Model:
        people = [tx.add_person(AccountRef("slack", f"U{n}"), name=f"P{n}", locale="").id for n in range(5)]
        model = Model({}, {}, people, set())
        for number in range(1, count + 1):
            made = tx.add_ticket(
                subject=" ".join(chance.choices(WORDS, k=2)), department=chance.choice(DEPARTMENTS),
                product=chance.choice("xy"), priority=chance.choice((*PRIORITIES, "gone")),
                client_id=chance.choice(people), channel=chance.choice(("slack", "discord")),
            )  # fmt: skip
            model.said[number] = []
            for turn in range(chance.randrange(3)):
                _say(tx, model, made, chance, f"{number}-{turn}")
            opened = BEGAN + timedelta(hours=number)
            status = chance.choice(list(Status))
            kept = replace(
                made, opened_at=opened, active_at=opened + timedelta(hours=chance.randrange(200)), status=status,
                agent_id=chance.choice([None, *people[:2]]), last_reply_by=chance.choice([None, *Audience][:3]),
                tags=tuple(sorted(chance.sample(TAGS, k=chance.randrange(3)))),
                house_status=status.value if chance.random() < 0.7 else "parts",
                due_at=None if status is Status.CLOSED or chance.random() < 0.3
                else BEGAN + timedelta(days=8, hours=chance.randrange(60)),
            )  # fmt: skip
            tx.save_ticket(kept)
            for person in people:
                if chance.random() < 0.1:
                    tx.follow(number, person)
                    model.followed.add((number, person))
            if chance.random() < 0.2:
                kept = replace(kept, subject=" ".join(chance.choices(WORDS, k=2)))
                tx.save_ticket(kept)
            model.tickets[number] = kept
        return model

    return verb


def _say(tx: Transaction, model: Model, made: Ticket, chance: random.Random, key: str) -> None:
    kind, text = chance.choice(list(Kind)), " ".join(chance.choices(WORDS, k=3))
    message = tx.add_message(
        ticket=made.number, author_id=made.client_id, kind=kind, body=text, by=Audience.CLIENT, thread_id=None,
        origin=MessageRef("slack", key), attachments=(),
    )  # fmt: skip
    assert message is not None
    said = Said(kind, text)
    model.said[made.number].append(said)
    match chance.randrange(6):
        case 0:
            said.text = " ".join(chance.choices(WORDS, k=3))
            tx.add_version(message, body=said.text)
        case 1:
            said.gone = True
            tx.mark_deleted(message)


def _sights(people: list[int]) -> st.SearchStrategy[Sight]:
    person = st.sampled_from([None, *people])
    some = st.frozensets(st.sampled_from(DEPARTMENTS))
    return st.builds(Sight, person, some) | st.builds(Sight, person, st.none(), some)


LISTINGS = st.builds(
    Listing,
    tab=st.sampled_from(Tab),
    sort=st.sampled_from(Sort),
    filters=st.just(Filters())
    | st.builds(
        Filters,
        priorities=st.sampled_from([(), (), ("urgent",), ("low", "normal")]),
        departments=st.sampled_from([(), (), ("it",), ("hr", "board")]),
        statuses=st.sampled_from([(), (), ("new", "parts")]),
        tags=st.sampled_from([(), (), ("vip", "sw")]),
        products=st.sampled_from([(), ("x",)]),
        channels=st.sampled_from([(), ("slack",)]),
        agents=st.sampled_from([(), (), (0,), (0, 1), (1,)]),
        clients=st.sampled_from([(), (), (2,), (1, 3)]),
        opened_from=st.sampled_from([None, (BEGAN + timedelta(days=1)).date()]),
        opened_until=st.sampled_from([None, (BEGAN + timedelta(days=2)).date()]),
        activity=st.sampled_from(Activity),
        due=st.sampled_from([Due.ANY, Due.ANY, Due.ANY, *Due]),
    ),
)
CASE = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a failing case is small; shrinking it takes minutes
)


def drawn(test: Callable[[Callable[[], Storage], st.DataObject], None]) -> Callable[..., None]:
    """The test with what is drawn, many times; fewer on PostgreSQL, where a desk takes longer to make."""

    def cases(where: Path | str, opened: Callable[[], Storage]) -> None:
        @settings(CASE, max_examples=6 if isinstance(where, str) else 25)
        @given(st.data())
        def case(data: st.DataObject) -> None:
            test(opened, data)

        case()

    return cases


def _walked(ask: Callable[[Cursor | None], Page]) -> Iterator[Page]:
    """Every page to the end, and then back to the start."""
    cursor = None
    while True:
        page = ask(cursor)
        yield page
        if page.after is None:
            break
        cursor = page.after
    while page.before is not None:
        page = ask(page.before)
        yield page


def _numbers(pages: list[Page]) -> list[int]:
    return [hit.ticket.number for page in pages for hit in page.hits]


@pytest.fixture
def short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a list of some dozens meets the limits of one of thousands."""
    monkeypatch.setattr(paging, "LOOKS", (4, 9))
    monkeypatch.setattr(paging, "HITS", (4, 9))
    monkeypatch.setattr(searching, "OWN", 5)


@pytest.mark.usefixtures("short_looks")
@drawn
def test_a_walk_shows_each_ticket_that_may_be_seen_once_and_no_other(
    opened: Callable[[], Storage], data: st.DataObject
) -> None:
    async def tried() -> None:
        storage = opened()
        model = await storage.write(_built(data.draw(st.integers(0, 10**6)), data.draw(st.sampled_from((0, 7, 60)))))
        now = BEGAN + timedelta(days=9)
        for _ in range(8):
            sight = data.draw(_sights(model.people))
            asked = data.draw(LISTINGS)
            expected = [ticket.number for ticket in model.listed(sight, asked, now)]
            await _check(storage, sight, asked, now, expected, data.draw(st.sampled_from((1, 3, 10))))
        await storage.close()

    asyncio.run(tried())


async def _check(
    storage: Storage, sight: Sight, asked: Listing, now: datetime, expected: list[int], limit: int
) -> None:
    def walk(tx: Transaction) -> list[Page]:
        times = bounds(asked.filters, now)

        def ask(cursor: Cursor | None) -> Page:
            cursor = Cursor.of(cursor.code()) if cursor else None  # as a button carries it
            if asked.words:
                return tx.search(sight, asked, times, cursor=cursor, limit=limit)
            return tx.tickets_page(sight, asked, times, priorities=PRIORITIES, cursor=cursor, limit=limit)

        return list(_walked(ask))

    pages = await storage.read(walk)
    turn = next(n for n, page in enumerate(pages) if page.after is None)
    assert _numbers(pages[: turn + 1]) == expected
    back = [page.hits[::-1] for page in pages[turn:]]
    assert [hit.ticket.number for hits in back for hit in hits] == expected[::-1]
    assert all(page.stopped or len(page.hits) == limit for page in pages[:turn])


@pytest.mark.usefixtures("short_looks")
@drawn
def test_a_search_finds_each_ticket_with_the_words_that_may_be_read(
    opened: Callable[[], Storage], data: st.DataObject
) -> None:
    async def tried() -> None:
        storage = opened()
        model = await storage.write(_built(data.draw(st.integers(0, 10**6)), 40))
        now = BEGAN + timedelta(days=9)
        for _ in range(8):
            sight = data.draw(_sights(model.people))
            words = data.draw(
                st.sampled_from(
                    [
                        *WORDS,
                        "reseau intranet",
                        "CONGE printer",
                        "int*",
                        "prin*",
                        "intrane* res*",
                        "in*",
                        "7",
                        "badge mot",
                    ]
                )
            )
            asked = replace(data.draw(LISTINGS), words=words, sort=Sort.NEWEST)
            expected = [ticket.number for ticket in model.listed(sight, asked, now)]
            await _check(storage, sight, asked, now, expected, data.draw(st.sampled_from((1, 3, 10))))
            ranked = replace(asked, sort=Sort.BEST)
            best = await storage.read(
                lambda tx, s=sight, a=ranked: tx.search(s, a, bounds(a.filters, now), cursor=None, limit=10)
            )
            assert {hit.ticket.number for hit in best.hits} <= set(expected)
            assert best.stopped or bool(best.hits) == bool(expected)
            for hit in best.hits:
                assert _readable(model, sight, hit)
        await storage.close()

    asyncio.run(tried())


def _readable(model: Model, sight: Sight, hit: Hit) -> bool:
    """Whether the text beside a hit is one that this reader may read, as it is now."""
    said = [each for each in model.said[hit.ticket.number] if not each.gone]
    inside = sight.inside(hit.ticket.department)
    return not hit.text or hit.text in {each.text for each in said if inside or each.kind is Kind.REPLY}


@drawn
def test_tabs_count_what_they_list(opened: Opened, data: st.DataObject) -> None:
    async def tried() -> None:
        storage = opened()
        model = await storage.write(_built(data.draw(st.integers(0, 10**6)), 40))
        for _ in range(4):
            sight = data.draw(_sights(model.people))
            counts = await storage.read(lambda tx, s=sight: tx.tab_counts(s))
            assert counts == {tab: len(model.listed(sight, Listing(tab), BEGAN)) for tab in Tab}
        await storage.close()

    asyncio.run(tried())


TYPED_BY_ANYBODY = st.text(max_size=30) | st.sampled_from(
    ['"', "NEAR(a b)", "subject:x", "-a", "a*b", "^", "(", "OR", "a\0b"]
)


@drawn
def test_nothing_that_people_type_breaks_a_search(opened: Opened, data: st.DataObject) -> None:
    async def tried() -> None:
        storage = opened()
        await storage.write(_built(1, 5))
        for words in data.draw(st.lists(TYPED_BY_ANYBODY, min_size=5, max_size=20)):
            for said in (words, widened(words)):
                asked = Listing(Tab.ALL, words=said)
                page = await storage.read(
                    lambda tx, a=asked: tx.search(Sight(None, None), a, bounds(a.filters, BEGAN), cursor=None,
                                                          limit=5)
                )  # fmt: skip
                assert isinstance(page, Page)
        await storage.close()

    asyncio.run(tried())


async def test_pages_stay_whole_while_tickets_change(storage: Storage) -> None:
    await storage.write(_built(3, 40))
    everything, limit = Listing(Tab.ALL), 10

    async def page(cursor: Cursor | None) -> Page:
        return await storage.read(
            lambda tx: tx.tickets_page(Sight(None, None), everything, bounds(Filters(), BEGAN), priorities=PRIORITIES,
                                       cursor=cursor, limit=limit)
        )  # fmt: skip

    first = await page(None)
    last_shown, moved = first.hits[-1].ticket, (await page(first.after)).hits[0].ticket
    now = BEGAN + timedelta(days=90)
    await storage.write(lambda tx: tx.save_ticket(replace(moved, active_at=now)))  # jumps to the top
    await storage.write(lambda tx: tx.save_ticket(replace(last_shown, active_at=now)))  # and so does the cursor's row
    seen = _numbers([first])
    cursor = first.after
    while cursor is not None:
        found = await page(cursor)
        seen += _numbers([found])
        cursor = found.after
    assert sorted([*seen, moved.number]) == list(range(1, 41))


async def test_the_best_are_shown_once_each_forward_and_back_the_better_first(storage: Storage) -> None:
    model = await storage.write(_built(5, 60))
    sight, asked, now = Sight(None, None), Listing(Tab.ALL, words="printer", sort=Sort.BEST), BEGAN
    expected = {ticket.number for ticket in model.listed(sight, asked, now)}

    def walk(tx: Transaction) -> list[Page]:
        return list(_walked(lambda cursor: tx.search(sight, asked, Bounds(), cursor=cursor, limit=7)))

    pages = await storage.read(walk)
    turn = next(n for n, page in enumerate(pages) if page.after is None)
    there, back = _numbers(pages[: turn + 1]), [hit.ticket.number for page in pages[turn:] for hit in page.hits[::-1]]
    assert len(expected) > 20
    assert sorted(there) == sorted(expected)
    assert back == there[::-1]
    in_subject = ["printer" in model.tickets[number].subject for number in there]
    assert in_subject == sorted(in_subject, reverse=True)  # a word in the subject says more than any in the messages


async def test_a_list_is_kept_once_under_one_id_and_named_for_all(storage: Storage) -> None:
    asked = Listing(Tab.CLOSED, Filters(priorities=("urgent",), agents=(0, 7), opened_from=BEGAN.date()), "réseau*")
    assert (await storage.read(lambda tx: tx.listing_id(asked)))[1] is False
    ids = {await storage.write(lambda tx: tx.keep_listing(asked)) for _ in range(2)}
    (id_,) = ids
    assert await storage.read(lambda tx: tx.listing_id(asked)) == (id_, True)
    assert await storage.read(lambda tx: tx.listing(id_)) == asked
    assert await storage.read(lambda tx: tx.listing("nothing")) is None
    owner = await storage.write(lambda tx: tx.add_person(AccountRef("slack", "U9"), name="Léa", locale="fr"))
    await storage.write(lambda tx: tx.save_view("Élan  d'été", asked, owner_id=owner.id))
    view = await storage.read(lambda tx: tx.view("elan d'ETE"))
    assert view is not None
    assert (view.name, view.listing, view.owner_id, view.owner) == ("Élan  d'été", asked, owner.id, "Léa")
    assert await storage.read(lambda tx: tx.views(limit=5)) == [view]
    await storage.write(lambda tx: tx.forget_view("Elan d'été"))
    assert await storage.read(lambda tx: tx.view("Élan d'été")) is None


async def test_lists_that_nobody_uses_are_forgotten_and_those_in_use_are_not(where: Path | str) -> None:
    now = BEGAN
    storage = open_storage(where, clock=lambda: now)
    old, used = Listing(words="old"), Listing(words="used")
    ids = [await storage.write(lambda tx, each=each: tx.keep_listing(each)) for each in (old, used)]
    now += timedelta(days=50)
    assert await storage.read(lambda tx: tx.listing_id(used)) == (ids[1], False)  # due to be written down again
    await storage.write(lambda tx: tx.keep_listing(used))
    now += timedelta(days=50)
    await storage.write(lambda tx: tx.keep_listing(Listing()))
    assert [await storage.read(lambda tx, id_=id_: tx.listing(id_)) for id_ in ids] == [None, used]
    await storage.close()
