"""Several numbers as one parameter, on each database in its own way: a statement is the same for any count of them, and
is made once.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, ColumnElement, Text, TypeDecorator, bindparam, column
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NULLTYPE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import TableValuedAlias
    from sqlalchemy.engine import Dialect
    from sqlalchemy.types import TypeEngine


class Numbers(TypeDecorator["Sequence[int]"]):
    """Whole numbers: JSON where the database has no arrays."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(BigInteger) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Sequence[int] | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        return list(value) if dialect.name == "postgresql" else json.dumps(list(value))


class _Each(FunctionElement[int]):
    inherit_cache = True
    name = "each"


@compiles(_Each, "sqlite")
def _on_sqlite(element: _Each, compiler: Any, **how: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **how)})"


@compiles(_Each, "postgresql")
def _on_postgresql(element: _Each, compiler: Any, **how: Any) -> str:
    return f"unnest(CAST({compiler.process(element.clauses, **how)} AS BIGINT[]))"


class _Among(ColumnElement[Any]):
    inherit_cache = False  # statements are kept by their shapes, compiled

    def __init__(self, column: ColumnElement[int], numbers: ColumnElement[Any]) -> None:
        self.column, self.numbers = column, numbers
        self.type = NULLTYPE  # of a truth SQLite's dialect would ask whether it is 1, and see no index in that


@compiles(_Among, "sqlite")
def _in_sqlite(element: _Among, compiler: Any, **how: Any) -> str:
    column, numbers = (compiler.process(each, **how) for each in (element.column, element.numbers))
    return f"({column} IN (SELECT value FROM json_each({numbers})))"  # noqa: S608 - the compiler's own words


@compiles(_Among, "postgresql")
def _in_postgresql(element: _Among, compiler: Any, **how: Any) -> str:
    column, numbers = (compiler.process(each, **how) for each in (element.column, element.numbers))
    return f"({column} = ANY (CAST({numbers} AS BIGINT[])))"


def among(column: ColumnElement[int], name: str) -> ColumnElement[Any]:
    """Whether it is one of the numbers of this parameter: rows come in their order from an index, as far as wanted."""
    return _Among(column, bindparam(name, type_=Numbers()))


def each_of(name: str) -> TableValuedAlias:
    """A table of one column, `value`, with the numbers of this parameter."""
    # PostgreSQL gives the only column of such a table the table's name.
    return _Each(bindparam(name, type_=Numbers())).table_valued(column("value", BigInteger), name="value")
