"""Durable writes: a reply through `Storage.write` with many in flight, against the database's driver that commits the
same rows one by one.

    python -m benchmarks.durable [--database sqlite|postgres] [--writes N] [--rounds N]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sqlite3
import tempfile
import time
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import psycopg
from rich.console import Console

from benchmarks.bare import server
from benchmarks.generated import language
from desk import verbs
from desk.catalogue import Catalogue, Department, Priority, Product
from desk.model import AccountRef, MessageRef, PlaceRef, Role, ThreadRef
from desk.ports import Expecting
from desk.search import words_of
from storage import open_storage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from desk.model import Message, Ticket
    from desk.ports import Storage, Transaction

ACCOUNT = AccountRef("slack", "U1")
TALKS = 100  # tickets that are spoken in
WRITES = 10_000
IN_FLIGHT = 100
CATALOGUE = Catalogue(
    (Product("p", {"en": "P"}),),
    (Department("d", {"en": "D"}, places=(PlaceRef("discord", "1"),)),),
    (Priority("n", {"en": "N"}),),
    "n",
)


@lru_cache(1)
def _sentences() -> list[str]:
    return language(random.Random(1))[1]  # noqa: S311 - a seed is wanted


def said(number: int) -> str:
    """What is said the `number`-th time: sixteen words as a language has them."""
    sentences = _sentences()
    return f"{sentences[number % len(sentences)]}. {sentences[7 * number % len(sentences)]}."


async def through_storage(where: Path | str, *, writes: int, in_flight: int) -> float:
    """Replies a second, as `bot.router` has them written: person, thread, message, words, ticket, event, delivery,
    durable when it returns.
    """
    storage = open_storage(where)
    for talk in range(TALKS):
        ticket = await storage.write(_open)
        await storage.write(lambda tx, ticket=ticket, talk=talk: _settle(tx, ticket, talk))  # type: ignore[misc] # mypy sees no defaults
    said(0)
    left = iter(range(writes))
    began = time.perf_counter()
    await asyncio.gather(*(_say(storage, left) for _ in range(in_flight)))
    rate = writes / (time.perf_counter() - began)
    await storage.close()
    return rate


def _open(tx: Transaction) -> Ticket:
    person = tx.person_of(ACCOUNT) or tx.add_person(ACCOUNT, name="Marc", locale="fr")
    return verbs.open_ticket(
        tx, CATALOGUE, verbs.Actor(person, Role.CLIENT), ACCOUNT, verbs.Draft("s", "d", "d", "p", "n"), ()
    )


def _settle(tx: Transaction, ticket: Ticket, talk: int) -> None:
    for number, thread in enumerate(tx.threads(ticket.number)):
        tx.save_thread(replace(thread, ref=ThreadRef(thread.channel, f"T{talk}-{number}")))
    for delivery in tx.claim(limit=10, lease_seconds=10, channels=["slack", "discord"]):
        tx.settle(delivery)


async def _say(storage: Storage, left: Iterator[int]) -> None:
    for number in left:  # one iterator shared by all who write
        ref, origin = ThreadRef("slack", f"T{number % TALKS}-0"), MessageRef("slack", f"m{number}")

        def verb(
            tx: Transaction, number: int = number, ref: ThreadRef = ref, origin: MessageRef = origin
        ) -> Message | None:
            thread, person = tx.thread(ref), tx.person_of(ACCOUNT)
            assert thread is not None
            assert person is not None
            actor = verbs.Actor(person, Role.CLIENT)
            return verbs.say(tx, thread, actor, body=said(number), attachments=(), origin=origin)

        await storage.write(verb, expecting=Expecting(ref, ACCOUNT, f"gone:{number}", origin))


_FIRST = (
    "INSERT INTO people (id, name, locale, created_at) VALUES (1, 'Marc', 'fr', 1)",
    (
        "INSERT INTO tickets (number, subject, department, product, priority, status, client_id, channel, opened_at,"
        " active_at) VALUES ({}, 's', 'd', 'p', 'n', 'new', 1, 'slack', 1, 1)"
    ),
    "INSERT INTO threads (id, ticket, audience, channel, locale) VALUES ({0}, {0}, 'agents', 'discord', '')",
)
_MESSAGE = (
    "INSERT INTO messages (ticket, author_id, kind, body, at, by, thread_id, version, origin_channel, origin_key)"
    " VALUES (?, 1, 'reply', ?, 1, 'client', 1, 1, 'slack', ?)"
)
_TICKET = "UPDATE tickets SET active_at = ?, last_reply_at = ? WHERE number = ?"
_EVENT = "INSERT INTO events (ticket, kind, data, actor_id, at) VALUES (?, 'MessageSaid', ?, 1, 1) RETURNING id"
_DELIVERY = (
    "INSERT INTO deliveries (event_id, thread_id, channel, state, due_at, attempts)"
    " VALUES (?, ?, 'discord', 'owed', 1, 0)"
)


def raw(path: Path, schema_of: Path, *, writes: int) -> float:
    """The same rows a second with sqlite3 alone, one commit each (journal_mode=WAL, synchronous=FULL)."""
    with sqlite3.connect(schema_of) as source:
        schema = source.execute(
            "SELECT sql FROM sqlite_master WHERE sql NOT NULL AND name NOT LIKE 'sqlite_%'"
            " AND name NOT LIKE 'ticket_words_%'"  # FTS5 makes its own
        ).fetchall()
    rows = sqlite3.connect(path, isolation_level=None)
    rows.execute("PRAGMA journal_mode=WAL")
    rows.execute("PRAGMA synchronous=FULL")
    for (statement,) in schema:
        rows.execute(statement)
    rows.execute(_FIRST[0])
    for talk in range(1, TALKS + 1):
        for statement in _FIRST[1:]:
            rows.execute(statement.format(talk))
    began = time.perf_counter()
    for number in range(writes):
        talk, text = 1 + number % TALKS, said(number)
        rows.execute("BEGIN IMMEDIATE")
        rows.execute(_MESSAGE, (talk, text, f"m{number}"))
        rows.execute("INSERT INTO ticket_words (rowid, text) VALUES (?, ?)", (2 * talk, text))
        rows.execute(_TICKET, (number, number, talk))
        (event,) = rows.execute(_EVENT, (talk, f'{{"ticket":{talk},"message_id":{number}}}')).fetchone()
        rows.execute(_DELIVERY, (event, talk))
        rows.execute("COMMIT")
    rate = writes / (time.perf_counter() - began)
    rows.close()
    return rate


def raw_postgresql(url: str, *, writes: int) -> float:
    """The same rows a second with psycopg alone over a desk's empty database, one commit each."""
    with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as rows:
        rows.execute(_FIRST[0])
        for talk in range(1, TALKS + 1):
            for statement in _FIRST[1:]:
                rows.execute(statement.format(talk))
        message, ticket, event, delivery = (
            statement.replace("?", "%s") for statement in (_MESSAGE, _TICKET, _EVENT, _DELIVERY)
        )
        words = (
            "INSERT INTO ticket_words SELECT 0, unnest(%s::text[]), %s ON CONFLICT (stretch, word)"
            " DO UPDATE SET entries = excluded.entries"
        )
        began = time.perf_counter()
        for number in range(writes):
            talk, text = 1 + number % TALKS, said(number)
            with rows.transaction():
                rows.execute(message, (talk, text, f"m{number}"))
                rows.execute(words, (sorted(words_of(text)), bytes(2 * talk)))
                rows.execute(ticket, (number, number, talk))
                row = rows.execute(event, (talk, f'{{"ticket":{talk},"message_id":{number}}}')).fetchone()
                assert row is not None
                rows.execute(delivery, (row[0], talk))
        return writes / (time.perf_counter() - began)


