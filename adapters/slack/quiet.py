"""Who has asked Slack for quiet (Do Not Disturb), asked at most once a minute of each."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from adapters.slack.errors import asked
from adapters.slack.profiles import Recent

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from adapters.slack.api import Api

AT_ONCE = (
    50  # people in one call (docs.slack.dev/reference/methods/dnd.teamInfo), of which some twenty a minute are free
)
KEPT = 60.0  # seconds


class Quiet:
    """What `dnd.teamInfo` says of others: their hours of quiet, and whether these have begun."""

    def __init__(
        self, api: Api, *, now: Callable[[], float] = time.time, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._api = api
        self._now = now
        self._known: Recent[tuple[float, float]] = Recent(clock, KEPT)  # by person: from when to when, in seconds

    async def among(self, people: Collection[str]) -> set[str]:
        """Those of them who want quiet now. ChannelError where Slack does not say."""
        unknown = sorted(person for person in people if self._known.get(person) is None)
        for start in range(0, len(unknown), AT_ONCE):
            await self._ask(unknown[start : start + AT_ONCE])
        now = self._now()
        spans = {person: self._known.get(person) or (0.0, 0.0) for person in people}
        return {person for person, (begin, end) in spans.items() if begin <= now < end}

    async def _ask(self, people: list[str]) -> None:
        answer = await asked(self._api.web.dnd_teamInfo(users=people))
        told = answer.get("users") or {}
        for person in people:
            entry = told.get(person) or {}
            enabled = bool(entry.get("dnd_enabled"))
            begin, end = entry.get("next_dnd_start_ts") or 0, entry.get("next_dnd_end_ts") or 0
            self._known.put(person, (float(begin), float(end)) if enabled else (0.0, 0.0))
