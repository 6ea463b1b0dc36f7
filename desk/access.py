"""Who may do what: roles from config's lists of accounts and groups, and the rule of each act."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from desk.errors import DeskError
from desk.model import Role

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from desk.model import Person, Ticket

_NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Access:
    """By network, the ids (of accounts, Slack user groups or Discord roles) whose bearers are agents or admins.

    A department that names agents has these and no others; one that names none has all agents of the house, but for
    those of networks that are kept `apart`: they are agents of departments that name them, and of no others.
    """

    agents: Mapping[str, frozenset[str]]
    admins: Mapping[str, frozenset[str]]
    departments: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)  # by department, by network
    apart: frozenset[str] = frozenset()

    def role(self, channel: str, bears: AbstractSet[str]) -> Role:
        """The highest role among what a person bears on this network: their own id and those of their groups."""
        if bears & self.admins.get(channel, _NOBODY):
            return Role.ADMIN
        if bears & self.agents.get(channel, _NOBODY) or self._named(channel, bears):
            return Role.AGENT
        return Role.CLIENT

    def departments_of(self, channel: str, bears: AbstractSet[str]) -> frozenset[str]:
        """The departments whose agent they are: none for clients, and for admins who are no agents as well."""
        named = self._named(channel, bears)
        if channel in self.apart or not bears & self.agents.get(channel, _NOBODY):
            return named
        return named | frozenset(name for name, agents in self.departments.items() if not agents)

    def ids(self, channel: str) -> frozenset[str]:
        """Every id that makes somebody an agent or an admin on this network."""
        found = {*self.agents.get(channel, _NOBODY), *self.admins.get(channel, _NOBODY)}
        return frozenset(found.union(*(agents.get(channel, _NOBODY) for agents in self.departments.values())))

    def _named(self, channel: str, bears: AbstractSet[str]) -> frozenset[str]:
        return frozenset(name for name, agents in self.departments.items() if bears & agents.get(channel, _NOBODY))


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

    def sees(self, ticket: Ticket, *, follows: bool) -> bool:
        """Whether they may see this ticket at all: the same rule as of the queries, for one."""
        mine = self.person_id is not None and (ticket.client_id == self.person_id or follows)
        return mine or self.inside(ticket.department)


def sight(person: Person | None, role: Role, departments: frozenset[str]) -> Sight:
    """What somebody sees: a client their own, an agent their departments' too, an admin everything. None: somebody
    who has never spoken to the desk.
    """
    person_id = person.id if person else None
    match role:
        case Role.ADMIN:
            return Sight(person_id, None)
        case Role.AGENT:
            return Sight(person_id, departments)
        case _:
            return Sight(person_id)


def must_be_admin(role: Role) -> None:
    """DeskError("admins_only") for everybody else."""
    if role is not Role.ADMIN:
        raise DeskError("admins_only")


def must_be_agent(role: Role) -> None:
    """DeskError("agents_only") for clients."""
    if role is Role.CLIENT:
        raise DeskError("agents_only")
