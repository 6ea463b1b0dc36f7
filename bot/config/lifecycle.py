"""[lifecycle] of config.toml: what becomes of tickets by themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from bot.config.keys import Id, Misplaced, Section
from desk.lifecycle import Lifecycle
from desk.model import Status

if TYPE_CHECKING:
    from desk.catalogue import Catalogue


class LifecycleSection(Section):
    """[lifecycle]"""

    hold_on_reply: bool = False
    close_after_days: float = Field(default=0, ge=0, le=3650)  # of silence; 0: never
    warn_after_days: float | None = Field(default=None, gt=0)  # None: half way
    statuses: list[Id] = Field(default_factory=lambda: [Status.IN_PROGRESS.value, Status.ON_HOLD.value], min_length=1)
    keep_attachments_hours: float = Field(default=24, ge=0)

    @model_validator(mode="after")
    def _warned_before_closed(self) -> LifecycleSection:
        if self.close_after_days and self.warn_after_days is not None and self.warn_after_days >= self.close_after_days:
            raise ValueError("warn_after_days: the warning comes before the end; make it less than close_after_days")
        return self

    def made(self, catalogue: Catalogue, drop_departments: frozenset[str]) -> Lifecycle:
        """As the rules take it. Misplaced where it names a status that there is not."""
        for status in self.statuses:
            stands_for = catalogue.stands_for(status)
            if stands_for is None or stands_for is Status.CLOSED:
                raise Misplaced(
                    f"lifecycle.statuses: {status!r} is no status of an open ticket; see [[statuses]]",
                    "lifecycle",
                    "statuses",
                )
        closing = timedelta(days=self.close_after_days)
        warning = timedelta(days=self.warn_after_days) if self.warn_after_days else closing / 2
        return Lifecycle(
            hold_on_reply=self.hold_on_reply,
            warn_after=warning if closing else None,
            close_after=closing,
            silent=frozenset(self.statuses),
            keep_attachments=timedelta(hours=self.keep_attachments_hours),
            drop_departments=drop_departments,
        )
