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


@dataclass(frozen=True, slots=True)
class Sight:
    """Which tickets somebody may see: every list, count, search and figure takes one and shows nothing beyond it.

    All tickets of `departments` (None: of every department but `hidden`), notes included; of the others only those
    that they opened or follow, without notes. Clients have no departments.
    """

    person_id: int | None  # None: the desk has no row of them yet, so nothing is theirs
    departments: frozenset[str] | None = frozenset()
    hidden: frozenset[str] = frozenset()

    def inside(self, department: str) -> bool:
        """Whether they see all of this department's tickets, as its agents do."""
        return department not in self.hidden if self.departments is None else department in self.departments


def sight(person: Person | None, role: Role) -> Sight:
    """What somebody in this role sees."""
    return Sight(person.id if person else None, frozenset() if role is Role.CLIENT else None)


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
