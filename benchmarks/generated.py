"""A desk with as many tickets as are asked for, the same for the same seed: written straight into the database."""

from __future__ import annotations

import itertools
import json
import random
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from desk.search import words_of
from storage.opening import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEPARTMENTS = tuple(f"d{n:02}" for n in range(12))  # each half as large as the one before, down to a few
PRODUCTS = tuple(f"p{n:02}" for n in range(40))
PRIORITIES = ("low", "normal", "high", "urgent")
TAGS = tuple(f"t{n}" for n in range(30))
STATUSES = ("new", "in_progress", "on_hold")
CHANNELS = ("slack", "discord")
YEARS = 4  # that the tickets were opened in
OPEN_SHARE = 0.03  # of all tickets; they are among the newer ones
MESSAGES = 5  # of a ticket, on average
NOTES = 0.1  # of messages
OWED = 1000  # deliveries on their way
VOCABULARY = 20_000
SENTENCES = 50_000
AT_ONCE = 20_000  # tickets
_SYLLABLES = (
    "ba",
    "ce",
    "di",
    "fo",
    "gu",
    "ha",
    "je",
    "ki",
    "lo",
    "mu",
    "na",
    "pe",
    "qui",
    "ra",
    "se",
    "ti",
    "vo",
    "wa",
)


@dataclass(frozen=True, slots=True)
class World:
    """What was made: the numbers of its people, and words to search for from the most usual to the rarest."""

    tickets: int
    messages: int
    agents: tuple[int, ...]
    clients: tuple[int, ...]
    words: tuple[str, ...]
    now: datetime


def make(path: Path, *, tickets: int, seed: int = 1) -> World:
    """Write the desk. A million tickets take some minutes."""
    migrate(path)  # the schema is the desk's own
    chance = random.Random(seed)  # noqa: S311 - a seed is wanted
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=OFF")
        database.execute("PRAGMA synchronous=OFF")
        database.execute("PRAGMA cache_size=-400000")
        database.execute("PRAGMA foreign_keys=OFF")
        return _filled(database, chance, tickets)


