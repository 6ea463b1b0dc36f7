"""/backup: what is proven where, make one now, list, verify, the schedule and what failed; for admins alone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from typing import TYPE_CHECKING

from adapters.port import ChannelError
from adapters.ui import CARD_ROWS, Button, Card, Instead, Option, Post, Row, Select
from backup.port import Progress, Stopped
from bot.cards import literal
from desk.access import must_be_admin
from desk.errors import DeskError, Trouble
from desk.text import cut

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from adapters.port import Answer, Called, Channel, Pressed
    from bot.house import Asker, House
    from bot.keeper import Keeper, Listed, State
    from bot.words import Words
    from desk.model import BackupRun, MessageRef

log = logging.getLogger(__name__)

ACTS = ("now", "list", "verify", "schedule", "failures")
SHOWN_EVERY = 1.5  # seconds between two edits of a progress: both networks allow about one a second
PLACES_SHOWN = 8
ERROR_SHOWN = 300  # characters
STEPS = 10  # of the bar


async def called(house: House, asker: Asker, heard: Called) -> Answer:
    """`/backup`, or with a word: now, list, verify, schedule, failures; then a destination, and for verify which."""
    keeper = _keeper(house, asker)
    await house.storage.write(asker.actor)  # whoever asks for backups is told when one fails
    typed, place, which = [*heard.words.split(), "", "", ""][:3]
    act = next((name for name in ACTS if typed.lower() in (name, asker.words(f"backup.typed.{name}"))), "")
    if typed and not act:
        raise DeskError("backup_word_unknown", known=", ".join(asker.words(f"backup.typed.{name}") for name in ACTS))
    match act:
        case "now":
            return _begin(house, asker, place)
        case "list":
            return await _list(keeper, asker, place)
        case "verify":
            return _verify(house, asker, place, which)
        case "failures":
            return await _failures(keeper, asker)
        case _:
            return await _overview(keeper, asker)


async def pressed_show(house: House, asker: Asker, heard: Pressed) -> Answer:
    """Back to the overview."""
    del heard
    return Instead(await _overview(_keeper(house, asker), asker))


async def pressed_now(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Back up now]"""
    return _begin(house, asker, heard.value)


