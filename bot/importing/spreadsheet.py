"""Tickets from a CSV file, a row for each thing that was said; columns and words by a mapping file.

Columns: `number`, `subject`, `body`, `author`, `at` (ISO 8601) in every row; `client`, `department`, `product`,
`priority`, `status`, `agent`, `tags` (separated by spaces), `closed_at` in a ticket's first row; `kind` ("reply" or
"note") where a row is a note. The rows of one number are one ticket; its first is the description.
"""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.importing.found import Found, Glossary, ImportRefused
from desk.model import Audience, Kind, Status
from desk.text import cut, one_line
from desk.verbs import SUBJECT_LIMIT, IncomingMessage, IncomingTicket, Source

if TYPE_CHECKING:
    from pathlib import Path

NAME = "csv"
NEEDED = ("number", "subject", "body", "author", "at")
COLUMNS = (*NEEDED, "client", "department", "product", "priority", "status", "agent", "tags", "closed_at", "kind")

Row = dict[str, str]


def read(path: Path, mapping: Glossary) -> Found:
    """All that the file holds. ImportRefused, with the line, where it cannot be read."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            theirs = {ours: mapping.columns.get(ours, ours) for ours in COLUMNS}
            if lacking := [name for name in NEEDED if theirs[name] not in (reader.fieldnames or ())]:
                raise ImportRefused(
                    f"{path}: there is no column {theirs[lacking[0]]!r}; map yours with --map FILE ([columns] "
                    f'{lacking[0]} = "Their name")'
                )
            for extra in set(reader.fieldnames or ()) - set(theirs.values()):
                mapping.lost[f"column {extra!r}"] += 1
            tickets: dict[int, list[tuple[int, Row]]] = {}
            for values in reader:
                row = {ours: (values.get(name) or "").strip() for ours, name in theirs.items()}
                tickets.setdefault(_number(row, path, reader.line_num), []).append((reader.line_num, row))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ImportRefused(f"{path}: {error}") from error
    names = {
        row[who]: row[who] for rows in tickets.values() for _, row in rows for who in ("author", "client", "agent")
    }
    made = [_ticket(number, rows, mapping, path) for number, rows in sorted(tickets.items())]
    return Found(Source(NAME, names, mapping.accounts()), tuple(made), mapping.lost)


def _ticket(number: int, rows: list[tuple[int, Row]], mapping: Glossary, path: Path) -> IncomingTicket:
    line, first = rows[0]
    client = first["client"] or first["author"]
    status, own = mapping.status(first["status"])
    said = tuple(
        IncomingMessage(
            key=f"{number}/{place}",
            author=row["author"] or client,
            at=_moment(row["at"], path, at_line),
            body=row["body"] or "…",
            kind=Kind.NOTE if row["kind"].lower() == "note" and place else Kind.REPLY,
            by=_side(row, client, place),
        )
        for place, (at_line, row) in enumerate(rows)
    )
    tags = [mapping.id("tag", word) for word in first["tags"].split()]
    closed_at = _moment(first["closed_at"], path, line) if first["closed_at"] else None
    return IncomingTicket(
        number=number,
        subject=cut(one_line(first["subject"]) or f"#{number}", SUBJECT_LIMIT),
        client=client,
        opened_at=said[0].at,
        messages=said,
        department=mapping.id("department", first["department"]),
        product=mapping.id("product", first["product"]),
        priority=mapping.id("priority", first["priority"]),
        status=Status.CLOSED if closed_at and not first["status"] else status,
        house_status=own,
        agent=first["agent"],
        tags=tuple(dict.fromkeys(tag for tag in tags if tag)),
        closed_at=closed_at,
    )


def _side(row: Row, client: str, place: int) -> Audience:
    if row["kind"].lower() == "note" and place:
        return Audience.INTERNAL
    return Audience.CLIENT if row["author"] in ("", client) else Audience.AGENTS


def _number(row: Row, path: Path, line: int) -> int:
    text = row["number"].removeprefix("#")
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 16 and int(text)):  # noqa: PLR2004 - digits of a number
        raise ImportRefused(f"{path}, line {line}: {row['number']!r} is no ticket's number")
    return int(text)


def _moment(text: str, path: Path, line: int) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ImportRefused(f"{path}, line {line}: {text!r} is no time (write 2026-11-24 09:30)") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
