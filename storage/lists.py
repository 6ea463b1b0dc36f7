"""Rows of lists: those that buttons stand for, and those that agents have named."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, select

from desk.listing import Listing, View
from desk.search import fold
from storage.phrases import upsert
from storage.tables import lists, people, views

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from storage.statement import Runner

KEPT = timedelta(days=60)  # that a list's buttons work after their last use
FRESH = timedelta(days=1)  # that a use need not be written down again

_LISTING = select(lists.c.listing, lists.c.used_at).where(lists.c.id == bindparam("id_"))
_USE = upsert(lists)
_USE = _USE.on_conflict_do_update(index_elements=[lists.c.id], set_={"used_at": _USE.excluded.used_at})
_SWEEP = delete(lists).where(lists.c.used_at < bindparam("before"))
_VIEW = select(views.c.name, views.c.listing, views.c.owner_id, people.c.name).join_from(views, people)
_ONE_VIEW = _VIEW.where(views.c.key == bindparam("key_"))
_VIEWS = _VIEW.order_by(views.c.key).limit(bindparam("most"))
_NAME = upsert(views)
_NAME = _NAME.on_conflict_do_update(
    index_elements=[views.c.key], set_={"name": _NAME.excluded.name, "listing": _NAME.excluded.listing}
)
_FORGET = delete(views).where(views.c.key == bindparam("key_"))


class ListRows:
    """The kept lists' part of `desk.ports.Transaction`."""

    _connection: Runner
    now: datetime

    def listing_id(self, listing: Listing) -> tuple[str, bool]:
        id_ = _id(_text(listing))
        row = self._connection.execute(_LISTING, {"id_": id_}).first()
        return id_, row is not None and self.now - row[1] < FRESH

    def keep_listing(self, listing: Listing) -> str:
        text = _text(listing)
        id_ = _id(text)
        self._connection.execute(_USE, {"id": id_, "listing": text, "used_at": self.now})
        self._connection.execute(_SWEEP, {"before": self.now - KEPT})
        return id_

    def listing(self, id_: str) -> Listing | None:
        row = self._connection.execute(_LISTING, {"id_": id_}).first()
        data = None if row is None else json.loads(row[0])
        return Listing.from_json(data) if isinstance(data, dict) else None

    def keep_words(self, text: str) -> str:
        id_ = _id(text)
        self._connection.execute(_USE, {"id": id_, "listing": json.dumps(text), "used_at": self.now})
        return id_

    def kept_words(self, id_: str) -> str | None:
        row = self._connection.execute(_LISTING, {"id_": id_}).first()
        text = None if row is None else json.loads(row[0])
        return text if isinstance(text, str) else None

    def view(self, name: str) -> View | None:
        row = self._connection.execute(_ONE_VIEW, {"key_": _key(name)}).first()
        return None if row is None else View(row[0], Listing.from_json(json.loads(row[1])), row[2], row[3])

    def views(self, *, limit: int) -> Sequence[View]:
        rows = self._connection.execute(_VIEWS, {"most": limit})
        return [View(name, Listing.from_json(json.loads(text)), owner, by) for name, text, owner, by in rows]

    def save_view(self, name: str, listing: Listing, *, owner_id: int) -> None:
        values = {"key": _key(name), "name": name, "listing": _text(listing), "owner_id": owner_id}
        self._connection.execute(_NAME, values | {"made_at": self.now})

    def forget_view(self, name: str) -> None:
        self._connection.execute(_FORGET, {"key_": _key(name)})


def _text(listing: Listing) -> str:
    return json.dumps(listing.to_json(), ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _id(text: str) -> str:
    """The same list has the same id: a press that is heard twice, or a card that is shown twice, adds no row."""
    return base64.b32encode(hashlib.blake2b(text.encode(), digest_size=10).digest()).decode().lower()


def _key(name: str) -> str:
    return fold(" ".join(name.split()))
