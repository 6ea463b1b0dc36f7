"""A ticket's life from its events, and what is due, against a reckoning minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk.calendar import ALWAYS, Calendar, Span
from desk.events import Change, MessageSaid, Recorded, TicketChanged, TicketOpened, TicketRated
from desk.life import Stretch, applied, from_json, lived, to_json
from desk.model import Status
from desk.sla import Level, Policy, Promise, Targets, business_time, clocks, next_due

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desk.events import Event
    from desk.life import Life

MARC, LEA, TOM = 1, 2, 3
MINUTE = timedelta(minutes=1)
MONDAY = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
OFFICE = Calendar("UTC", ((Span(9 * 60, 12 * 60), Span(13 * 60, 17 * 60)),) * 5 + ((), ()))
HOUR = Targets(timedelta(hours=1), timedelta(hours=1), timedelta(hours=8))

OPENED = TicketOpened(1, 1, MARC, "slack", "it", "intranet", "urgent")


def said(by: str, kind: str = "reply") -> MessageSaid:
    return MessageSaid(1, 2, kind, by)


def status(old: Status, new: Status, verb: str = "status") -> TicketChanged:
    return TicketChanged(1, verb, (Change("status", old, new),))


def told(*steps: tuple[int, int | None, Event]) -> Life:
    """A life out of (minutes after Monday 8:00, who, what)."""
    log = [Recorded(n, event, who, MONDAY + at * MINUTE) for n, (at, who, event) in enumerate(steps)]
    life = lived(log)
    assert life is not None
    return life


def minute(count: int) -> datetime:
    return MONDAY + count * MINUTE


NEW, IN_PROGRESS, ON_HOLD, CLOSED = Status.NEW, Status.IN_PROGRESS, Status.ON_HOLD, Status.CLOSED


def test_a_plain_life() -> None:
    life = told(
        (0, MARC, OPENED),
        (10, LEA, TicketChanged(1, "claim", (Change("agent", "", "2"), Change("status", NEW, IN_PROGRESS)))),
        (20, LEA, said("internal", "note")),
        (30, LEA, said("agents")),
        (40, MARC, said("client")),
        (45, MARC, said("client")),
        (60, LEA, said("agents")),
        (70, LEA, status(IN_PROGRESS, CLOSED, "close")),
        (80, MARC, TicketRated(1, 5)),
    )
    assert (life.agent_id, life.first_reply_at, life.first_reply_by) == (LEA, minute(30), LEA)  # a note is no answer
    assert life.asked == (Stretch(minute(0), minute(30)), Stretch(minute(40), minute(60)))
    assert (life.client_replies, life.agent_replies) == (2, 2)
    assert (life.closed_at, life.rating, life.awaiting_since) == (minute(70), 5, None)


@pytest.mark.parametrize(
    ("steps", "awaiting", "closed"),
    (
        # Thanks on a closed ticket is not a question.
        (((5, LEA, said("agents")), (6, LEA, status(NEW, CLOSED)), (9, MARC, said("client"))), None, 6),
        # A client who re-opens asks again; an agent who does, does not wait for himself.
        (((5, LEA, status(NEW, CLOSED)), (9, MARC, status(CLOSED, NEW, "reopen"))), 9, None),
        (((5, LEA, status(NEW, CLOSED)), (9, LEA, status(CLOSED, NEW, "reopen"))), None, None),
        # Closed twice: the last close holds.
        (((5, LEA, status(NEW, CLOSED)), (9, LEA, status(CLOSED, NEW)), (12, LEA, status(NEW, CLOSED))), None, 12),
        # The ticket's own client speaks among agents: nobody has answered him.
        (((5, MARC, said("agents")),), 0, None),
        # The desk's own notices are nobody's words.
        (((5, None, TicketChanged(1, "remind", ())),), 0, None),
    ),
)
def test_what_must_not_bend_a_figure(
    steps: Sequence[tuple[int, int | None, Event]], awaiting: int | None, closed: int | None
) -> None:
    life = told((0, MARC, OPENED), *steps)
    assert life.awaiting_since == (None if awaiting is None else minute(awaiting))
    assert life.closed_at == (None if closed is None else minute(closed))


def test_a_merged_ticket_owes_nothing() -> None:
    life = told((0, MARC, OPENED), (5, LEA, TicketChanged(1, "merge", (Change("merged_into", "", "7"),))))
    assert life.merged_at == minute(5)
    assert clocks(life, HOUR, ALWAYS) == ()


def test_the_closest_level_counts() -> None:
    one, two, three, four = (Targets(timedelta(hours=hours)) for hours in (1, 2, 3, 4))
    policy = Policy((Level("", "", four), Level("", "urgent", three), Level("it", "", two), Level("it", "urgent", one)))
    assert policy.targets("it", "urgent") == one
    assert policy.targets("it", "low") == two
    assert policy.targets("hr", "urgent") == three
    assert policy.targets("hr", "low") == four
    assert Policy().targets("it", "low") == Targets()


def test_due_times_by_hand() -> None:
    # Opened on Monday at 8:00, an hour before the office opens.
    life = told((0, MARC, OPENED))
    first, resolution = clocks(life, HOUR, OFFICE)
    assert (first.promise, first.due_at, first.warn_at) == (Promise.FIRST_RESPONSE, minute(120), minute(105))
    assert resolution.due_at == minute(25 * 60 + 60)  # 7 of 8 hours on Monday, one on Tuesday: 10:00
    assert next_due((first, resolution)) == first
    assert first.breached(minute(120))
    assert not first.breached(minute(119))
    # Answered in time, then on hold over noon: the resolution's clock stands still meanwhile.
    life = told(
        (0, MARC, OPENED),
        (90, LEA, said("agents")),
        (120, LEA, status(NEW, ON_HOLD)),  # 10:00
        (360, MARC, said("client")),  # 14:00
        (360, MARC, status(ON_HOLD, IN_PROGRESS)),
    )
    first, following, resolution = clocks(life, HOUR, OFFICE)
    assert first.kept
    assert following.due_at == minute(420)
    assert resolution.due_at == minute(24 * 60 + 60 + 180 + 60 + 60)  # 1 + 3 hours on Monday; Tuesday 9-12 and 13-14
    assert business_time(life, life.opened_at, minute(420), OFFICE) == timedelta(hours=2)


# --- against a slow reckoning -----------------------------------------------------------------------------------

STATUSES = (NEW, IN_PROGRESS, ON_HOLD, CLOSED)
acts = st.lists(
    st.tuples(
        st.integers(1, 300),
        st.sampled_from(("client", "agents", "note", NEW, IN_PROGRESS, ON_HOLD, CLOSED, "priority")),
        st.sampled_from((MARC, LEA, TOM)),
    ),
    max_size=12,
)


def log_of(steps: Sequence[tuple[int, str, int]]) -> list[Recorded]:
    at, now, log = 0, NEW, [Recorded(0, OPENED, MARC, MONDAY)]
    for number, (pause, act, whoever) in enumerate(steps, 1):
        at += pause
        who = MARC if act == "client" else whoever
        event: Event
        if act in ("client", "agents"):
            event = said(act)
        elif act == "note":
            event = said("internal", "note")
        elif act == "priority":
            event = TicketChanged(1, "priority", (Change("priority", "urgent", "low"),))
        else:
            event, now = status(now, Status(act)), Status(act)
        log.append(Recorded(number, event, who, minute(at)))
    return log


@given(steps=acts, hours=st.integers(1, 20), calendar=st.sampled_from((OFFICE, ALWAYS)))
@settings(max_examples=80)
def test_due_times_minute_by_minute(steps: Sequence[tuple[int, str, int]], hours: int, calendar: Calendar) -> None:
    log = log_of(steps)
    life = lived(log)
    assert life is not None
    target = timedelta(hours=hours)
    moves = [(r.at, Status(c.new)) for r in log if isinstance(r.event, TicketChanged) for c in r.event.changes
             if c.field == "status"]  # fmt: skip
    for clock in clocks(life, Targets(target, target, target), calendar):
        used, due, moment = timedelta(), None, clock.started_at
        end = clock.ended_at or minute(60 * 24 * 40)
        while moment < end and due is None:
            state = next((new for at, new in reversed(moves) if at <= moment), NEW)
            waits = state in (ON_HOLD, CLOSED)
            if waits and moment > log[-1].at and clock.ended_at is None:
                break  # it stands still for good
            used += (not waits and calendar.between(moment, moment + MINUTE) > timedelta()) * MINUTE
            moment += MINUTE
            due = moment if used == target else None
        assert clock.due_at == due


@given(steps=acts)
def test_a_life_survives_json_and_grows_event_by_event(steps: Sequence[tuple[int, str, int]]) -> None:
    life: Life | None = None
    log = log_of(steps)
    for recorded in log:
        life = applied(None if life is None else from_json(to_json(life)), recorded)
    assert life == lived(log)
