"""How a database is: what an examination tells of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from storage.schema import HEAD

if TYPE_CHECKING:
    from desk.ports import Installation

INSTALLED = "SELECT app, house, name, sealed FROM installations ORDER BY app, house"


@dataclass(frozen=True, slots=True)
class Server:
    """PostgreSQL's own: its address without the password, and what it says of itself where it answers."""

    address: str
    answers: bool = True
    version: str = ""
    old: bool = False  # older than what the desk needs
    misread: str = ""  # its encoding, where that has no place for what people write
    clock_off: timedelta = timedelta()  # from this machine's
    connections_left: int = 0
    instances: tuple[str, ...] = ()  # that live, by name


@dataclass(frozen=True, slots=True)
class Health:
    """`fault` is "" where none is found; `server` is None of a SQLite file."""

    there: bool
    schema: str = ""
    newest: str = HEAD
    fault: str = ""
    tickets: int = 0
    installed: tuple[Installation, ...] = ()  # houses in which an app was installed by their own people
    server: Server | None = None
