"""The same app in other workspaces: what comes by its socket or at its door is handed to whom it is for, by team."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from slack_bolt.response import BoltResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from slack_bolt.request.async_request import AsyncBoltRequest

LEFT = ("app_uninstalled", "tokens_revoked")  # events that tell that a workspace has taken the app out


@dataclass(frozen=True, slots=True)
class Guest:
    """A workspace's own ears: what `receive` raises is not acknowledged. `greet`: something may have been missed."""

    receive: Callable[[AsyncBoltRequest], Awaitable[BoltResponse]]
    greet: Callable[[bool], None]


class Guests:
    """By team."""

    def __init__(self) -> None:
        self._left: Callable[[str], Awaitable[None]] | None = None
        self._by_team: dict[str, Guest] = {}

    def when_left(self, then: Callable[[str], Awaitable[None]]) -> None:
        """Tell this one that a workspace has taken the app out."""
        self._left = then

    @contextmanager
    def at(self, team: str, guest: Guest) -> Iterator[None]:
        """Within the block this team's is received so."""
        self._by_team[team] = guest
        try:
            yield
        finally:
            if self._by_team.get(team) is guest:
                del self._by_team[team]

    def greet(self, *, briefly: bool) -> None:
        for guest in list(self._by_team.values()):
            guest.greet(briefly)

    async def receive(self, team: str, asked: AsyncBoltRequest) -> BoltResponse:
        """LookupError where nobody is at home there (yet): Slack is to deliver it again."""
        event = asked.body.get("event")
        if isinstance(event, dict) and event.get("type") in LEFT and _is_ours(event):
            if self._left is not None:
                await self._left(team)
            return BoltResponse(status=200)
        guest = self._by_team.get(team)
        if guest is None:
            raise LookupError(f"the app is not installed in {team}, as far as is known here")
        return await guest.receive(asked)


def team_of(body: Any) -> str:
    """The workspace in which the app is that this was sent to; "" where Slack does not say."""
    if not isinstance(body, dict):
        return ""
    first = next(iter(body.get("authorizations") or ()), None)
    team = body.get("team")
    for found in (
        first.get("team_id") if isinstance(first, dict) else None,
        body.get("team_id"),
        team.get("id") if isinstance(team, dict) else None,
    ):
        if isinstance(found, str) and found:
            return found
    return ""


def _is_ours(event: dict[str, Any]) -> bool:
    """Tokens of people, of which the desk has none, may be revoked beside ours."""
    tokens = event.get("tokens")
    return event.get("type") != "tokens_revoked" or (isinstance(tokens, dict) and bool(tokens.get("bot")))
