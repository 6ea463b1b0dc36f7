"""A connection's line to the server: what is asked is sent, and waited for when somebody looks at the answer.

A statement costs the database little; waiting for its answer costs more than all the rest. With the answer that is
looked at come those of all that was sent before, so what nobody looks at (a savepoint, an update, most inserts) costs
no wait of its own. Statements are prepared once. This is libpq's pipeline, as psycopg wraps it: psycopg's own pipeline
mode takes more time than it saves here (docs/adr/0010).
"""

from __future__ import annotations

import select
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from psycopg import Error, OperationalError
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus

from storage.postgresql.connecting import NO_NUL, PREPARED
from storage.statement import Found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import psycopg
    from psycopg.pq.abc import PGresult

    Conversions = Sequence[tuple[int, Callable[[Any], Any]]]  # by the place of a column

AHEAD = 2_000  # statements that are sent before an answer is waited for
AT_ONCE = 12  # statements that are sent off together: the server is at work on some while others are made

_FINE = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)


class Asked(Found):
    """One execution, as `storage.statement.Answer`; its answer is waited for when it is looked at."""

    __slots__ = ("_line", "_result", "mark", "prepares")

    def __init__(
        self, line: Line, convert: Sequence[tuple[int, Callable[[Any], Any]]], mark: int, prepares: str
    ) -> None:
        self._line = line
        self._convert = convert
        self._result: PGresult | None = None
        self.mark = mark  # of whose statement it is
        self.prepares = prepares  # the SQL, where it only makes that ready

    def take(self, result: PGresult) -> None:
        self._result = result

    @property
    def _answer(self) -> PGresult:
        if self._result is None:
            self._line.settle()
        assert self._result is not None  # or it would have raised
        return self._result

    @property
    def rowcount(self) -> int:
        return self._answer.command_tuples or 0

    def first(self) -> Sequence[Any] | None:
        """The first row, None where there is none."""
        rows = self._rows(1)
        return self._typed(rows[0]) if rows else None

    fetchone = first

    def all(self) -> list[Sequence[Any]]:
        return list(self)

    def __iter__(self) -> Iterator[Sequence[Any]]:
        rows = self._rows(None)
        return map(self._typed, rows) if self._convert else iter(rows)

    def _rows(self, most: int | None) -> Sequence[Sequence[Any]]:
        answer = self._answer
        return self._line.loaded(answer, answer.ntuples if most is None else min(most, answer.ntuples))


class Line:
    """Over one connection, in whose transaction all of it happens. psycopg itself may use the connection again after
    `rest`.
    """

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self._pg = driver.pgconn
        self._to_read, self._to_either = select.poll(), select.poll()
        self._to_read.register(self._pg.socket, select.POLLIN)
        self._to_either.register(self._pg.socket, select.POLLIN | select.POLLOUT)
        self._loading, self._dumping = Transformer(driver), Transformer(driver)
        self._names: dict[str, bytes] = {}
        self._under_way: deque[Asked] = deque()
        self._is_piped = False
        self.mark = 0  # whose statements are sent now
        self.failed: int | None = None  # whose statement it was that failed last

    def ask(self, sql: str, values: Sequence[Any], convert: Conversions = ()) -> Asked:
        """Send a statement. What is wrong with it is raised when an answer is waited for."""
        if not self._is_piped:
            self._pg.enter_pipeline_mode()
            self._is_piped = True
        elif len(self._under_way) >= AHEAD:
            self.settle()
        given = [None if value is None else self._dumped(value) for value in values]
        name = self._names.get(sql) or self._prepare(sql)
        if name is None:
            self._pg.send_query_params(sql.encode(), given)
        else:
            self._pg.send_query_prepared(name, given)
        asked = Asked(self, convert, self.mark, "")
        self._under_way.append(asked)
        if not len(self._under_way) % AT_ONCE:
            self._pg.flush()  # as much as there is room for on the way
        return asked

    def _prepare(self, sql: str) -> bytes | None:
        if len(self._names) >= PREPARED:
            return None
        name = self._names[sql] = b"line_%d" % len(self._names)
        self._pg.send_prepare(name, sql.encode())
        self._under_way.append(Asked(self, (), self.mark, sql))
        return name

    def _dumped(self, value: Any) -> Any:
        kind = type(value)
        if kind is str:
            return (value.replace("\0", NO_NUL) if "\0" in value else value).encode()
        if kind is int:
            return b"%d" % value
        if kind is bool:
            return b"1" if value else b"0"  # also where a whole number is wanted
        if kind is list and (written := array_of(value)) is not None:
            return written
        return self._dumping.get_dumper(value, PyFormat.TEXT).dump(value)

    def settle(self) -> None:
        """Wait for all answers. Raises what the first of them that is none says; all sent behind it did nothing."""
        if not self._under_way:
            return
        error: Error | None = None
        self._pg.pipeline_sync()
        while self._pg.flush():  # the server may wait for us to read before it reads on
            self._to_either.poll()
            self._pg.consume_input()
        while self._under_way:
            asked = self._under_way.popleft()
            result = self._next()
            if result is None:  # there is one for each that was sent, as long as there is a server
                raise error or OperationalError("the server closed the connection")
            self._next()  # a sign that there is no more of it
            if result.status in _FINE:
                asked.take(result)
                continue
            if asked.prepares:
                del self._names[asked.prepares]
            if error is None:
                error, self.failed = discreet(error_from_result(result)), asked.mark
        self._next()  # the sign that all is settled
        if error is not None:
            raise error

    def rest(self) -> None:
        """Settle, and leave the connection to others."""
        try:
            self.settle()
        finally:
            if self._is_piped:
                self._pg.exit_pipeline_mode()
                self._is_piped = False

    def give_up(self) -> None:
        """Undo the transaction, whatever is under way in it. At psycopg's own ROLLBACK the server would have to forget
        what is prepared.
        """
        with suppress(Error):  # it is undone
            self.settle()
        self.failed = None
        self.ask("ROLLBACK", ())
        self.rest()

    def loaded(self, result: PGresult, most: int) -> Sequence[Sequence[Any]]:
        if not most:
            return ()
        self._loading.set_pgresult(result)
        return self._loading.load_rows(0, most, tuple)

    def _next(self) -> PGresult | None:
        while self._pg.is_busy():
            self._to_read.poll()  # others of the process go on meanwhile
            self._pg.consume_input()
        return self._pg.get_result()


def array_of(values: Sequence[Any]) -> bytes | None:
    """As PostgreSQL writes arrays: of texts, of whole numbers or of bytes, None for any other. psycopg's own way takes
    as much time for a commit's words as all else that is sent.
    """
    kinds = set(map(type, values))
    if kinds == {str}:
        inside = '","'.join(values)
        if "\\" in inside or inside.count('"') > 2 * len(values) - 2:
            inside = '","'.join(value.replace("\\", r"\\").replace('"', r"\"") for value in values)
        return f'{{"{inside}"}}'.replace("\0", NO_NUL).encode()
    if kinds == {int}:
        return f"{{{','.join(map(str, values))}}}".encode()
    if kinds == {bytes}:
        inside = r'","\\x'.join(value.hex() for value in values)
        return rf'{{"\\x{inside}"}}'.encode()
    return None if kinds else b"{}"


def discreet(error: Error) -> Error:
    """Without the server's details, which quote what people wrote."""
    if error.diag.message_primary:
        error.args = (error.diag.message_primary,)
    return error
