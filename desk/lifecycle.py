"""What becomes of tickets by themselves: how the house wants silence, replies and old attachments to be taken."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from desk.model import Status


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """[lifecycle] of config.toml."""

    hold_on_reply: bool = False  # an agent's reply puts a ticket on hold, the client's takes it in hand again
    warn_after: timedelta | None = None  # of silence after an agent's reply; None: nobody is warned, nothing closes
    close_after: timedelta = timedelta()  # longer than `warn_after`
    silent: frozenset[str] = frozenset({Status.IN_PROGRESS.value, Status.ON_HOLD.value})  # in which it counts
    keep_attachments: timedelta = timedelta(days=1)  # after closing, where the ticket or its department lets them go
    drop_departments: frozenset[str] = field(default_factory=frozenset)  # which let them go

    @property
    def second_half(self) -> timedelta:
        """From the warning to the closing."""
        return self.close_after - (self.warn_after or timedelta())
