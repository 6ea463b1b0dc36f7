"""From who looks at which list to the shape of its question: which ranges of which index to read, what to test."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any

from desk.listing import NOBODY, SHOWN_IN, Tab
from desk.model import Audience, Status
from storage.shapes import Shape, Test

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from desk.access import Sight
    from desk.listing import Bounds, Listing

ARMS = 16  # ranges of one merge

Arm = tuple[Test, ...]


@dataclass(slots=True)
class Question:
    """A shape in the making, and the values of its parameters."""

    sight: Sight
    listing: Listing
    bounds: Bounds
    by: str  # the first column of the order
    given: dict[str, Any] = field(default_factory=dict)
    arms: list[Arm] = field(default_factory=list)
    tests: list[Test] = field(default_factory=list)

    def shape(self) -> Shape:
        """The question about a merge of ranges."""
        self.given["me"] = self.sight.person_id
        self._limits()
        filters = self.listing.filters
        agents = self._agents()
        if self._sees_own_only():
            self._own_arms()
        elif filters.clients:
            self._client_arms()
            self._see()
        elif agents and (self.by == "active_at" or (self._is_open() and NOBODY not in agents)):
            self._arms(self._statuses(), agent_id=agents)
            self._see()
        elif self.by == "due_at":
            self._arms(self._statuses())
            self._see()
        elif agents and not self._is_open():
            self._arms((), agent_id=agents)
            self._see()
        elif (self.by == "active_at" or not self._is_open()) and self._departments_merge():
            pass
        elif self.by == "active_at":
            self._arms(self._statuses())
            self._see()
        else:
            self._in_order_of_opening()
            self._see()
        driven = {test.column for arm in self.arms for test in arm}
        self._test("department", filters.departments, unless=driven)
        self._test("client_id", filters.clients, unless=driven)
        if agents and "agent_id" not in driven:
            self._test_agents(agents)
        few = "agent_id" in driven and self.by != "active_at" and self._is_open()
        return Shape(tuple(self.arms), tuple(self.tests), notes=self._notes(), few=few)

    def flat(self) -> Shape:
        """The question about any row at all: everything is a test."""
        self.given["me"] = self.sight.person_id
        self._limits()
        self._see()
        filters = self.listing.filters
        if len(self._statuses()) < len(Status):
            self._test("status", [status.value for status in self._statuses()])
        self._test("department", filters.departments)
        self._test("client_id", filters.clients)
        if agents := self._agents():
            self._test_agents(agents)
        return Shape((), tuple(self.tests), notes=self._notes())

    def is_narrow(self) -> bool:
        """Whether it is about few tickets only: somebody's own."""
        filters, tab = self.listing.filters, self.listing.tab
        return self._sees_own_only() or bool(filters.clients) or tab is Tab.MINE

    # --- what is asked --------------------------------------------------------------------------------------

    def _sees_own_only(self) -> bool:
        return self.sight.departments is not None and not self.sight.departments

    def _statuses(self) -> Sequence[Status]:
        statuses = SHOWN_IN[self.listing.tab]
        open_ones = [status for status in statuses if status is not Status.CLOSED]
        return open_ones if self.listing.filters.due and open_ones else statuses  # only open tickets are due

    def _is_open(self) -> bool:
        """Whether it is about open tickets only: they are few, and have an index of their own."""
        return Status.CLOSED not in self._statuses()

    def _agents(self) -> tuple[int, ...]:
        """Whose tickets are asked for; NOBODY and people can be asked for at once. A tab narrows a filter."""
        chosen = self.listing.filters.agents
        match self.listing.tab:
            case Tab.MINE:
                only = self.sight.person_id if self.sight.person_id is not None else -1
            case Tab.UNASSIGNED:
                only = NOBODY
            case _:
                return chosen
        return (only,) if not chosen or only in chosen else (-1,)

    def _limits(self) -> None:
        """Everything that is only ever tested."""
        filters, bounds = self.listing.filters, self.bounds
        self._test("house_status", filters.statuses)
        self._test("priority", filters.priorities)
        self._test("product", filters.products)
        self._test("channel", filters.channels)
        if filters.tags:
            self._name("", "tag", filters.tags)
            self.tests.append(Test("tagged", "", len(filters.tags)))
        if self.listing.tab is Tab.AWAITING:
            self._test("last_reply_by", [Audience.CLIENT.value])
        active_from = max(filter(None, (bounds.active_from, bounds.opened_from)), default=None)
        self._moment("from", "opened_at", bounds.opened_from)
        self._moment("before", "opened_at", bounds.opened_before)
        self._moment("from", "active_at", active_from)  # nothing happens to a ticket before it is opened
        self._moment("before", "active_at", bounds.active_before)
        self._moment("from", "due_at", bounds.due_from)
        self._moment("before", "due_at", bounds.due_before)
        if filters.due:
            self.tests.append(self._notes() or Test("in", "department", 0))

    def _see(self) -> None:
        """Nothing that they may not see."""
        sight = self.sight
        if sight.departments is not None:
            self._name("sight_", "department", sorted(sight.departments))
            self.tests.append(Test("in or mine", "department", len(sight.departments), "sight_"))
        elif sight.hidden:
            self._name("sight_", "department", sorted(sight.hidden))
            self.tests.append(Test("not in or mine", "department", len(sight.hidden), "sight_"))

    def _notes(self) -> Test | None:
        """Where they are an agent: they may read notes."""
        sight = self.sight
        if sight.departments is None:
            self._name("notes_", "department", sorted(sight.hidden))
            return Test("not in", "department", len(sight.hidden), "notes_")
        if not sight.departments:
            return None
        self._name("notes_", "department", sorted(sight.departments))
        return Test("in", "department", len(sight.departments), "notes_")

    # --- its ranges -----------------------------------------------------------------------------------------

    def _departments_merge(self) -> bool:
        """One range for each department and status, where they are few; what is one's own elsewhere, beside them."""
        sight, chosen = self.sight, self.listing.filters.departments
        wanted = set(chosen) if chosen else sight.departments
        if wanted is None:
            return False
        inside = sorted(department for department in wanted if sight.inside(department))
        if not inside or len(inside) * (len(self._statuses()) if self.by == "active_at" else 1) > ARMS:
            return False
        self._arms(self._statuses() if self.by == "active_at" else (), department=inside)
        if sight.departments is not None or sight.hidden:
            elsewhere = Test("not in", "department", len(inside), "inside_", aside=True)
            self._name("inside_", "department", inside)
            self._own_arms(elsewhere)
            if chosen:
                self._test("department", chosen)
        return True

    def _own_arms(self, *also: Test) -> None:
        """What the reader opened and follows: few, so their index is chosen, and sorted."""
        if self.sight.person_id is None:
            self.arms.append((Test("in", "department", 0),))  # nothing is theirs
            return
        of_tab = self._status_aside()
        self.arms += [(Test("opened"), *of_tab, *also), (Test("followed"), *of_tab, *also)]

    def _client_arms(self) -> None:
        of_tab = self._status_aside()
        for place, client in enumerate(self.listing.filters.clients):
            self.given[f"arm{place}_client_id_0"] = client
            self.arms.append((Test("in", "client_id", 1, f"arm{place}_"), *of_tab))

    def _status_aside(self) -> Arm:
        statuses = self._statuses()
        if len(statuses) == len(Status):
            return ()
        self._name("tab_", "status", [status.value for status in statuses])
        return (Test("in", "status", len(statuses), "tab_", aside=True),)

    def _in_order_of_opening(self) -> None:
        self.arms.append((Test("open"),) if self._is_open() else ())
        if len(self._statuses()) < len(Status):
            self._test("status", [status.value for status in self._statuses()])

    def _arms(self, statuses: Sequence[Status], **columns: Sequence[Any]) -> None:
        """A range for each status and each value of the column, if one is given; without statuses a range holds all,
        and the tab's are tested.
        """
        ((column, values),) = columns.items() or {"": ("",)}.items()
        aside = () if statuses else self._status_aside()
        for value, status in product(values, statuses or ("",)):
            name = f"arm{len(self.arms)}_"
            arm: list[Test] = []
            if column == "agent_id" and value == NOBODY:
                arm.append(Test("null", column, 0))
            elif column:
                arm.append(Test("in", column, 1, name))
                self.given[f"{name}{column}_0"] = value
            if status:
                arm.append(Test("in", "status", 1, name))
                self.given[f"{name}status_0"] = status.value if isinstance(status, Status) else status
            self.arms.append((*arm, *aside))

    # --- its tests ------------------------------------------------------------------------------------------

    def _test(self, column: str, values: Sequence[Any], *, unless: Iterable[str] = ()) -> None:
        if values and column not in unless:
            self._name("", column, values)
            self.tests.append(Test("in", column, len(values)))

    def _moment(self, kind: str, column: str, moment: datetime | None) -> None:
        if moment is not None:
            self.tests.append(Test(kind, column, name=f"{kind}_"))
            self.given[f"{kind}_{column}_0"] = moment

    def _test_agents(self, agents: Sequence[int]) -> None:
        people = [agent for agent in agents if agent != NOBODY]
        self._name("", "agent_id", people)
        kind = ("null or in" if people else "null") if NOBODY in agents else "in"
        self.tests.append(Test(kind, "agent_id", len(people)))

    def _name(self, prefix: str, column: str, values: Sequence[Any]) -> None:
        self.given |= {f"{prefix}{column}_{place}": value for place, value in enumerate(values)}
