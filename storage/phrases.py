"""Phrases of SQL that SQLAlchemy leaves to each database, said so that both of the desk's understand them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ColumnElement, String, Text, func
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

__all__ = ["later", "upsert"]

# `upsert`: PostgreSQL's INSERT … ON CONFLICT, whose words SQLite took over; SQLite's own does not compile for both.


class _Later(FunctionElement[Any]):
    name = "later"
    inherit_cache = True


@compiles(_Later)
def _greatest(element: _Later, compiler: Any, **more: Any) -> str:
    return str(compiler.process(func.greatest(*element.clauses), **more))


@compiles(_Later, "sqlite")
def _max(element: _Later, compiler: Any, **more: Any) -> str:
    return str(compiler.process(func.max(*element.clauses), **more))


def later(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
    """The greater of two values of a row, neither of which is NULL."""
    found = _Later(one, other)
    found.type = one.type
    return found


@compiles(String, "postgresql")
@compiles(Text, "postgresql")
def _text(element: String, compiler: Any, **more: Any) -> str:  # noqa: ARG001 - SQLAlchemy's signature
    """Texts in the order of their bytes, as SQLite has them, wherever the database was made; and as long as they are:
    it is the desk's rules that know what is too long, not one of two databases.
    """
    return 'TEXT COLLATE "C"' if isinstance(more.get("type_expression"), Column) else "VARCHAR"
