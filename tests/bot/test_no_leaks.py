"""No text of a note, of internal talk or of a confidential department is ever shown to anybody whom it is not for.

Whatever people open, say, edit, merge, split, move, follow, link and close, in whatever order: all that each thread is
told is rendered as the relay would say it, and everybody looks at everything that they can ask for.
"""

from __future__ import annotations

import re
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from adapters.memory import MemoryChannel
from adapters.memory.channel import TRAITS
from adapters.port import Pressed, Profile
from bot import notices, transcripts
from bot.commands import history, ticket, tickets
from bot.house import Asker, House, Rules
from bot.stats import cards as stats_cards
from bot.stats.question import Question
from bot.words import Library
from desk import verbs
from desk.access import Access
from desk.errors import DeskError
from desk.figures import Figure, Terms
from desk.lifecycle import Lifecycle
from desk.listing import Listing, Tab
from desk.model import Copy, MessageRef, Role, ThreadRef
from desk.sla import Policy
from storage import FolderBlobs, open_storage
from tests.bot.everybody import CATALOGUE, EVERYBODY, FILE, STEPS, Company
from tests.databases import empty

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from desk.model import AccountRef, Thread
    from desk.ports import Delivery, Transaction
    from tests.bot.everybody import Step

MARKER = re.compile(r"(?:note|reply)\d+z")
LIBRARY = Library("en")
LANGUAGES = ("en", "fr")
TERMS = Terms({}, Policy())
FIGURES = (Figure.OPENED, Figure.BACKLOG, Figure.CLOSED)
fresh = count(1)

picks = some.integers(0, 11)
names = some.sampled_from([name for name, weight in (("carry", 6), *STEPS) for _ in range(weight)])
steps = some.lists(some.tuples(names, picks, picks, picks), min_size=20, max_size=50)
BEGUN: tuple[Step, ...] = (
    ("open", 0, 0, 0), ("open", 0, 1, 0), ("open", 5, 0, 0), ("open", 4, 1, 0), ("say", 0, 1, 0), ("carry", 11, 0, 0)
)  # fmt: skip
"""Nora and Marc have told IT and HR something."""


