"""A desk with as many tickets as are asked for, the same for the same seed: its rows, for whoever writes them down."""

from __future__ import annotations

import itertools
import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from desk.search import words_of
from storage.tables import NEVER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

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
DAY = 86_400_000_000  # microseconds
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
_SAID = ("id", "ticket", "author_id", "kind", "body", "at", "by", "version", "origin_channel", "origin_key")
_THREADS = ("id", "ticket", "audience", "channel", "place", "account", "locale", "key")
_OWED = ("event_id", "thread_id", "channel", "state", "due_at", "attempts")


@dataclass(frozen=True, slots=True)
class World:
    """What was made: the numbers of its people, and words to search for from the most usual to the rarest."""

    tickets: int
    messages: int
    agents: tuple[int, ...]
    clients: tuple[int, ...]
    words: tuple[str, ...]
    now: datetime


class Book(Protocol):
    """Where the rows are written down."""

    def rows(self, table: str, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Some more rows of a table."""

    def words(self, entries: Iterable[tuple[int, frozenset[str]]]) -> None:
        """Some more entries of the index of words, in order."""


def fill(book: Book, *, tickets: int, seed: int = 1) -> World:
    """Write the whole desk down."""
    chance = random.Random(seed)  # noqa: S311 - a seed is wanted
    words, sentences = language(chance)
    agents = tuple(range(1, 201))
    clients = tuple(range(201, 201 + max(50, tickets // 50)))
    everybody = (*agents, *clients)
    book.rows("people", ("id", "name", "locale", "created_at"), [(n, f"Person {n}", "en", 0) for n in everybody])
    book.rows("identities", ("person_id", "channel", "key"), [(n, CHANNELS[n % 2], f"U{n}") for n in everybody])
    now = datetime(2026, 11, 1, tzinfo=UTC)
    said = 0
    counts: dict[tuple[Any, ...], int] = {}
    ids = itertools.count(1)
    sets = {sentence: words_of(sentence) for sentence in sentences}
    for first in range(1, tickets + 1, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, tickets + 1))
        rows = [_ticket(chance, number, tickets, now, agents, clients, sentences) for number in numbers]
        for row in rows:
            awaits = row["status"] != "closed" and row["last_reply_by"] == "client"
            kind = (row["department"], row["status"], int(row["agent_id"] is not None), int(awaits))
            counts[kind] = counts.get(kind, 0) + 1
        said += _write(book, chance, rows, sentences, sets, ids, tickets)
    names = ("department", "status", "assigned", "awaiting", "tickets")
    book.rows("ticket_counts", names, [(*kind, count) for kind, count in counts.items()])
    return World(tickets, said, agents, clients, words, now)


def language(chance: random.Random) -> tuple[tuple[str, ...], list[str]]:
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
    opened = _micro(now) - int((tickets + 1 - number) / tickets * YEARS * 365 * DAY)
    newness = number / tickets
    is_open = chance.random() < OPEN_SHARE * 3 * newness**2
    active = min(opened + int(chance.expovariate(1 / 3) * DAY), _micro(now))
    status = chance.choice(STATUSES) if is_open else "closed"
    return {
        "number": number,
        "subject": chance.choice(sentences)[:60],
        "department": DEPARTMENTS[min(int(chance.expovariate(0.7)), len(DEPARTMENTS) - 1)],
        "product": PRODUCTS[min(int(chance.expovariate(0.15)), len(PRODUCTS) - 1)],
        "priority": chance.choices(PRIORITIES, weights=(20, 60, 15, 5))[0],
        "status": status,
        "house_status": status,
        "client_id": chance.choice(clients),
        "agent_id": None if is_open and chance.random() < 0.3 else chance.choice(agents),
        "channel": chance.choice(CHANNELS),
        "opened_at": opened,
        "active_at": active,
        "last_reply_by": chance.choice(("client", "agents")),
        "last_reply_at": active,
        "closed_at": None if is_open else active,
        "due_at": active + chance.randrange(3 * DAY) if is_open and chance.random() < 0.8 else _micro(NEVER),
        "tags": " ".join(sorted(chance.sample(TAGS, k=chance.choice((0, 0, 1, 2))))),
    }


def _write(
    book: Book, chance: random.Random, rows: list[dict[str, Any]], sentences: list[str],
    sets: dict[str, frozenset[str]], ids: Iterator[int], tickets: int,
) -> int:  # fmt: skip
    """The tickets with all that belongs to them; gives how many messages."""
    book.rows("tickets", tuple(rows[0]), (tuple(row.values()) for row in rows))
    book.rows("ticket_tags", ("tag", "ticket"), sorted((tag, row["number"]) for row in rows
                                                       for tag in row["tags"].split()))  # fmt: skip
    messages: list[tuple[Any, ...]] = []
    words: list[tuple[int, frozenset[str]]] = []
    threads: list[tuple[Any, ...]] = []
    events: list[tuple[Any, ...]] = []
    for row in rows:
        number = row["number"]
        told = {"reply": [words_of(f"{number} {row['subject']}")], "note": []}
        for turn in range(1 + min(int(chance.expovariate(1 / (MESSAGES - 0.5))), 40)):
            kind = "note" if turn and chance.random() < NOTES else "reply"
            pair = chance.choice(sentences), chance.choice(sentences)
            by, author = ("client", row["client_id"]) if turn % 2 == 0 else ("agents", row["agent_id"])
            id_ = next(ids)
            messages.append((id_, number, author or row["client_id"], kind, f"{pair[0]}. {pair[1]}.",
                             row["opened_at"] + turn, by, 1, row["channel"], f"m{id_}"))  # fmt: skip
            told[kind] += [sets[sentence] for sentence in pair]
        words += [
            (2 * number + part, frozenset().union(*sets_of)) for part, sets_of in enumerate(told.values()) if sets_of
        ]
        threads += [
            (2 * number, number, "client", row["channel"], None, f"U{row['client_id']}", "", f"c{number}"),
            (2 * number + 1, number, "agents", "discord", row["department"], None, "", f"a{number}"),
        ]
        data = json.dumps({"ticket": number, "message_id": messages[-1][0]})
        events.append((number, number, "TicketOpened", data, row["client_id"], row["opened_at"]))
    book.rows("threads", _THREADS, threads)
    book.rows("messages", _SAID, messages)
    book.words(words)
    book.rows("events", ("id", "ticket", "kind", "data", "actor_id", "at"), events)
    first_owed = max(0, tickets - OWED // 2)  # the newest tickets' deliveries are still on their way
    book.rows("deliveries", _OWED, (
        (number, thread, channel, *(("owed", 0, 0) if number > first_owed else ("sent", 0, 1)))
        for thread, number, _, channel, *_ in threads
    ))  # fmt: skip
    return len(messages)
