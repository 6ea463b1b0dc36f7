"""What storage says where it cannot be used."""

from __future__ import annotations

from desk.errors import Trouble


class StorageError(Trouble):
    """The database cannot be used: one line that says why and what to do."""
