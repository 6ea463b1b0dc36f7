"""Part of the transaction: the houses in which an app of the desk was installed by their own people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Installation:
    """`app` names the app ("slack"), `house` the workspace as its network does. `sealed` is what only whoever has the
    key can read: the token by which the desk is there.
    """

    app: str
    house: str
    name: str
    sealed: str


class Installed(Protocol):
    """See `desk.ports.Transaction`."""

    def installations(self) -> Sequence[Installation]:
        """All, by app and house."""

    def keep_installation(self, installation: Installation) -> None:
        """Instead of an earlier one of the same app and house."""

    def drop_installation(self, app: str, house: str) -> None:
        """Nothing happens where there is none."""

    def issue_state(self, digest: str, *, until: datetime) -> None:
        """Whoever comes back with what has this digest was sent by us. Those that are too old are forgotten."""

    def consume_state(self, digest: str) -> bool:
        """True once for each that was issued, as long as it lives."""