async def pressed_list(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[List], or another destination chosen."""
    return Instead(await _list(_keeper(house, asker), asker, heard.value))


async def pressed_verify(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Verify]"""
    place, _, stamp = heard.value.partition("/")
    return _verify(house, asker, place, stamp)


async def pressed_failures(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Last failures]"""
    del heard
    return Instead(await _failures(_keeper(house, asker), asker))


def _keeper(house: House, asker: Asker) -> Keeper:
    """The right is checked here, before anything is looked up."""
    must_be_admin(asker.role)
    if house.keeper is None:
        raise DeskError("backup_off")
    return house.keeper


# --- what is shown ----------------------------------------------------------------------------------------------


async def _overview(keeper: Keeper, asker: Asker) -> Card:
    states = await keeper.states()
    body = "\n\n".join(_state(state, asker.words) for state in states[:PLACES_SHOWN])
    return Card(
        asker.words("backup.title"),
        body,
        actions=(
            Button("backup.now", asker.words("backup.button.now"), style="primary", emoji="💾"),
            Button("backup.list", asker.words("backup.button.list"), emoji="📚"),
            Button("backup.verify", asker.words("backup.button.verify"), emoji="🔎"),
            Button("backup.failures", asker.words("backup.button.failures"), emoji="⚠️"),
        ),
    )


def _state(state: State, words: Words) -> str:
    place = f"**{literal(state.section.id)}** · {literal(state.section.address.partition('?')[0])}"
    proven = state.proven_of
    lines = [place, words("backup.proven", moment=words.moment(proven)) if proven else words("backup.proven_never")]
    if state.newest is not None and state.newest.error:
        lines.append(words("backup.last_failed", error=literal(cut(state.newest.error, ERROR_SHOWN))))
    due = words("backup.due", moment=words.moment(state.due)) if state.due else words("backup.by_hand")
    return "\n".join([*lines, f"{due} · {literal(state.section.schedule)}" if state.due else due])


async def _list(keeper: Keeper, asker: Asker, wanted: str) -> Card:
    words, place = asker.words, keeper.known(wanted)
    try:
        found = await keeper.listed(place, CARD_ROWS)
    except Trouble as error:
        return Card(words("backup.away", place=place), literal(cut(str(error), ERROR_SHOWN)))
    rows = tuple(Row(_named(one, words), _told_of(one, words)) for one in found)
    others = tuple(Option(each, each) for each in keeper.ids[:25])
    choice = (Select("backup.list", words("backup.choose"), others, place),) if len(others) > 1 else ()
    copies = tuple(Option(f"{place}/{one.stamp}", _named(one, words)) for one in found)
    which = (Select("backup.verify", words("backup.choose_verify"), copies),) if len(copies) > 1 else ()
    again = (Button("backup.verify", words("backup.button.verify"), place, emoji="🔎"),) if found else ()
    back = Button("backup.show", words("backup.button.back"), emoji="↩️")
    body = "" if found else words("backup.none")
    return Card(words("backup.listed", place=place), body, rows=rows, actions=(*choice, *which, *again, back))


def _named(one: Listed, words: Words) -> str:
    return f"{one.stamp.partition('-')[0].lstrip('0')} · {words.moment(one.at)}"


def _told_of(one: Listed, words: Words) -> str:
    """What is in it, and whether it is proven: by what was seen last."""
    told = words("backup.row", count=one.tickets, size=words.size(one.size))
    if one.proof is None or one.proof.ended_at is None:
        return f"{told} · {words('backup.row_unproven')}"
    sign, key = ("❌", "backup.row_failed") if one.proof.error else ("✅", "backup.row_proven")
    return f"{told} · {sign} {words(key, moment=words.moment(one.proof.ended_at))}"


async def _failures(keeper: Keeper, asker: Asker) -> Card:
    words = asker.words
    failed: list[BackupRun] = [run for state in await keeper.states() for run in state.runs if run.error]
    failed.sort(key=lambda run: run.began_at, reverse=True)
    lines = [
        f"{words.moment(run.began_at)} · **{literal(run.destination)}** · {literal(cut(run.error, ERROR_SHOWN))}"
        for run in failed[:8]
    ]
    back = Button("backup.show", words("backup.button.back"), emoji="↩️")
    return Card(words("backup.failures"), "\n".join(lines) or words("backup.no_failures"), actions=(back,))


# --- what takes a while -----------------------------------------------------------------------------------------


def _begin(house: House, asker: Asker, wanted: str) -> Card:
    """At one destination, or at all. The progress comes as a direct message."""
    keeper, words = _keeper(house, asker), asker.words
    if keeper.busy:
        raise DeskError("backup_busy")
    places = [keeper.known(wanted)] if wanted else keeper.ids

    async def act(report: Callable[[Progress], None], place: str) -> str:
        return words("backup.made_short", stamp=await keeper.back_up(place, report))

    log.info("%s asks for a backup at %s", asker.account, ", ".join(places))
    keeper.start(_all(house, asker, "backup.running", places, act))
    return Card(words("backup.begun"), words("backup.begun_body"))


def _verify(house: House, asker: Asker, wanted: str, stamp: str) -> Card:
    keeper, words = _keeper(house, asker), asker.words
    if keeper.busy:
        raise DeskError("backup_busy")
    place = keeper.known(wanted)
    which = stamp.zfill(6) if stamp.isdigit() else stamp or "latest"

    async def act(report: Callable[[Progress], None], at: str) -> str:
        return words("backup.whole_short", stamp=await keeper.verify(at, which, report))

    keeper.start(_all(house, asker, "backup.verifying", [place], act))
    return Card(words("backup.begun"), words("backup.begun_body"))


async def _all(
    house: House, asker: Asker, title: str, places: Sequence[str],
    act: Callable[[Callable[[Progress], None], str], Awaitable[str]],
) -> None:  # fmt: skip
    for place in places:
        shown = _Shown(house.channels[asker.account.channel], asker, asker.words(title, place=place))
        await shown.during(lambda report, place=place: act(report, place))  # type: ignore[misc]


class _Shown:
    """A card in the admin's direct messages that changes while something goes on."""

    def __init__(self, channel: Channel, asker: Asker, title: str) -> None:
        self._channel = channel
        self._asker = asker
        self._title = title
        self._progress = Progress("look")
        self._message: MessageRef | None = None

    async def during(self, act: Callable[[Callable[[Progress], None]], Awaitable[str]]) -> None:
        """Show how far it is, and what came of it."""
        await self._show(self._card())
        showing = asyncio.create_task(self._keep_showing())
        try:
            done = Card(self._title, f"✅ {await act(self._heard)}")
        except (Trouble, OSError) as error:
            done = Card(self._title, f"❌ {literal(cut(str(error), ERROR_SHOWN))}")
        except Stopped:
            done = Card(self._title, f"❌ {self._asker.words('backup.stopped')}")
        except Exception as error:  # a mistake of ours: whoever waits is told, the log has all of it
            log.exception("%s fell over", self._title)
            done = Card(self._title, f"❌ {literal(cut(repr(error), ERROR_SHOWN))}")
        finally:
            showing.cancel()
            await asyncio.gather(showing, return_exceptions=True)
        await self._show(done)

    def _heard(self, progress: Progress) -> None:
        self._progress = progress

    async def _keep_showing(self) -> None:
        shown = self._progress
        while True:
            await asyncio.sleep(SHOWN_EVERY)
            if self._progress != shown:
                shown = self._progress
                await self._show(self._card())

    def _card(self) -> Card:
        words, progress = self._asker.words, self._progress
        stage = words(f"backup.stage.{progress.stage}")
        if not progress.total:
            return Card(self._title, f"⏳ {stage} …")
        full = min(STEPS, STEPS * progress.done // progress.total)
        bar = "▰" * full + "▱" * (STEPS - full)
        return Card(self._title, f"⏳ {stage}: {bar} {words.size(progress.done)} / {words.size(progress.total)}")

    async def _show(self, card: Card) -> None:
        """One who takes no direct messages finds the outcome in `/backup`."""
        with contextlib.suppress(ChannelError):
            if self._message is None:
                key = secrets.token_hex(8)  # each is a message of its own
                self._message = await self._channel.whisper(self._asker.account, Post(card=card), key=key)
            else:
                await self._channel.edit(self._message, Post(card=card))


CALLED = {"backup": called}
PRESSED = {
    "backup.show": pressed_show,
    "backup.now": pressed_now,
    "backup.list": pressed_list,
    "backup.verify": pressed_verify,
    "backup.failures": pressed_failures,
}
