"""Durable writes: a reply through `Storage.write` with many in flight, against raw sqlite3 committing one by one."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from desk import verbs
from desk.catalogue import Catalogue, Department, Priority, Product
from desk.model import AccountRef, MessageRef, PlaceRef, Role, ThreadRef
from storage import open_storage

if TYPE_CHECKING:
    from pathlib import Path

    from desk.model import Message, Ticket
    from desk.ports import Storage, Transaction

ACCOUNT = AccountRef("slack", "U1")
BODY = "It still does not work. " * 4
CATALOGUE = Catalogue(
    (Product("p", {"en": "P"}),),
    (Department("d", {"en": "D"}, places=(PlaceRef("discord", "1"),)),),
    (Priority("n", {"en": "N"}),),
    "n",
)


async def through_storage(path: Path, *, writes: int, in_flight: int) -> float:
    """Replies a second: receipt, person, thread, message, ticket, event and delivery, durable when it returns."""
    storage = open_storage(path)
    ticket = await storage.write(_open)
    await storage.write(lambda tx: _settle(tx, ticket))
    left = iter(range(writes))
    began = time.perf_counter()
    await asyncio.gather(*(_say(storage, left) for _ in range(in_flight)))
    rate = writes / (time.perf_counter() - began)
    await storage.close()
    return rate


def _open(tx: Transaction) -> Ticket:
    actor = verbs.Actor(tx.add_person(ACCOUNT, name="Marc", locale="fr"), Role.CLIENT)
    return verbs.open_ticket(tx, CATALOGUE, actor, ACCOUNT, verbs.Draft("s", "d", "d", "p", "n"), ())


def _settle(tx: Transaction, ticket: Ticket) -> None:
    for number, thread in enumerate(tx.threads(ticket.number)):
        tx.save_thread(replace(thread, ref=ThreadRef(thread.channel, f"T{number}")))
    for delivery in tx.claim(limit=10, lease_seconds=10, channels=["slack", "discord"]):
        tx.settle(delivery)


async def _say(storage: Storage, left: object) -> None:
    for number in left:  # type: ignore[attr-defined] # one iterator shared by all who write

        def verb(tx: Transaction, number: int = number) -> Message | None:
            tx.first_hearing(f"slack:{number}")
            thread, person = tx.thread(ThreadRef("slack", "T0")), tx.person_of(ACCOUNT)
            assert thread is not None
            assert person is not None
            origin = MessageRef("slack", f"m{number}")
            return verbs.say(tx, thread, verbs.Actor(person, Role.CLIENT), body=BODY, attachments=(), origin=origin)

        await storage.write(verb)


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
    rows.execute("INSERT INTO people (id, name, locale, created_at) VALUES (1, 'Marc', 'fr', 1)")
    rows.execute("INSERT INTO tickets (number, subject, department, product, priority, status, client_id, channel, "
                 "opened_at, active_at) VALUES (1, 's', 'd', 'p', 'n', 'new', 1, 'slack', 1, 1)")  # fmt: skip
    rows.execute("INSERT INTO threads (id, ticket, audience, channel, locale) VALUES (1, 1, 'agents', 'discord', '')")
    began = time.perf_counter()
    for number in range(writes):
        rows.execute("BEGIN IMMEDIATE")
        rows.execute("INSERT INTO receipts VALUES (?, 1)", (f"slack:{number}",))
        rows.execute("INSERT INTO messages (ticket, author_id, kind, body, at, by, thread_id, version, origin_channel, "
                     "origin_key) VALUES (1, 1, 'reply', ?, 1, 'client', 1, 1, 'slack', ?)",
                     (BODY, f"m{number}"))  # fmt: skip
        rows.execute("INSERT INTO ticket_words (rowid, text) VALUES (2, ?)", (BODY,))
        rows.execute("UPDATE tickets SET active_at = ?, last_reply_at = ? WHERE number = 1", (number, number))
        event = rows.execute("INSERT INTO events (ticket, kind, data, actor_id, at) VALUES (1, 'MessageSaid', ?, 1, 1)",
                             (f'{{"ticket":1,"message_id":{number}}}',)).lastrowid  # fmt: skip
        rows.execute("INSERT INTO deliveries (event_id, thread_id, channel, state, due_at, attempts) "
                     "VALUES (?, 1, 'discord', 'owed', 1, 0)", (event,))  # fmt: skip
        rows.execute("COMMIT")
    rate = writes / (time.perf_counter() - began)
    rows.close()
    return rate
