"""Rows of the houses in which an app of the desk was installed by their own people, and of who is about to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, insert, select

from desk.ports.installed import Installation
from storage.tables import install_states, installations

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from storage.statement import Runner

_ALL = select(
    installations.c.app, installations.c.house, installations.c.name, installations.c.sealed
).order_by(installations.c.app, installations.c.house)  # fmt: skip
_KEEP = insert(installations)
_DROP = delete(installations).where(
    installations.c.app == bindparam("app_"), installations.c.house == bindparam("house_")
)
_ISSUE = insert(install_states)
_EXPIRE = delete(install_states).where(install_states.c.until <= bindparam("now_"))
_CONSUME = delete(install_states).where(
    install_states.c.digest == bindparam("digest_"), install_states.c.until > bindparam("now_")
)


class InstalledRows:
    """The installations' part of `desk.ports.Transaction`."""

    _connection: Runner
    now: datetime

    def installations(self) -> Sequence[Installation]:
        return [Installation(*row) for row in self._connection.execute(_ALL, {})]

    def keep_installation(self, installation: Installation) -> None:
        self.drop_installation(installation.app, installation.house)
        values = {
            "app": installation.app,
            "house": installation.house,
            "name": installation.name,
            "sealed": installation.sealed,
            "made_at": self.now,
        }
        self._connection.execute(_KEEP, values)

    def drop_installation(self, app: str, house: str) -> None:
        self._connection.execute(_DROP, {"app_": app, "house_": house})

    def issue_state(self, digest: str, *, until: datetime) -> None:
        self._connection.execute(_EXPIRE, {"now_": self.now})
        self._connection.execute(_ISSUE, {"digest": digest, "until": until})

    def consume_state(self, digest: str) -> bool:
        return bool(self._connection.execute(_CONSUME, {"digest_": digest, "now_": self.now}).rowcount == 1)
