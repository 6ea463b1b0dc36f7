"""The PostgreSQL of a chaos: one that can crash in the middle of anything and comes back, as fault among faults."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.databases import OwnServer, own, serving

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Database:
    """One database, and its server where that is ours to crash."""

    url: str
    server: OwnServer | None = None

    def restart(self) -> None:
        """What is not committed is gone, every connection breaks; then it starts again."""
        assert self.server is not None
        self.server.crash()
        self.server.start()


@contextmanager
def database() -> Iterator[Database]:
    """On a server of its own; wherever TEST_POSTGRES_URL says, where that is set: there it does not crash."""
    if os.environ.get("TEST_POSTGRES_URL"):
        with serving() as server, server.database(migrated=False) as url:
            yield Database(url)
    else:
        with own() as server, server.database(migrated=False) as url:
            yield Database(url, server)
