"""Which schema of a database this desk knows, which it works with, and how it comes to it.

Migrations expand first and contract later. A desk goes on with a database that a newer one has brought forward, as
long as nothing was taken away that it needs: the database says since which schema that is so.
"""

from __future__ import annotations

from datetime import timedelta
from importlib import resources
from typing import TYPE_CHECKING

from sqlalchemy import text

from storage.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

HEAD = "0023"  # the newest migration; a test holds it equal to Alembic's own idea
# The oldest schema whose desk can go on beside the newest one (docs/adr/0010). A migration moves it to itself where it
# takes something away, or gives rows a new meaning that an older desk would not write (an index, sums).
SINCE = "0022"
MARK = "schema_since"  # the setting by which older desks know `SINCE`
SINCE_OF = f"SELECT value FROM settings WHERE name = '{MARK}'"  # noqa: S608 - our own word
# What is done with every database that is opened.
RECEIPTS_KEPT = timedelta(days=7)  # Slack's last redelivery comes after five minutes; Discord has none
SALT_LENGTH = 8  # characters of what this installation's keys begin with


def to_bring_forward(version: str | None, since: Callable[[], str | None], shown: str) -> bool:
    """Whether migrations are to be run on a database of this schema (None: an empty one). StorageError where a newer
    desk made it, and says that it serves only desks `since` another schema.
    """
    if version is None or version <= HEAD:
        return version != HEAD
    serves = since()
    if serves is None or serves > HEAD:
        raise StorageError(f"{shown}: made by a newer desk (schema {version}, this one knows {HEAD}); upgrade the desk")
    return False


def must_be_ready(version: str | None, shown: str) -> None:
    """StorageError where there is no database of this desk's schema."""
    if version is None or version < HEAD:
        raise StorageError(
            f"{shown}: no database of this desk yet (schema {version}, wanted {HEAD}); start the desk once"
        )


def upgrade(connection: Connection, upto: str = "head") -> None:
    """Run the migrations within the connection's open transaction."""
    from alembic import command  # slow to load, and seldom needed
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(resources.files("storage").joinpath("migrations")))
    config.attributes["connection"] = connection
    command.upgrade(config, upto)
    if upto in ("head", HEAD):
        kept = "INSERT INTO settings (name, value) VALUES (:name, :value)"
        kept += " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        connection.execute(text(kept), {"name": MARK, "value": SINCE})
