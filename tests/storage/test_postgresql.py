"""What only a server can do to a desk: go away, come back, serve several at once."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from desk.model import AccountRef, KeptDraft
from storage import NoAnswer, StorageError, examined, open_storage
from storage.postgresql import opening
from storage.postgresql.connecting import NO_NUL
from storage.postgresql.writing import PostgreSQLStorage
from tests.databases import own, sql
from tests.storage.test_contract import message, owe, thread, ticket

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import psycopg

    from desk.ports import Transaction
    from tests.databases import OwnServer, Server

MARC = AccountRef("slack", "U1")


@pytest.fixture
def url(postgresql: Server) -> Iterator[str]:
    with postgresql.database() as made:
        yield made


@pytest.fixture
async def storage(url: str) -> AsyncIterator[PostgreSQLStorage]:
    made = open_storage(url)
    yield made
    await made.close()


@pytest.fixture(scope="module")
def fragile() -> Iterator[OwnServer]:
    """A server of these tests alone, to be brought down."""
    with own() as server:
        yield server


def one_more(tx: Transaction) -> str:
    """A ticket whose subject says how many there were: it is never the same one."""
    person = tx.person_of(MARC)
    return ticket(tx, str(tx.panel(person.id, beside=0, limit=0).total if person else 0)).subject


async def test_a_desk_survives_a_crash_of_the_server_and_nothing_is_lost_or_done_twice(fragile: OwnServer) -> None:
    with fragile.database() as url:
        storage = open_storage(url)
        said: list[str] = []
        further, enough = asyncio.Event(), asyncio.Event()

        async def lane() -> None:
            while not enough.is_set():
                said.append(await storage.write(one_more))
                assert await storage.read(lambda tx: tx.person_of(MARC))
                further.set()

        async def until(more: int) -> None:
            wanted = len(said) + more
            while len(said) < wanted:
                further.clear()
                await further.wait()

        lanes = [asyncio.ensure_future(lane()) for _ in range(10)]
        for _ in range(2):
            await until(40)
            await asyncio.to_thread(fragile.crash)
            await asyncio.to_thread(fragile.start)
        await until(40)
        enough.set()
        await asyncio.gather(*lanes)
        await storage.close()
        kept = [row[0] for row in sql(url, "SELECT subject FROM tickets")]
        assert sorted(kept, key=int) == [str(number) for number in range(len(kept))]
        assert sorted(said) == sorted(map(str, kept))


@pytest.mark.parametrize(("breaks", "runs"), (("behind", 1), ("before", 2)))
async def test_what_a_lost_answer_meant_is_found_out(url: str, breaks: str, runs: int) -> None:
    """The connection breaks at the commit: durable, it is not done again; not durable, it is."""
    ran: list[str] = []

    class Cut(PostgreSQLStorage):
        def _mark(self) -> str:
            cut = "" if ran[1:] else "SELECT pg_terminate_backend(pg_backend_pid()); SELECT pg_sleep(1); "
            mark = super()._mark()
            return f"{mark}; COMMIT; {cut} BEGIN" if breaks == "behind" else f"{mark}; {cut} SELECT 1"

    await open_storage(url).close()
    storage = Cut(url, "salt")

    def verb(tx: Transaction) -> str:
        ran.append(one_more(tx))
        return ran[-1]

    assert await storage.write(verb) == "0"
    await storage.close()
    assert ran == ["0"] * runs
    assert [row[0] for row in sql(url, "SELECT subject FROM tickets")] == ["0"]


@pytest.mark.parametrize("way", ("read", "write"))
async def test_a_question_of_many_values_that_meets_a_break_is_asked_again(url: str, way: str) -> None:
    """SQLAlchemy itself sends those, and sees the break first."""
    storage = open_storage(url)
    tries: list[int] = []

    def verb(tx: Transaction) -> float | None:
        tries.append(len(tries))
        if tries == [0]:
            sql(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                     " WHERE datname = current_database() AND pid <> pg_backend_pid()")  # fmt: skip
        return tx.next_due(["slack", "discord"])

    assert await (storage.read if way == "read" else storage.write)(verb) is None
    assert tries == [0, 1]
    await storage.close()


async def test_instances_write_one_after_the_other(url: str) -> None:
    both = [open_storage(url), open_storage(url)]
    said = await asyncio.gather(*(both[number % 2].write(one_more) for number in range(200)))
    assert sorted(map(int, said)) == list(range(200))
    for storage in both:
        await storage.close()


async def test_what_is_too_much_for_one_packet_arrives(storage: PostgreSQLStorage) -> None:
    """More is sent before an answer is waited for than finds room on the way, and comes back at once."""
    number = (await storage.write(ticket)).number
    body = "words of length " * 20_000

    def verb(tx: Transaction) -> int:
        for each in range(60):
            tx.add_draft(KeptDraft(0, MARC, "direct", f"{each} {body}", tx.now))
        made = tx.message(message(tx, number, "m1") or 0)
        for _ in range(60):
            made = tx.add_version(made, body=body)  # its older one is kept, and nobody looks at the answer
        return made.id

    edited = await storage.write(verb)
    newest = await storage.read(lambda tx: tx.newest_draft(MARC, "direct", since=datetime(2020, 1, 1, tzinfo=UTC)))
    assert newest is not None
    assert newest.body == f"59 {body}"
    assert len(await storage.read(lambda tx: tx.versions(edited))) == 61


async def test_two_that_start_at_once_make_one_database(postgresql: Server) -> None:
    with postgresql.database(migrated=False) as url, ThreadPoolExecutor(2) as pool:
        for storage in list(pool.map(open_storage, (url, url))):
            assert await storage.write(lambda tx: tx.first_hearing("k")) in (True, False)
            await storage.close()


async def test_what_one_owes_and_does_not_take_wakes_another(url: str) -> None:
    writes, delivers = open_storage(url), open_storage(url)
    woken = asyncio.Event()
    delivers.when_owed(woken.set)

    def verb(tx: Transaction) -> None:
        number = ticket(tx).number
        owe(tx, number, [thread(tx, number, "T1")])

    async with delivers.life():
        woken.clear()
        await writes.write(verb)
        await asyncio.wait_for(woken.wait(), 30)
    for storage in (writes, delivers):
        await storage.close()


async def test_a_text_with_a_sign_that_has_no_place_there_is_kept_all_the_same(storage: PostgreSQLStorage) -> None:
    number = (await storage.write(lambda tx: ticket(tx, "a\0b"))).number
    made = await storage.write(lambda tx: message(tx, number, "m\0", "one\0two"))
    assert made is not None
    assert (await storage.read(lambda tx: tx.message(made))).body == f"one{NO_NUL}two"
    assert await storage.write(lambda tx: message(tx, number, "m\0", "again")) is None


async def test_a_server_that_goes_away_while_a_desk_starts_is_waited_for(
    fragile: OwnServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    fragile.crash()  # another test may have left it down
    fragile.start()
    version, crashes = opening._version, list[int]()

    def away_once(driver: psycopg.Connection[Any]) -> str | None:
        if not crashes:
            crashes.append(1)
            fragile.crash()
            fragile.start()
        return version(driver)

    with fragile.database() as url:
        monkeypatch.setattr(opening, "_version", away_once)
        storage = open_storage(url)
        assert await storage.write(lambda tx: tx.first_hearing("it is there"))
        await storage.close()
    assert crashes == [1]


def test_a_database_without_a_place_for_every_script_is_refused(postgresql: Server) -> None:
    postgresql.run("CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    try:
        url = postgresql.at("latin")
        with pytest.raises(StorageError, match="its encoding is LATIN1, and UTF8 is needed"):
            open_storage(url)
        server = examined(url).server
        assert server is not None
        assert server.misread == "LATIN1"
    finally:
        postgresql.run("DROP DATABASE latin WITH (FORCE)")


def test_a_database_that_is_not_to_be_had_is_told_without_its_password() -> None:
    with pytest.raises(NoAnswer, match="does not answer") as caught:
        open_storage("postgresql+psycopg://desk:geheim@127.0.0.1:9/desk")
    assert "geheim" not in str(caught.value)
    assert "geheim" not in repr(caught.value.__cause__)


async def test_a_refusal_does_not_quote_what_people_wrote(storage: PostgreSQLStorage) -> None:
    number = (await storage.write(ticket)).number
    await storage.write(lambda tx: thread(tx, number, "secret"))
    with pytest.raises(Exception, match="uq_threads_channel_key") as caught:
        await storage.write(lambda tx: thread(tx, number, "secret"))
    assert "secret" not in str(caught.value)
