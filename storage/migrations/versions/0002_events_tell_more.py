"""Events say who spoke and what a ticket was opened with, so that every figure can be reckoned from the log alone."""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    connection = op.get_bind()
    change = sa.text("UPDATE events SET data = :data WHERE id = :id")
    for event_id, data, facts in (*_opened(connection), *_said(connection)):
        told = json.dumps(json.loads(data) | facts, ensure_ascii=False, separators=(",", ":"))
        connection.execute(change, {"id": event_id, "data": told})


def _opened(connection: sa.Connection) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Departments, products and priorities could not change before this migration."""
    rows = connection.execute(
        sa.text(
            "SELECT e.id, e.data, t.client_id, t.channel, t.department, t.product, t.priority"
            " FROM events e JOIN tickets t ON t.number = e.ticket WHERE e.kind = 'TicketOpened'"
        )
    ).all()
    for event_id, data, client_id, channel, department, product, priority in rows:
        told = {"client_id": client_id, "channel": channel, "department": department, "product": product}
        yield event_id, data, told | {"priority": priority}


def _said(connection: sa.Connection) -> Iterator[tuple[int, str, dict[str, Any]]]:
    rows = connection.execute(sa.text("SELECT id, data FROM events WHERE kind = 'MessageSaid'")).all()
    whose = sa.text('SELECT kind, "by" FROM messages WHERE id = :id')
    for event_id, data in rows:
        found = connection.execute(whose, {"id": json.loads(data)["message_id"]}).first()
        if found is not None:
            yield event_id, data, {"kind": found[0], "by": found[1]}
