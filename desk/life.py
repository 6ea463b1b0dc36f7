"""A ticket's life in figures, told from its events alone, one after the other.

`applied` is the only place that says what an event means for a figure: a note is no answer, an agent who is the
ticket's client answers nobody, a client's thanks on a closed ticket is not a question, the desk's own notices are
nobody's words.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from desk.events import MessageSaid, TicketChanged, TicketOpened, TicketRated
from desk.model import Audience, Kind, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from desk.events import Change, Recorded

MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Stretch:
    """From one moment to another; without an end, it goes on."""

    start: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """What the figures need of one ticket. `held`: while it was on hold or closed, so that nobody of the desk could be
    waited for. `asked`: from each word of the client's that nobody had answered yet to the next answer.
    """

    number: int
    client_id: int
    channel: str
    opened_at: datetime
    department: str
    product: str
    priority: str
    tags: tuple[str, ...] = ()
    agent_id: int | None = None
    status: Status = Status.NEW
    held: tuple[Stretch, ...] = ()
    asked: tuple[Stretch, ...] = ()
    first_reply_at: datetime | None = None
    first_reply_by: int | None = None
    client_replies: int = 0
    agent_replies: int = 0
    closed_at: datetime | None = None  # of the close that holds; None while it is open
    reopened_at: datetime | None = None  # the last time
    rating: int | None = None
    rated_at: datetime | None = None
    merged_at: datetime | None = None

    @property
    def awaiting_since(self) -> datetime | None:
        """Since when the client has waited for a word; None where nobody waits."""
        if self.status is Status.CLOSED or not self.asked or self.asked[-1].end is not None:
            return None
        return self.asked[-1].start


def lived(log: Iterable[Recorded]) -> Life | None:
    """The life that a ticket's whole log tells. None before it is opened."""
    life: Life | None = None
    for recorded in log:
        life = applied(life, recorded)
    return life


def applied(life: Life | None, recorded: Recorded) -> Life | None:
    """The life after one more event; events that mean nothing for figures leave it as it is."""
    at, event = recorded.at, recorded.event
    if isinstance(event, TicketOpened):
        return Life(
            event.ticket,
            event.client_id,
            event.channel,
            at,
            event.department,
            event.product,
            event.priority,
            asked=(Stretch(at),),
        )
    if life is None:
        return None
    match event:
        case MessageSaid() if event.kind == Kind.REPLY:
            return _said(life, recorded.actor_id, Audience(event.by), at)
        case TicketChanged():
            for change in event.changes:
                life = _changed(life, change, recorded.actor_id, at)
            return life
        case TicketRated():
            return replace(life, rating=event.stars, rated_at=at)
        case _:
            return life


def _said(life: Life, author_id: int | None, by: Audience, at: datetime) -> Life:
    if by is Audience.CLIENT or author_id == life.client_id:
        life = replace(life, client_replies=life.client_replies + 1)
        return life if life.status is Status.CLOSED else _asks(life, at)
    life = replace(life, agent_replies=life.agent_replies + 1, asked=_ended(life.asked, at))
    if life.first_reply_at is None:
        life = replace(life, first_reply_at=at, first_reply_by=author_id)
    return life


def _changed(life: Life, change: Change, actor_id: int | None, at: datetime) -> Life:
    match change.field:
        case "status":
            return _moved(life, Status(change.new), actor_id, at)
        case "agent":
            return replace(life, agent_id=int(change.new) if change.new else None)
        case "department":
            return replace(life, department=change.new)
        case "product":
            return replace(life, product=change.new)
        case "priority":
            return replace(life, priority=change.new)
        case "tags":
            return replace(life, tags=tuple(change.new.split()))
        case "client":
            return replace(life, client_id=int(change.new))
        case "merged_into":
            return replace(life, merged_at=at if change.new else None)
        case _:
            return life


def _moved(life: Life, status: Status, actor_id: int | None, at: datetime) -> Life:
    was_closed, is_closed = life.status is Status.CLOSED, status is Status.CLOSED
    still = (Status.ON_HOLD, Status.CLOSED)
    held = life.held
    if status in still and life.status not in still:
        held = (*held, Stretch(at))
    elif status not in still:
        held = _ended(held, at)
    life = replace(life, status=status, held=held)
    if is_closed and not was_closed:
        return replace(life, closed_at=at, asked=_ended(life.asked, at))
    if was_closed and not is_closed:
        life = replace(life, closed_at=None, reopened_at=at)
        return _asks(life, at) if actor_id == life.client_id else life
    return life


def _asks(life: Life, at: datetime) -> Life:
    waits = bool(life.asked) and life.asked[-1].end is None
    return life if waits else replace(life, asked=(*life.asked, Stretch(at)))


def _ended(stretches: tuple[Stretch, ...], at: datetime) -> tuple[Stretch, ...]:
    if not stretches or stretches[-1].end is not None:
        return stretches
    return (*stretches[:-1], replace(stretches[-1], end=at))


# --- kept as JSON -----------------------------------------------------------------------------------------------


def to_json(life: Life) -> dict[str, Any]:
    """As plain values; moments as microseconds since 1970. What is as in a new life is left out."""
    data: dict[str, Any] = {name: value for name in _PLAIN if (value := getattr(life, name)) not in (None, 0, ())}
    data |= {name: _count(value) for name in _MOMENTS if (value := getattr(life, name)) is not None}
    for name in _STRETCHES:
        if stretches := getattr(life, name):
            data[name] = [
                {"start": _count(each.start), "end": None if each.end is None else _count(each.end)}
                for each in stretches
            ]
    return data


def from_json(data: Mapping[str, Any]) -> Life:
    """The life again."""
    values = {name: data[name] for name in _PLAIN if name in data}
    values |= {name: moment(data[name]) for name in _MOMENTS if name in data}
    for name in _STRETCHES:
        values[name] = tuple(
            Stretch(moment(each["start"]), None if each["end"] is None else moment(each["end"]))
            for each in data.get(name, ())
        )
    return Life(**values | {"status": Status(values["status"]), "tags": tuple(data.get("tags", ()))})


_STRETCHES = ("held", "asked")
_MOMENTS = tuple(each.name for each in fields(Life) if each.name.endswith("_at"))
_PLAIN = tuple(each.name for each in fields(Life) if each.name not in (*_STRETCHES, *_MOMENTS))


def _count(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


def moment(count: int) -> datetime:
    """From whole microseconds since 1970."""
    return EPOCH + count * MICROSECOND