async def main(database: str, writes: int, rounds: int) -> None:
    """Both ways in turns, each time in a new database."""
    console = Console()
    ours, bare = [], []
    with tempfile.TemporaryDirectory(prefix="helpthread-durable-") as name:
        folder = Path(name)
        for turn in range(rounds):
            if database == "postgres":
                ours.append(await through_storage(server(folder, f"desk_{turn}"), writes=writes, in_flight=IN_FLIGHT))
                url = server(folder, f"bare_{turn}")
                await open_storage(url).close()
                bare.append(await asyncio.to_thread(raw_postgresql, url, writes=writes))
            else:
                path = folder / f"desk_{turn}.sqlite3"
                ours.append(await through_storage(path, writes=writes, in_flight=IN_FLIGHT))
                bare.append(await asyncio.to_thread(raw, folder / f"bare_{turn}.sqlite3", path, writes=writes))
            console.print(f"{database}: the desk {ours[-1]:,.0f} replies/s, {IN_FLIGHT} in flight;"
                          f" the driver one by one {bare[-1]:,.0f}/s")  # fmt: skip
    console.print(f"medians: {median(ours):,.0f} and {median(bare):,.0f} a second,"
                  f" {median(ours) / median(bare):.1f} times as many")  # fmt: skip


if __name__ == "__main__":
    PARSER = argparse.ArgumentParser(prog="python -m benchmarks.durable")
    PARSER.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    PARSER.add_argument("--writes", type=int, default=WRITES)
    PARSER.add_argument("--rounds", type=int, default=3)
    GIVEN = PARSER.parse_args()
    asyncio.run(main(GIVEN.database, GIVEN.writes, GIVEN.rounds))
