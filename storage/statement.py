"""SQLAlchemy's statements, compiled once and run on the driver itself: the same SQL and the same types.

SQLAlchemy Core stays the one source of SQL; what is left out is its work around each execution, which took more than
half of a durable write's time (`benchmarks/durable.py`). Statements whose text
depends on their parameters (IN over a list) go the ordinary way. This is the one place that knows SQLite's driver;
`storage.postgresql.running` knows the other's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.dml import UpdateBase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Dialect, FromClause, Insert
    from sqlalchemy.sql.base import Executable

    from desk.ports import Expecting
    from storage.expected import Foreknown


class Found:
    """The rows of one execution, however its driver hands them over."""

    __slots__ = ("_convert",)

    _convert: Sequence[tuple[int, Callable[[Any], Any]]]  # by the place of a column

    def first(self) -> Sequence[Any] | None:
        """The first row, None where there is none."""
        raise NotImplementedError

    def one(self) -> Sequence[Any]:
        """The row that must be there."""
        row = self.first()
        if row is None:
            raise LookupError("a row that must be there is not")
        return row

    def scalar(self) -> Any:
        """The first column of the first row, None where there is none."""
        row = self.first()
        return None if row is None else row[0]

    def scalar_one(self) -> Any:
        return self.one()[0]

    def _typed(self, row: Sequence[Any]) -> Sequence[Any]:
        if not self._convert:
            return row
        found = list(row)
        for place, convert in self._convert:
            found[place] = convert(found[place])
        return found


class Answer(Found):
    """The rows of one execution, as tuples with Python's types."""

    def __init__(self, cursor: Any, convert: Sequence[tuple[int, Callable[[Any], Any]]]) -> None:
        self._cursor = cursor
        self._convert = convert

    @property
    def rowcount(self) -> int:
        return int(self._cursor.rowcount)

    def first(self) -> Sequence[Any] | None:
        """The first row, None where there is none. Ends the execution."""
        row = self._cursor.fetchone()
        self._cursor.close()
        return None if row is None else self._typed(row)

    def __iter__(self) -> Iterator[Sequence[Any]]:
        return map(self._typed, self._cursor) if self._convert else iter(self._cursor)


class Prepared:
    """One statement with one set of parameter names, in the SQL of one database."""

    def __init__(self, statement: Executable, names: Sequence[str], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=list(names))  # type: ignore[attr-defined]
        self.sql = str(compiled)
        self.varies = bool(compiled.post_compile_params)
        table: Any = statement.table if isinstance(statement, UpdateBase) else None
        self.writes: str = "" if table is None else table.name
        self.about: Sequence[str] | None = statement.get_execution_options().get("about")  # see `storage.expecting`
        fixed = compiled.construct_params(dict.fromkeys(names))
        types = {name: bind.type for bind, name in compiled.bind_names.items()}
        self._order: list[tuple[str, Any, Callable[[Any], Any] | None]] = []  # the name, or else the value as it is
        for name in compiled.positiontup or ():
            convert = types[name].bind_processor(dialect)
            if name in names:
                self._order.append((name, None, convert))
            else:
                value = fixed.get(name)
                self._order.append(("", convert(value) if convert is not None else value, None))
        self._plain = [name for name, _, convert in self._order if name and convert is None]
        self._is_plain = len(self._plain) == len(self._order)
        columns = getattr(statement, "exported_columns", ())
        processors = [column.type.result_processor(dialect, None) for column in columns]
        self.convert = [(place, convert) for place, convert in enumerate(processors) if convert is not None]

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        """The parameters in the order of the SQL's signs for them."""
        if self._is_plain:
            return [given[name] for name in self._plain]
        return [
            fixed if not name else given[name] if convert is None else convert(given[name])
            for name, fixed, convert in self._order
        ]


KEPT = 3_000  # statements: those of lists are made for each shape of question, and some shapes are asked once only


class Runner:
    """Runs statements over one connection, in its open transaction."""

    _dialect: Dialect = sqlite.dialect(paramstyle="qmark")
    _kept: ClassVar[dict[tuple[Executable, tuple[str, ...]], Prepared]] = {}

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._driver: Any = connection.connection.driver_connection

    def execute(self, statement: Executable, given: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Any:
        """Run it once, or once for each of a list; gives an `Answer` (SQLAlchemy's own result where its SQL varies)."""
        each = given if isinstance(given, list) else None
        first: Mapping[str, Any] = each[0] if each is not None else given  # type: ignore[assignment]
        prepared = self._prepared(statement, first)
        if prepared.varies:
            return self._connection.execute(statement, given)
        if each is not None:
            self._run_each(prepared.sql, [prepared.values(one) for one in each])
            return None
        return Answer(self._run(prepared.sql, prepared.values(first)), prepared.convert)

    def _prepared(self, statement: Executable, first: Mapping[str, Any]) -> Prepared:
        key = (statement, tuple(first))
        prepared = self._kept.get(key)
        if prepared is None:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            prepared = self._kept[key] = Prepared(statement, tuple(first), self._dialect)
        return prepared

    def add(self, statement: Insert, values: Mapping[str, Any]) -> int:
        """Insert a row; gives its number, which the statement returns."""
        return int(self.execute(statement, values).scalar_one())

    def numbered(self, table: FromClause) -> Mapping[str, int]:
        """Its `id`, where the next row of the table has been given one already: then it is to be written with that, or
        numbers would not be in the order of rows.
        """
        del table
        return {}

    def foreknown(self, wanted: Expecting) -> Foreknown | None:
        """What is known of it already, before it is asked for."""
        del wanted
        return None

    @property
    def merges(self) -> bool:
        """Whether the database merges ranges that are in the order of an index (UNION ALL … ORDER BY) by itself."""
        return self.dialect == "sqlite"

    @property
    def dialect(self) -> str:
        """The database's name: "sqlite" or "postgresql"."""
        return self._dialect.name

    def raw(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """The driver's own cursor, after SQL in this database's own words."""
        return self._run(sql, values)

    def _run(self, sql: str, values: Sequence[Any]) -> Any:
        return self._driver.execute(sql, values)

    def _run_each(self, sql: str, values: Sequence[Sequence[Any]]) -> None:
        self._driver.executemany(sql, values)
