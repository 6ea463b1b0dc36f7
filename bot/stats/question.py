"""What somebody wants numbers about: a period and what it is narrowed to, short enough for a button to carry."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from desk.errors import DeskError
from desk.figures import Dimension, scope_of
from desk.periods import period_before, period_named

if TYPE_CHECKING:
    from datetime import datetime

    from bot.house import House
    from desk.access import Sight
    from desk.figures import Period, Scope
    from desk.model import Role

PERIODS = ("day", "week", "month", "quarter", "year")
USUAL = "month"
MOST = 200  # values of a dimension that are told apart on cards, where clients of long periods are too many
_BETWEEN = ";"
CARRIED = 40  # characters that a button has room for beside what it does
KEPT = "~"  # before the name of a question that is kept


@dataclass(frozen=True, slots=True)
class Question:
    """`period` by its name (see `desk.periods.period_named`)."""

    period: str = USUAL
    narrowed: tuple[tuple[Dimension, str], ...] = ()

    def narrowed_to(self, dimension: Dimension, value: str) -> Question:
        """The same, of one value of a dimension only; "" = of what has none."""
        kept = tuple(pair for pair in self.narrowed if pair[0] is not dimension)
        return replace(self, narrowed=(*kept, (dimension, value)))

    async def carried(self, house: House) -> str:
        """As buttons carry it: a long one is kept, and they carry its name."""
        text = self.text()
        if len(text) <= CARRIED:
            return text
        return KEPT + await house.storage.write(lambda tx: tx.keep_words(text))

    @classmethod
    async def read(cls, house: House, carried: str) -> Question:
        """The question again. DeskError("list_gone") where it was not used for so long that it is forgotten,
        DeskError("action_unknown") where it is forged.
        """
        if carried.startswith(KEPT):
            text = await house.storage.read(lambda tx: tx.kept_words(carried.removeprefix(KEPT)))
            if text is None:
                raise DeskError("list_gone")
            return cls.of(text)
        return cls.of(carried)

    def text(self) -> str:
        """All of it in one line."""
        return _BETWEEN.join([self.period, *(f"{dimension}={value}" for dimension, value in self.narrowed)])

    @classmethod
    def of(cls, text: str) -> Question:
        """The question again. DeskError("action_unknown") where the text is forged."""
        period, *rest = text.split(_BETWEEN)
        narrowed = []
        for pair in rest:
            name, known, value = pair.partition("=")
            if name not in tuple(Dimension) or not known or (not value and name == Dimension.CLIENT):
                raise DeskError("action_unknown")
            if value and name in (Dimension.AGENT, Dimension.CLIENT) and not (value.isascii() and value.isdigit()):
                raise DeskError("action_unknown")
            narrowed.append((Dimension(name), value))
        return cls(period, tuple(narrowed))

    def periods(self, now: datetime, zone: str) -> tuple[Period, Period]:
        """The period and the one before it. DeskError("period_unknown") where its name says nothing."""
        period = period_named(self.period, now, zone)
        if period is None:
            raise DeskError("period_unknown", period=self.period[:40])
        return period, period_before(self.period, period, zone)

    def scope(self, role: Role, sight: Sight) -> Scope:
        """Over what somebody in that role sees. DeskError("agents_only") where it is not for clients."""
        return scope_of(role, sight, self.narrowed)
