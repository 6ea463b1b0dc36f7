"""What the desk says of its own accord beside tickets' threads, to one person or in a place: owed until it is said.

What an aside is about stands in it as codes; it is worded when it is said, in the language of whoever hears it.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from desk.model import AccountRef, PlaceRef

FRESH = timedelta(hours=6)  # what could not be said for so long is not said any more


def key(what: str, to: AccountRef | PlaceRef) -> str:
    """The same for the same words to the same ears, and for no others: a network recognises a repetition by it."""
    text = f"{what} {type(to).__name__} {to.channel} {to.key}"
    return base64.b32encode(hashlib.blake2b(text.encode(), digest_size=10).digest()).decode().lower()


@dataclass(frozen=True, slots=True)
class Aside:
    """`key` (at most 20 characters) stays the same over every attempt. `kind` is an event's, or "digest"; `about` tells
    of it in JSON values. `attempts` counts the claims so far, this one included.
    """

    key: str
    to: AccountRef | PlaceRef
    kind: str
    about: Mapping[str, Any] = field(default_factory=dict)
    id: int = 0
    attempts: int = 0