class World:
    """The company, the desk's rows, and what has been shown so far."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.company = Company()
        self.looked = 0

    # --- what is said in threads ----------------------------------------------------------------------------------

    def carry(self, tx: Transaction, most: int) -> None:
        """Some of what is owed is said, as bot/carrier.py does it; each thread may hear only what is for it."""
        for delivery in tx.claim(limit=most, lease_seconds=60, channels=("slack", "discord")):
            scene = notices.scene(tx, delivery, CATALOGUE, self.house.old_after, TERMS)
            steps = [
                notices.step(delivery, scene, LIBRARY.of(language), CATALOGUE, self.house.blobs, TRAITS)
                for language in LANGUAGES
            ]
            for step in steps:
                if not isinstance(step, notices.Revise) or scene.copies:
                    self.shown_in(delivery.thread, step)
            opening = notices.opening(delivery.thread, LIBRARY.of("fr"), CATALOGUE, self.house.old_after, TERMS)
            self.shown_in(delivery.thread, opening(tx))  # it may be lost at any time, and opened anew
            self._settle(tx, delivery, steps[0], scene)

    def carry_all(self, tx: Transaction) -> bool:
        """False where nothing more is owed."""
        self.carry(tx, 99)
        return tx.backlog().owed > 0

    def _settle(self, tx: Transaction, delivery: Delivery, step: notices.Step, scene: notices.Scene) -> None:
        thread = delivery.thread
        if thread.ref is None:
            ref, card = ThreadRef(thread.channel, f"t{thread.id}"), MessageRef(thread.channel, f"c{thread.id}")
            tx.thread_is_at(thread.id, ref, card)
        copies = []
        if isinstance(step, notices.Say) and step.copy and scene.message is not None:
            copies = [Copy(scene.message.id, thread.id, 0, MessageRef(thread.channel, f"p{delivery.id}"))]
        tx.settle(delivery, copies=copies)

    def shown_in(self, thread: Thread, step: object) -> None:
        for marker in MARKER.findall(repr(step)):
            self.looked += 1
            assert self.company.may_hear(thread, marker), (marker, thread, step)

    # --- what people look at --------------------------------------------------------------------------------------

    def asker(self, account: AccountRef, language: str) -> Asker:
        role, departments = self.company.roles[account]
        profile = Profile(account.key.title(), language)
        return Asker(account, profile, role, LIBRARY.of(language), departments, language)

    async def look(self, account: AccountRef, language: str) -> None:
        """At lists, searches, cards, transcripts, histories and the rows behind figures."""
        asker, house = self.asker(account, language), self.house
        for words in ("", "note*", "reply*", "again"):  # the last stands in descriptions and in notes
            listing = Listing(Tab.ALL, words=words)
            self.read_by(account, await tickets.shown(house, asker, listing), listing.words)
        for number in self.company.client:
            with suppress(DeskError):
                self.read_by(account, await ticket.shown(house, asker, number), "card")
            with suppress(DeskError):
                heard = Pressed("1", account, "ticket.history", str(number))
                self.read_by(account, await history.pressed(house, asker, heard), "history")
        for what, read in (("transcripts", self.transcripts), ("figures", self.figures)):
            for found in await house.storage.read(read(asker)):
                self.read_by(account, found, what)

    def transcripts(self, asker: Asker) -> Callable[[Transaction], list[object]]:
        def read(tx: Transaction) -> list[object]:
            found: list[object] = []
            for number in self.company.client:
                for inside in (False, True):
                    with suppress(DeskError):
                        readable = verbs.may_read(tx, number, asker.reader(tx), inside=inside)
                        made = transcripts.conversation(tx, readable, asker.words, CATALOGUE, inside=inside)
                        found.append(transcripts.written(made, "md", asker.words, self.house.blobs.path))
                        if not inside:
                            assert not re.search(r"note\d+z", str(found[-1])), (asker.account, number)
            return found

        return read

    def figures(self, asker: Asker) -> Callable[[Transaction], list[object]]:
        def read(tx: Transaction) -> list[object]:
            question, found = Question("year"), list[object]()
            period, _ = question.periods(tx.now, "UTC")
            for figure in FIGURES if asker.role is not Role.CLIENT else ():
                numbers = tx.behind(figure, question.scope(asker.role, asker.sight(tx)), period, after=None, most=20)
                rows = [(each, "") for each in map(tx.ticket, numbers) if each is not None]
                found.append(stats_cards.behind(figure, question.text(), "", period, rows, asker.words, more=None))
            return found

        return read

    def read_by(self, account: AccountRef, shown: object, where: str) -> None:
        for marker in MARKER.findall(shown if isinstance(shown, str) else repr(shown)):
            self.looked += 1
            assert self.company.may_read(account, marker), (marker, account, where)


async def one_file() -> AsyncIterator[bytes]:
    yield FILE


async def world_in(folder: Path) -> AsyncIterator[World]:
    (folder / "files").mkdir(exist_ok=True)
    path = empty(folder / f"{next(fresh)}.sqlite3")
    storage = open_storage(path)
    channels = {name: MemoryChannel(name) for name in ("slack", "discord")}
    rules = Rules(CATALOGUE, Access({}, {}), TERMS, Lifecycle())
    house = House(storage, FolderBlobs(folder / "files", shared=True), rules, LIBRARY, 1000, channels=channels)
    await house.blobs.keep(one_file(), limit=9)
    yield World(house)
    await storage.close()
    path.unlink()


@given(steps=steps)
@settings(
    max_examples=25,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_nobody_is_shown_what_is_not_for_them(tmp_path: Path, steps: list[Step]) -> None:
    async for world in world_in(tmp_path):
        for step in (*BEGUN, *steps):
            with suppress(DeskError):
                await world.house.storage.write(doing(world, step))
            account = EVERYBODY[step[1] % len(EVERYBODY)]
            await world.look(account, LANGUAGES[step[2] % 2])
        while await world.house.storage.write(world.carry_all):
            pass


def doing(world: World, step: Step) -> Callable[[Transaction], None]:
    if step[0] == "carry":
        return lambda tx: world.carry(tx, step[1] % 12 + 1)
    return lambda tx: world.company.do(tx, step)
