"""A desk with words and files in it, and places to keep copies of it."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from backup.folder import Folder
from backup.job import Place, Work
from backup.keys import Keys
from backup.retention import Keep
from desk.model import AccountRef, Attachment, Audience, Kind
from storage import BackupRuns, FolderBlobs, SQLiteSnapshots, open_storage
from tests.databases import empty

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from desk.ports import Transaction

MARC = AccountRef("slack", "U1")


@dataclass
class Clock:
    """A clock that somebody sets."""

    now: datetime = field(default_factory=lambda: datetime(2026, 11, 24, 9, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time)


class House:
    """A desk's data on this disk, and what backs it up."""

    def __init__(self, root: Path, *, passphrase: str = "", recipients: tuple[str, ...] = ()) -> None:
        self.root = root
        self.clock = Clock()
        self.data = root / "var"
        self.database = self.data / "desk.sqlite3"
        self.blobs = FolderBlobs(self.data / "files")
        asyncio.run(open_storage(empty(self.database)).close())
        self.work = Work(
            desk="Northwind",
            version="0.1.0",
            database=SQLiteSnapshots(self.database),
            files=self.blobs,
            keys=Keys(self.data / "backup.key", recipients=recipients, passphrase=passphrase),
            runs=BackupRuns(self.database, clock=self.clock),
            folder=self.data / "backup",
            clock=self.clock,
            at_once=2,
        )
        self.copies = root / "copies"
        self.place = Place("local", Folder(self.copies), Keep(last=3))

    def write(self, verb: Any) -> Any:
        async def written() -> Any:
            storage = open_storage(self.database)
            try:
                return await storage.write(verb)
            finally:
                await storage.close()

        return asyncio.run(written())

    def ticket(self, subject: str, *files: tuple[str, bytes]) -> int:
        """Somebody opens a ticket with these files."""
        kept = [Attachment(name, "text/plain", len(content), self.keep(content)) for name, content in files]

        def verb(tx: Transaction) -> int:
            person = tx.person_of(MARC) or tx.add_person(MARC, name="Marc", locale="fr")
            ticket = tx.add_ticket(
                subject=subject, department="it", product="p", priority="low", client_id=person.id, channel="slack"
            )
            tx.add_message(
                ticket=ticket.number, author_id=person.id, kind=Kind.REPLY, body=f"about {subject}", by=Audience.CLIENT,
                thread_id=None, origin=None, attachments=kept,
            )  # fmt: skip
            return ticket.number

        return int(self.write(verb))

    def keep(self, content: bytes) -> str:
        async def chunks() -> AsyncIterator[bytes]:
            yield content

        sha256, _ = asyncio.run(self.blobs.keep(chunks(), limit=1 << 30))
        return sha256

    def rows(self) -> dict[str, int]:
        SQLiteSnapshots(self.database).check(self.database, thorough=True)
        return dict(SQLiteSnapshots(self.database).facts(self.database)[1])

    def lines(self) -> list[str]:
        found: list[str] = self.write(lambda tx: [tx.ticket(n).subject for n in range(1, 50) if tx.ticket(n)])
        return found

    def has(self, content: bytes) -> bool:
        try:
            return self.blobs.path(hashlib.sha256(content).hexdigest()).read_bytes() == content
        except FileNotFoundError:
            return False


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def make_house() -> type[House]:
    """For a test that wants its house otherwise."""
    return House
