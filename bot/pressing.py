"""What presses about a ticket, in words: for its thread and for its agent in person alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from desk.events import PromisePressing, TicketNudged
from desk.life import moment

if TYPE_CHECKING:
    from datetime import datetime

    from bot.words import Words

Presses = PromisePressing | TicketNudged


def worded(event: Presses, at: datetime, words: Words) -> str:
    """A sentence that was true at that moment. Plain text."""
    match event:
        case PromisePressing():
            key = f"notice.promise_{'late' if event.late else 'near'}"
            return words(key, promise=words(f"promise.{event.promise}"), moment=words.moment(moment(event.due)))
        case TicketNudged():
            return words(f"nudge.{event.why}", duration=words.brief(at - moment(event.since)))
        case _:
            assert_never(event)