def _filled(database: sqlite3.Connection, chance: random.Random, tickets: int) -> World:
    words, sentences = _language(chance)
    agents = tuple(range(1, 201))
    clients = tuple(range(201, 201 + max(50, tickets // 50)))
    database.execute("BEGIN")
    everybody = (*agents, *clients)
    database.executemany("INSERT INTO people (id, name, locale, created_at) VALUES (?, ?, 'en', 0)",
                         ((n, f"Person {n}") for n in everybody))  # fmt: skip
    database.executemany("INSERT INTO identities (person_id, channel, key) VALUES (?, ?, ?)",
                         ((n, CHANNELS[n % 2], f"U{n}") for n in everybody))  # fmt: skip
    now = datetime(2026, 11, 1, tzinfo=UTC)
    said = 0
    ids = itertools.count(1)
    for first in range(1, tickets + 1, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, tickets + 1))
        rows = [_ticket(chance, number, tickets, now, agents, clients, sentences) for number in numbers]
        said += _insert(database, chance, rows, sentences, ids)
    _owe(database, tickets)
    database.execute(
        "INSERT INTO ticket_counts SELECT department, status, agent_id IS NOT NULL,"
        " status != 'closed' AND last_reply_by IS 'client', count(*) FROM tickets GROUP BY 1, 2, 3, 4"
    )
    database.execute("COMMIT")
    return World(tickets, said, agents, clients, words, now)


def _language(chance: random.Random) -> tuple[tuple[str, ...], list[str]]:
    """Words as a language has them: the n-th is used one n-th as often as the first."""
    words = list(dict.fromkeys("".join(chance.choices(_SYLLABLES, k=2 + n % 3)) for n in range(2 * VOCABULARY)))
    words = words[:VOCABULARY]
    weights = list(itertools.accumulate(1 / rank for rank in range(1, len(words) + 1)))
    sentences = [" ".join(chance.choices(words, cum_weights=weights, k=8)) for _ in range(SENTENCES)]
    return tuple(words), sentences


def _micro(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _ticket(
    chance: random.Random, number: int, tickets: int, now: datetime, agents: Any, clients: Any, sentences: list[str]
) -> dict[str, Any]:
    opened = _micro(now) - int((tickets + 1 - number) / tickets * YEARS * 365 * 86400 * 1e6)
    newness = number / tickets
    is_open = chance.random() < OPEN_SHARE * 3 * newness**2
    active = min(opened + int(chance.expovariate(1 / 3) * 86400 * 1e6), _micro(now))
    return {
        "number": number,
        "subject": chance.choice(sentences)[:60],
        "department": DEPARTMENTS[min(int(chance.expovariate(0.7)), len(DEPARTMENTS) - 1)],
        "product": PRODUCTS[min(int(chance.expovariate(0.15)), len(PRODUCTS) - 1)],
        "priority": chance.choices(PRIORITIES, weights=(20, 60, 15, 5))[0],
        "status": chance.choice(STATUSES) if is_open else "closed",
        "client_id": chance.choice(clients),
        "agent_id": None if is_open and chance.random() < 0.3 else chance.choice(agents),
        "channel": chance.choice(CHANNELS),
        "opened_at": opened,
        "active_at": active,
        "last_reply_by": chance.choice(("client", "agents")),
        "last_reply_at": active,
        "closed_at": None if is_open else active,
        "tags": " ".join(sorted(chance.sample(TAGS, k=chance.choice((0, 0, 1, 2))))),
    }


def _insert(
    database: sqlite3.Connection, chance: random.Random, rows: list[dict[str, Any]], sentences: list[str],
    ids: Iterator[int],
) -> int:  # fmt: skip
    """The tickets with all that belongs to them; gives how many messages."""
    names = list(rows[0])
    for row in rows:
        row["house_status"] = row["status"]
    names = list(rows[0])
    places = ", ".join(f":{name}" for name in names)
    database.executemany(f"INSERT INTO tickets ({', '.join(names)}) VALUES ({places})", rows)  # noqa: S608 - our names
    tagged = [(tag, row["number"]) for row in rows for tag in row["tags"].split()]
    database.executemany("INSERT INTO ticket_tags VALUES (?, ?)", sorted(tagged))
    messages, words, threads, events = [], [], [], []
    for row in rows:
        number = row["number"]
        replies, notes = [f"{number} {row['subject']}"], list[str]()
        for turn in range(1 + min(int(chance.expovariate(1 / (MESSAGES - 0.5))), 40)):
            kind = "note" if turn and chance.random() < NOTES else "reply"
            body = f"{chance.choice(sentences)}. {chance.choice(sentences)}."
            author = row["client_id"] if turn % 2 == 0 else row["agent_id"] or row["client_id"]
            id_ = next(ids)
            messages.append((id_, number, author, kind, body, row["opened_at"] + turn, "client" if turn % 2 == 0
                             else "agents", row["channel"], f"m{id_}"))  # fmt: skip
            (notes if kind == "note" else replies).append(body)
        words.append((2 * number, " ".join(words_of("\n".join(replies)))))
        if notes:
            words.append((2 * number + 1, " ".join(words_of("\n".join(notes)))))
        threads += [
            (2 * number, number, "client", row["channel"], None, f"U{row['client_id']}", f"c{number}"),
            (2 * number + 1, number, "agents", "discord", row["department"], None, f"a{number}"),
        ]
        events.append((number, number, json.dumps({"ticket": number, "message_id": 1}), row["client_id"],
                       row["opened_at"]))  # fmt: skip
    database.executemany(
        "INSERT INTO messages (id, ticket, author_id, kind, body, at, by, version, origin_channel, origin_key)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?)",
        messages,
    )
    database.executemany("INSERT INTO ticket_words (rowid, text) VALUES (?, ?)", words)
    database.executemany(
        "INSERT INTO threads (id, ticket, audience, channel, place, account, locale, key)"
        " VALUES (?, ?, ?, ?, ?, ?, '', ?)",
        threads,
    )
    database.executemany("INSERT INTO events VALUES (?, ?, 'TicketOpened', ?, ?, ?)", events)
    database.executemany(
        "INSERT INTO deliveries (event_id, thread_id, channel, state, due_at, attempts) VALUES (?, ?, ?, 'sent', 0, 1)",
        [(number, thread, channel) for thread, number, _, channel, *_ in threads],
    )
    return len(messages)


def _owe(database: sqlite3.Connection, tickets: int) -> None:
    """The newest tickets' deliveries are still on their way."""
    database.execute(
        "UPDATE deliveries SET state = 'owed', attempts = 0 WHERE event_id > ?", (max(0, tickets - OWED // 2),)
    )
