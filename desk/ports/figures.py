"""Part of the transaction: lives and figures; see desk/life.py and desk/figures.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date, datetime, timedelta

    from desk.figures import Dimension, Ever, Figure, Period, Scope, Terms, Totals
    from desk.life import Life
    from desk.nudging import Nudge
    from desk.tally import Tally


class Figures(Protocol):
    """See `desk.ports.Transaction`."""

    # --- figures (see desk/life.py, desk/figures.py) --------------------------------------------------------

    def keep_up(self, terms: Terms, *, most: int, tickets: int = 0) -> int:
        """Bring the lives forward by at most so many events, of at most so many `tickets` (0: of any number); gives how
        many there were (0: nothing is left).
        """

    def events_left(self) -> int:
        """At least as many events as `keep_up` has still to come to."""

    def left_behind(self) -> bool:
        """Whether an older desk beside this one brought the lives forward without what this one keeps with them."""

    def life(self, ticket: int) -> Life | None:
        """As far as `keep_up` has come."""

    def measure_again(self, terms: Terms, *, after: int, most: int) -> int:
        """Reckon the measures of so many tickets behind that number on these terms; gives the last one's (0: done)."""

    def terms_known(self) -> str | None:
        """The terms by which all lives were last measured, as `know_terms` was told."""

    def know_terms(self, fingerprint: str) -> None:
        """All lives have been measured by these."""

    def forget_lives(self) -> None:
        """Make them all anew, from the first event on, with the next `keep_up`."""

    def nudge_candidates(self, nudge: Nudge, before: datetime, *, most: int) -> Sequence[tuple[int, datetime]]:
        """Open tickets that have been so since before that moment and were not nudged for it yet: number, since."""

    def waiting_longest(self, department: str, *, most: int) -> Sequence[tuple[int, datetime]]:
        """The department's tickets whose clients have waited longest for a word: number, since."""

    def pressing(self, *, most: int) -> Sequence[tuple[int, str, datetime, datetime, datetime]]:
        """Tickets with a promise whose warning time has come: number, promise, since when, warn and due time."""

    def warn_later(self, ticket: int, at: datetime | None) -> None:
        """Ask again then (None: not before the ticket's next event)."""

    def totals(self, scope: Scope, period: Period, zone: str = "UTC", *, by_age: bool = True) -> Totals:
        """All figures of that scope and period. Over more than a quarter the medians and percentiles are exact to 1 %
        where the scope is narrowed to no more than one value (and to no client); everything else always is exact.
        Without `by_age`, the backlog is a number only.
        """

    def ever(self, scope: Scope) -> Ever:
        """Of all time, quick for a scope that is narrowed to a client."""

    def days(self, scope: Scope, period: Period, zone: str) -> Mapping[date, tuple[int, int]] | None:
        """How many were opened and closed on each day of the house in that period. None for a narrowed scope."""

    def summed(self, scope: Scope, period: Period, zone: str) -> Tally | None:
        """The period's tallies in one. None in a narrowed scope, or for a period of other days than the house's."""

    def apart(
        self, by: Dimension, figures: Collection[Figure], scope: Scope, period: Period, zone: str, *,
        most: int | None = None, among: Collection[str] | None = None,
    ) -> Mapping[str, Totals]:  # fmt: skip
        """These figures for each value of a dimension that has any tickets behind one of them ("" = none), by its id.
        Over more than a quarter medians and percentiles are exact to 1 % where the scope is not narrowed. Of clients
        only the `most` with the most tickets behind the first figure are told, or those `among` these.
        """

    def count_behind(self, figure: Figure, scope: Scope, period: Period, zone: str = "UTC") -> int:
        """How many tickets (for `NEXT_KEPT`: answers) a figure is reckoned from."""

    def behind(
        self, figure: Figure, scope: Scope, period: Period, *, after: int | None = None, most: int
    ) -> Sequence[int]:
        """The numbers of the tickets behind a figure, the newest first; those before `after`, where given."""

    def by_hour(self, what: str, scope: Scope, period: Period) -> Mapping[datetime, int]:
        """How many tickets were "opened" or "closed" in each hour that had any, by the hour's start in UTC."""

    def durations(self, figure: Figure, scope: Scope, period: Period) -> Sequence[timedelta]:
        """Of first responses or resolutions, in business time, in no order."""
