"""What the history is told when a due time moves, in plain cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from desk.events import Change, DueReckoned, TicketChanged
from desk.figures import Terms, due_reckoned
from desk.life import EPOCH, MICROSECOND, Life, Stretch
from desk.model import Status
from desk.sla import Level, Policy, Targets

OPENED = datetime(2026, 11, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
TERMS = Terms(
    {},
    Policy(
        (
            Level("", "", Targets(resolution=8 * HOUR)),
            Level("", "urgent", Targets(resolution=2 * HOUR)),
            Level("hr", "", Targets()),
        )
    ),
)
LIFE = Life(7, 1, "slack", OPENED, "it", "laptop", "low")


def at(hours: int) -> int:
    return (OPENED + hours * HOUR - EPOCH) // MICROSECOND


@pytest.mark.parametrize(
    ("after", "changes", "told"),
    (
        ({"priority": "urgent"}, (Change("priority", "low", "urgent"),), DueReckoned(7, "priority", at(8), at(2))),
        ({"department": "hr"}, (Change("department", "it", "hr"),), DueReckoned(7, "department", at(8), None)),
        ({"priority": "normal"}, (Change("priority", "low", "normal"),), None),  # the same is promised
        ({"agent_id": 2}, (Change("agent", "", "2"),), None),
        # A hold that comes with it stops the clock for a reason of its own.
        (
            {"priority": "urgent", "status": Status.ON_HOLD, "held": (Stretch(OPENED + HOUR),)},
            (Change("status", "new", "on_hold"), Change("priority", "low", "urgent")),
            DueReckoned(7, "priority", at(8), at(2)),
        ),
    ),
)
def test_a_change_tells_what_it_did_to_the_due_time(
    after: dict[str, object], changes: tuple[Change, ...], told: DueReckoned | None
) -> None:
    event = TicketChanged(7, "change", changes)
    assert due_reckoned(LIFE, replace(LIFE, **after), event, TERMS) == told  # type: ignore[arg-type] # a life's own


def test_a_ticket_that_waits_for_its_client_has_no_due_time_to_move() -> None:
    held = replace(LIFE, status=Status.ON_HOLD, held=(Stretch(OPENED + HOUR),))
    event = TicketChanged(7, "set_priority", (Change("priority", "low", "urgent"),))
    assert due_reckoned(held, replace(held, priority="urgent"), event, TERMS) is None
