"""How the desk is at one moment: what its health and its gauges tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from desk.ports import Backlog

LATE = 120.0  # seconds that the oldest delivery may be owed until the desk is called degraded


@dataclass(frozen=True, slots=True)
class Look:
    """How it was at one moment."""

    networks: dict[str, str]  # by name: "connected", "connecting: …", "stopped: …"
    backlog: Backlog | None  # None: the database does not answer
    others: int = 0  # instances of the desk beside this one
    turns: tuple[str, ...] = ()  # what this one does for all of them

    @property
    def status(self) -> Literal["ok", "degraded", "failing"]:
        """Failing: nobody can be served. Degraded: a network is away, or what is owed is late."""
        connected = [state == "connected" for state in self.networks.values()]
        if self.backlog is None or not any(connected):
            return "failing"
        return "ok" if all(connected) and self.backlog.seconds <= LATE else "degraded"

    def as_json(self) -> dict[str, Any]:
        backlog = self.backlog
        return {
            "status": self.status,
            "networks": self.networks,
            "database": "ok" if backlog else "does not answer",
            "instance": {"others": self.others, "turns": list(self.turns)},
            "relay": {"owed": backlog.owed, "lag_seconds": round(backlog.seconds, 3)} if backlog else None,
        }
