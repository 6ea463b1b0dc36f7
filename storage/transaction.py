"""One transaction over the rows: `desk.ports.Transaction`, put together from its parts."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from storage.agents import AgentRows
from storage.asides import AsideRows
from storage.drafts import DraftRows
from storage.erasing import ErasingRows
from storage.expected import Expected
from storage.expecting import ExpectingRows
from storage.figures import FigureRows
from storage.installed import InstalledRows
from storage.linking import LinkRows
from storage.listing import ListingRows
from storage.lists import ListRows
from storage.lives import LifeRows
from storage.messages import MessageRows
from storage.nudges import NudgeRows
from storage.outbox import OutboxRows
from storage.people import PeopleRows
from storage.pinned import PinnedRows
from storage.searching import SearchRows
from storage.tending import TendingRows
from storage.tickets import TicketRows
from storage.transcripts import TranscriptRows
from storage.wording import index_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from desk.ports import Courier
    from storage.statement import Runner


class Rows(
    ExpectingRows,
    PeopleRows,
    AgentRows,
    MessageRows,
    ListingRows,
    SearchRows,
    ListRows,
    LinkRows,
    DraftRows,
    TendingRows,
    PinnedRows,
    TranscriptRows,
    InstalledRows,
    AsideRows,
    LifeRows,
    OutboxRows,
    TicketRows,
    FigureRows,
    NudgeRows,
    ErasingRows,
):
    """`now` is one moment for all that the transaction writes; `salt` makes its delivery keys this desk's own. What the
    courier takes is in `fresh`, what becomes of tickets' words in `worded`.
    """

    def __init__(
        self, runner: Runner, now: datetime, salt: str, courier: Courier | None = None, instance: int | None = None
    ) -> None:
        self._connection = runner
        self.now = now
        self._salt = salt
        self._courier = courier
        self._instance = instance
        self.fresh = []
        self.owes = False
        self._busy = {}
        self._expected = Expected()
        self._people = {}
        self._messages = {}
        self._tickets = {}
        self.worded = []
        self._index = index_of(runner)

    @contextmanager
    def as_of(self, moment: datetime) -> Iterator[None]:
        now, self.now = self.now, moment
        try:
            yield
        finally:
            self.now = now
