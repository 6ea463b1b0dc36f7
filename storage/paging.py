"""What pages of lists and of searches have in common: how far one looks, keys, and the pages on either side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from desk.listing import Cursor, Hit, Page
from storage.tables import EPOCH, MICROSECOND, NEVER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desk.model import Ticket

LOOKS = (250, 2_500)  # rows that a page looks through where not all fit: first a few, then as many as 20 ms allow
HITS = (250, 1_000)  # of the index of words, in the same way: a hit costs more than a row of a range

Key = tuple[str | int, ...]


def named(prefix: str, names: Sequence[str], key: Sequence[Any]) -> dict[str, Any]:
    """A cursor's key as parameters: moments are whole microseconds there."""
    return {
        f"{prefix}{name}": EPOCH + int(value) * MICROSECOND if name.endswith("_at") else value
        for name, value in zip(names, key, strict=True)
    }


def number_of(value: Any) -> int:
    return value if isinstance(value, int) else (value - EPOCH) // MICROSECOND


def key_of(ticket: Ticket, names: Sequence[str]) -> Key:
    return tuple(number_of(NEVER if (value := getattr(ticket, name)) is None else value) for name in names)


def paged(
    rows: Sequence[Ticket], further: Key | None, cursor: Cursor | None, limit: int, key: Callable[[Ticket], Key],
    *, down: bool,
) -> Page:  # fmt: skip
    """A page of what was found in the direction that was gone: one more than `limit` shows that there is more. An empty
    page's neighbours begin with the row that it began behind.
    """
    shown = list(rows[:limit])
    more = key(shown[-1]) if len(rows) > limit else further
    stopped = len(rows) <= limit and further is not None
    back = cursor is not None and cursor.back
    start = None
    if cursor is not None:
        start = key(shown[0]) if shown else _shifted(cursor.key, 1 if back is down else -1)
    gone = Cursor(start, back=not back) if start is not None else None
    ahead = Cursor(more, back=back) if more is not None else None
    if back:
        shown.reverse()
    before, after = (ahead, gone) if back else (gone, ahead)
    return Page(tuple(map(Hit, shown)), before, after, stopped)


def _shifted(key: Key, by: int) -> Key:
    """The same key with a number that is one further: what is beyond it includes the key's own row."""
    return (*key[:-1], int(key[-1]) + by)
