"""Rows of agents: who was heard as one, who is away, whose turn it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, func, select

from desk.model import Agent, Away, Person, Role, Status
from storage.phrases import upsert
from storage.tables import agents, away, identities, people, tickets, turns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from desk.model import AccountRef
    from storage.expected import Expected
    from storage.statement import Runner

_OF_ACCOUNT = (agents.c.channel == bindparam("channel_"), agents.c.key == bindparam("key_"))
_HEARD = select(agents.c.role, agents.c.departments).where(*_OF_ACCOUNT)
_FORGET = delete(agents).where(*_OF_ACCOUNT)
_NEW_AGENT, _NEW_TURN = upsert(agents), upsert(turns)
_HEAR = _NEW_AGENT.on_conflict_do_update(
    index_elements=("channel", "key"),
    set_={name: _NEW_AGENT.excluded[name] for name in ("role", "departments", "heard_at")},
)
_AGENTS = (
    select(people.c.id, people.c.name, people.c.locale, agents.c.role, agents.c.departments, agents.c.heard_at)
    .join_from(agents, identities, (agents.c.channel == identities.c.channel) & (agents.c.key == identities.c.key))
    .join(people, identities.c.person_id == people.c.id)
    .order_by(people.c.name, people.c.id)
)
_AGENT = _AGENTS.where(people.c.id == bindparam("id_"))
_OPEN = (
    select(tickets.c.agent_id, func.count())
    .where(
        tickets.c.agent_id.in_(bindparam("agents", expanding=True)),
        tickets.c.status.in_([status.value for status in Status if status is not Status.CLOSED]),
    )
    .group_by(tickets.c.agent_id)
)
_AWAY = select(away.c.person_id, away.c.since, away.c.until).where(away.c.person_id == bindparam("id_"))
_BACK = delete(away).where(away.c.person_id == bindparam("id_"))
_LEAVE = upsert(away)
_TURN = select(turns.c.person_id).where(turns.c.department == bindparam("department_"))
_TAKE_TURN = _NEW_TURN.on_conflict_do_update(
    index_elements=("department",), set_={"person_id": _NEW_TURN.excluded.person_id}
)


class AgentRows:
    """The agents' part of `desk.ports.Transaction`."""

    _connection: Runner
    _expected: Expected
    now: datetime

    def heard_as(self, account: AccountRef, role: Role, departments: AbstractSet[str]) -> None:
        wanted = None if role is Role.CLIENT else (role.value, " ".join(sorted(departments)))
        if account in self._expected.roles:
            found = self._expected.roles.pop(account)
        else:
            found = self._connection.execute(_HEARD, {"channel_": account.channel, "key_": account.key}).first()
        if (tuple(found) if found else None) == wanted:
            return
        if wanted is None:
            self._connection.execute(_FORGET, {"channel_": account.channel, "key_": account.key})
            return
        values = {"channel": account.channel, "key": account.key, "role": wanted[0], "departments": wanted[1]}
        self._connection.execute(_HEAR, values | {"heard_at": self.now})

    def agents(self) -> Sequence[Agent]:
        found: dict[int, Agent] = {}
        for id_, name, locale, role, departments, heard_at in self._connection.execute(_AGENTS, {}):
            agent = Agent(Person(id_, name, locale), Role(role), frozenset(departments.split()), heard_at)
            found[id_] = _joined(found[id_], agent) if id_ in found else agent
        return list(found.values())

    def agent(self, person_id: int) -> Agent | None:
        found: Agent | None = None
        for id_, name, locale, role, departments, heard_at in self._connection.execute(_AGENT, {"id_": person_id}):
            agent = Agent(Person(id_, name, locale), Role(role), frozenset(departments.split()), heard_at)
            found = _joined(found, agent) if found else agent
        return found

    def open_tickets(self, agent_ids: Iterable[int]) -> Mapping[int, int]:
        counts = dict.fromkeys(agent_ids, 0)
        rows = self._connection.execute(_OPEN, {"agents": list(counts)}) if counts else ()
        return counts | dict(tuple(row) for row in rows)

    def away(self, person_id: int) -> Away | None:
        row = self._connection.execute(_AWAY, {"id_": person_id}).first()
        found = Away(*row) if row else None
        return None if found and found.until and found.until <= self.now else found

    def set_away(self, person_id: int, *, until: datetime | None) -> Away:
        self.clear_away(person_id)
        self._connection.execute(_LEAVE, {"person_id": person_id, "since": self.now, "until": until})
        return Away(person_id, self.now, until)

    def clear_away(self, person_id: int) -> None:
        self._connection.execute(_BACK, {"id_": person_id})

    def last_turn(self, department: str) -> int | None:
        found: int | None = self._connection.execute(_TURN, {"department_": department}).scalar()
        return found

    def save_turn(self, department: str, person_id: int) -> None:
        self._connection.execute(_TAKE_TURN, {"department": department, "person_id": person_id})


def _joined(one: Agent, other: Agent) -> Agent:
    role = Role.ADMIN if Role.ADMIN in {one.role, other.role} else Role.AGENT
    return Agent(one.person, role, one.departments | other.departments, max(one.heard_at, other.heard_at))
