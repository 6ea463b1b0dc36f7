"""Connections to PostgreSQL as the desk wants them: what is asked of the server, and how values travel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.types.numeric import Int8Dumper
from psycopg.types.string import StrDumperUnknown
from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from storage.errors import NoAnswer, StorageError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

# A connection whose other end is gone is noticed by either side within ten seconds; and the database ends one that says
# nothing for `SILENT` in the middle of a transaction, since others wait for its lock.
SILENT = 5_000  # milliseconds
_OURS: dict[str, Any] = {
    "application_name": "helpthread",
    "client_encoding": "utf8",
    "connect_timeout": 5,
    "keepalives_idle": 4,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "target_session_attrs": "read-write",  # of several hosts the one that can be written to
}
# No disk of today takes four times as long for a page here as for the next one there, and the desk's rows are mostly in
# memory: by the default, many a question would read a whole table.
_SERVERS = (
    "SET random_page_cost = 1.1;"
    " SET synchronous_commit = on; SET jit = off; SET timezone = 'UTC';"
    " SET tcp_keepalives_idle = 4; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3;"
    f" SET idle_in_transaction_session_timeout = {SILENT}"
)
PREPARED = 300  # statements of one connection that the server keeps ready
NO_NUL = "\u2400"  # its sign, instead of the one character that PostgreSQL's texts have no place for


class _Text(StrDumperUnknown):
    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", NO_NUL) if "\0" in obj else obj)


class _Number(Int8Dumper):
    """Of whatever type the statement needs there: one plan a statement, however large the number is."""

    oid = 0


def engine_for(url: str) -> Engine:
    """An engine whose connections leave BEGIN and COMMIT to us. Its errors do not quote what people wrote. StorageError
    where the address is none.
    """
    try:
        address = make_url(url)
        engine = create_engine(
            address,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
            connect_args={name: value for name, value in _OURS.items() if name not in address.query},
        )
    except (ArgumentError, ValueError) as error:
        raise StorageError(f"[storage] url is no address of a database: {error}") from None

    event.listen(engine, "connect", _set_up)
    return engine


def _set_up(connection: psycopg.Connection[Any], _record: Any = None) -> None:
    connection.prepare_threshold = None  # the line prepares
    connection.adapters.register_dumper(str, _Text)
    connection.adapters.register_dumper(int, _Number)
    connection.execute(_SERVERS)


def session(engine: Engine) -> psycopg.Connection[Any]:
    """A connection of psycopg's own, in autocommit, to be closed by the caller. psycopg.Error where there is none."""
    _, settings = engine.dialect.create_connect_args(engine.url)
    wanted = {name: value for name, value in _OURS.items() if name not in settings}
    found = psycopg.connect(**settings, **wanted, autocommit=True)
    found.adapters.register_dumper(str, _Text)
    found.execute(_SERVERS)
    return found


def connected(engine: Engine) -> Connection:
    """A connection. NoAnswer, which never holds the password, where there is none to be had."""
    try:
        return engine.connect()
    except SQLAlchemyError as error:
        said = " ".join(str(getattr(error, "orig", None) or error).split())
        raise NoAnswer(f"{shown(engine)}: the database does not answer: {said}") from error


def driver_of(connection: Connection) -> psycopg.Connection[Any]:
    """Psycopg's own connection below SQLAlchemy's."""
    found: Any = connection.connection.driver_connection
    return found  # type: ignore[no-any-return] # the engine's driver is psycopg


def shown(engine: Engine) -> str:
    """The address without its password."""
    return engine.url.render_as_string(hide_password=True)
