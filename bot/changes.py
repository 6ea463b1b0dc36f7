"""What people are told of a change of a ticket: in its threads, and in its transcript."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.names import department_name
from desk.model import Audience

if TYPE_CHECKING:
    from bot.words import Words
    from desk.catalogue import Catalogue
    from desk.events import TicketChanged


def changed_text(
    event: TicketChanged,
    audience: Audience,
    words: Words,
    catalogue: Catalogue,
    *,
    who: str,
    agent: str = "",
    by_desk: bool = False,
) -> str:
    """What is said of a change, plain. "": nothing, the card shows it. `who` did it, or the desk by itself; `agent`
    looks after the ticket now.
    """
    changed = {change.field: change.new for change in event.changes}
    match event.verb:
        case "claim" | "reopen" | "unassign":
            return words(f"notice.{event.verb}", who=who)
        case "assign" if audience is Audience.CLIENT or by_desk:
            return words("notice.assign", agent=agent)
        case "assign":
            return words("notice.assign_agents", who=who, agent=agent)
        case "move" if "department" in changed:
            return words("notice.move", who=who, department=department_name(changed["department"], words, catalogue))
        case "merged":
            return words("notice.merged", who=who, number=changed["merged"])
        case "split":
            key = "split_into" if "split_into" in changed else "split_from"
            return words(f"notice.{key}", who=who, number=changed[key])
        case "silence":
            return words("notice.silence_client" if audience is Audience.CLIENT else "notice.silence")
        case "close":
            text = words("notice.close_client" if audience is Audience.CLIENT else "notice.close", who=who)
            reason = changed.get("close_reason")
            return words("notice.close_reason", text=text, reason=reason) if reason else text
        case _:
            return ""
