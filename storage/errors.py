"""What storage says where it cannot be used."""

from __future__ import annotations

from desk.errors import Trouble


class StorageError(Trouble):
    """The database cannot be used: one line that says why and what to do."""


class NoAnswer(StorageError):  # noqa: N818 - named for the state
    """The database's server does not take connections: trying again may be of use."""


class LifeOver(StorageError):  # noqa: N818 - named for the state
    """The instance was taken for dead, and others go on with what it had in hand: it is to begin another life."""
