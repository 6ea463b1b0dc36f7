"""Desks that exist come forward whole: made at an older schema, opened by this one."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config

from desk.events import MessageSaid, TicketOpened
from storage import open_storage
from storage.schema import HEAD
from storage.sqlite.writing import engine_for

if TYPE_CHECKING:
    from pathlib import Path

FIRST_DESK = """
INSERT INTO people VALUES (1, 'Marc', 'fr', 0), (2, 'Lea', 'fr', 0);
INSERT INTO tickets VALUES (1, 'VPN', 'it', 'intranet', 'urgent', 'in_progress', 1, 2, 'slack', 0, 9, 'agents', 9,
    NULL, NULL, '');
INSERT INTO messages (id, ticket, author_id, kind, body, at, by, version)
    VALUES (1, 1, 1, 'reply', 'It is down', 0, 'client', 1), (2, 1, 2, 'note', 'A cable', 9, 'internal', 1);
INSERT INTO events VALUES (1, 1, 'TicketOpened', '{"ticket":1,"message_id":1}', 1, 0),
    (2, 1, 'MessageSaid', '{"ticket":1,"message_id":2}', 2, 9);
"""


def made_at(path: Path, version: str, rows: str) -> None:
    config = Config()
    config.set_main_option("script_location", "storage/migrations")
    with engine_for(path).connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
        connection.commit()
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.executescript(rows)


async def test_the_first_desk_comes_forward(tmp_path: Path) -> None:
    path = tmp_path / "desk.sqlite3"
    made_at(path, "0001", FIRST_DESK)
    storage = open_storage(path)
    log = await storage.read(lambda tx: tx.timeline(1))
    assert [recorded.event for recorded in log] == [
        TicketOpened(1, 1, client_id=1, channel="slack", department="it", product="intranet", priority="urgent"),
        MessageSaid(1, 2, kind="note", by="internal"),
    ]
    ticket = await storage.read(lambda tx: tx.ticket(1))
    assert ticket is not None
    assert (ticket.subject, ticket.agent_id) == ("VPN", 2)
    assert (ticket.house_status, ticket.tags, ticket.fields) == ("in_progress", (), {})
    await storage.close()
    assert (tmp_path / f"desk.sqlite3.before-{HEAD}").exists()
