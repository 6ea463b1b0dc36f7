"""Several numbers as one parameter, on each database in its own way: a statement is the same for any count of them, and
is made once.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Text, TypeDecorator, bindparam, column
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

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


def each_of(name: str) -> TableValuedAlias:
    """A table of one column, `value`, with the numbers of this parameter."""
    # PostgreSQL gives the only column of such a table the table's name.
    return _Each(bindparam(name, type_=Numbers())).table_valued(column("value", BigInteger), name="value")
