"""Who may do what: roles from config's lists of accounts and groups, and the rule of each act."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from desk.errors import DeskError
from desk.model import Role

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from desk.model import Person, Ticket


@dataclass(frozen=True, slots=True)
class Access:
    """By network, the ids (of accounts, Slack user groups or Discord roles) whose bearers are agents or admins."""

    agents: Mapping[str, frozenset[str]]
    admins: Mapping[str, frozenset[str]]

    def role(self, channel: str, bears: AbstractSet[str]) -> Role:
        """The highest role among what a person bears on this network: their own id and those of their groups."""
        if bears & self.admins.get(channel, frozenset()):
            return Role.ADMIN
        if bears & self.agents.get(channel, frozenset()):
            return Role.AGENT
        return Role.CLIENT


def must_be_agent(role: Role) -> None:
    """DeskError("agents_only") for clients."""
    if role is Role.CLIENT:
        raise DeskError("agents_only")


def must_see(ticket: Ticket, person: Person, role: Role) -> None:
    """Agents see tickets, a client only their own. DeskError("ticket_unknown") otherwise: that a ticket of
    this number exists is told to nobody who may not see it.
    """
    if role is Role.CLIENT and ticket.client_id != person.id:
        raise DeskError("ticket_unknown", number=ticket.number)
