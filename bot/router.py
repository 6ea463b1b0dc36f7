"""What was heard on any network, brought to the verb that it means; the answer goes back the same way."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, assert_never

from adapters.port import (
    Called,
    Changed,
    Deleted,
    Edited,
    HomeOpened,
    Joined,
    Pressed,
    Reacted,
    Said,
    Shortcut,
    Sought,
    Submitted,
)
from adapters.ui import OPTION_VALUE
from bot import cards, logs
from bot.commands import REACTED, handler_of, ways
from bot.intake import keep_files
from desk import verbs
from desk.errors import DeskError
from desk.model import Kind, ThreadRef
from desk.ports import Expecting

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from adapters.port import Answer, Asked, Heard
    from bot.catchup import Catchup, Held
    from bot.elsewhere import Elsewhere
    from bot.house import House
    from desk.model import Message, MessageRef
    from desk.ports import Transaction

log = logging.getLogger(__name__)

_DIRECT = "direct "  # begins the key of what is no thread: all that one person says to the bot itself
_ALONE = nullcontext()  # around what no other instance can hear of
REMEMBERED = 50_000  # threads that are known to be tickets'


CHANGED = "changed"  # what instances tell each other of who people are
BROKEN = "broken"  # and of networks of which they may have missed something


class Deaf(Exception):  # noqa: N818 - named for the state
    """The instance is out of touch with its database, and takes nothing."""


class NotRecorded(Exception):  # noqa: N818 - named for the state
    """What was said before it could not be read; the network is to deliver it again."""


class Router:
    """The listener of every channel. Returns when what was heard is durable."""

    def __init__(self, house: House, catchup: Catchup, elsewhere: Elsewhere) -> None:
        self._house = house
        self._catchup = catchup
        self._elsewhere = elsewhere
        self._deaf = False
        self._ours: set[ThreadRef] = set()
        self._joined: list[Callable[[], None]] = []
        self._heard_before: set[str] = set()

    def when_joined(self, then: Callable[[], None]) -> None:
        """Call this whenever a network is being heard again."""
        self._joined.append(then)

    def go_deaf(self, *, deaf: bool = True) -> None:
        """Others may have heard what comes to us now: none of it is taken."""
        self._deaf = deaf

    async def hear(self, heard: Heard) -> Answer:
        """Do what it means. A refusal becomes a card in the asker's language; anything unforeseen is raised."""
        if self._deaf:
            raise Deaf(heard)
        with logs.about(**_ids(heard)):
            return await self._hear(heard)

    async def _hear(self, heard: Heard) -> Answer:
        match heard:
            case Said():
                return await self._said(heard)
            case Edited():
                return await self._edited(heard)
            case Deleted():
                return await self._deleted(heard)
            case Joined():
                log.info("%s is being heard", heard.channel)
                if heard.channel in self._heard_before and self._house.channels[heard.channel].traits.anywhere:
                    self._house.storage.tell(BROKEN, heard.channel)
                self._heard_before.add(heard.channel)
                await self._catchup.joined(heard.channel, briefly=heard.briefly)
                for then in () if heard.briefly else self._joined:
                    then()
                return None
            case Changed():
                self._house.storage.tell(CHANGED, f"{heard.channel} {heard.person}")
                return None
            case Reacted() if heard.emoji not in REACTED:
                return None  # most reactions are none of ours: they cost nothing
            case Called() | Pressed() | Submitted() | Shortcut() | Reacted() | HomeOpened() | Sought():
                return await self._asked(heard)
            case _:
                assert_never(heard)

    async def _asked(self, heard: Asked) -> Answer:
        asker = await self._house.asker(heard.account)
        try:
            _must_be_ours(heard)
            return await handler_of(heard)(self._house, asker, heard)
        except DeskError as refused:
            log.info("refused: %s", refused.key)
            return cards.refusal(asker.words.error(refused))

    async def _said(self, heard: Said) -> Answer:
        thread = heard.thread
        ref = thread or ThreadRef(heard.account.channel, _DIRECT + heard.account.key)
        with self._in_hand(ref, heard.at):
            await self._in_turn(ref, heard.at)
            if thread is None:
                return await self._direct(heard)
            if await self._catchup.before(thread):
                await self.record(heard)
            else:
                await self._until_recorded(self._catchup.hold(thread, heard))
        return None

    async def _until_recorded(self, held: Held) -> None:
        """Where other instances may hear what is said next, they must not believe that it is on record; and should this
        one die before it is, the network must not believe so either. A desk that is alone finds it at its next start.
        """
        channel = self._house.channels[held.said.account.channel]
        if channel.traits.anywhere and self._house.storage.instance() is not None:
            await held.ended.wait()
            if not held.recorded:
                raise NotRecorded(held.said)

    def _in_hand(self, ref: ThreadRef, at: datetime) -> AbstractContextManager[None]:
        """Around what is heard of a thread at that moment: other instances of the desk, if it may have any, wait."""
        may_wait = self._house.channels[ref.channel].traits.anywhere and self._house.storage.instance() is not None
        return self._elsewhere.hearing(ref, at) if may_wait else _ALONE

    async def _in_turn(self, ref: ThreadRef, at: datetime) -> None:
        """Wait until what other instances have heard of that thread before is on record."""
        if not self._house.storage.others() or not self._house.channels[ref.channel].traits.anywhere:
            return
        if await self._is_ours(ref) and not await self._elsewhere.settled(ref, at):
            await self._catchup.look(ref)

    async def _direct(self, heard: Said) -> Answer:
        """To the bot itself."""
        asker = await self._house.asker(heard.account)
        try:
            return await ways.direct(self._house, asker, heard)
        except DeskError as refused:
            return cards.refusal(asker.words.error(refused))

    async def record(self, heard: Said) -> None:
        """Put what was said in a ticket's thread on record, once; what is said elsewhere is not ours."""
        house, ref = self._house, heard.thread
        if ref is None:
            return
        if not await self._is_ours(ref) and not await self._catchup.unknown(ref):
            return
        asker = await house.asker(heard.account)
        if asker.profile.bot:
            return
        attachments = await keep_files(house, heard.files) if heard.files else ()
        gone = _gone(heard.message)

        def verb(tx: Transaction) -> Message | None:
            thread = tx.thread(ref)
            if thread is None or tx.heard(gone):  # it has ended; or the words were taken back at once
                return None
            actor = asker.actor(tx)
            hold = house.rules.lifecycle.hold_on_reply
            said = verbs.say(
                tx, thread, actor, body=heard.body, attachments=attachments, origin=heard.message, hold=hold
            )
            if said is None and heard.edited and _is_newest(tx, heard.message, heard.changed):
                return verbs.edit(tx, heard.message, heard.body, actor.person)
            return said

        expecting = Expecting(ref, heard.account, gone, heard.message)
        said = await house.storage.write(verb, brief=True, expecting=expecting)
        if said is not None and said.kind is Kind.REPLY:
            house.touched(said.ticket)

    async def _is_ours(self, ref: ThreadRef) -> bool:
        """Whether it is a ticket's thread. Those that are stay so, and are remembered."""
        if ref in self._ours or ref.key.startswith(_DIRECT):
            return True
        found = await self._house.storage.read(lambda tx: tx.thread(ref) is not None)
        if found:
            if len(self._ours) >= REMEMBERED:
                self._ours.clear()
            self._ours.add(ref)
        return found

    async def _edited(self, heard: Edited) -> Answer:
        """An edit is heard once, and not after a newer one."""
        ref = heard.thread

        def verb(tx: Transaction) -> bool:
            person = tx.person_of(heard.account)
            if person is None or tx.message_from(heard.message) is None:
                return False
            is_first = tx.first_hearing(f"{heard.message.channel}:{heard.id}")
            if is_first and _is_newest(tx, heard.message, heard.at):
                verbs.edit(tx, heard.message, heard.body, person)
            return True

        if ref is None:
            await self._house.storage.write(verb)
            return None
        at = heard.at or datetime.now(UTC)
        with self._in_hand(ref, at):
            await self._in_turn(ref, at)
            await self._catchup.before(ref)
            if not await self._house.storage.write(verb) and await self._is_ours(ref):
                await self._catchup.look(ref)  # the words themselves are still under way
        return None

    async def _deleted(self, heard: Deleted) -> Answer:
        ref = heard.thread
        if ref is not None:
            await self._catchup.before(ref)
        if not await self.withdraw(heard.message) and ref is not None and await self._is_ours(ref):
            await self._house.storage.write(lambda tx: tx.first_hearing(_gone(heard.message)))
        return None

    async def withdraw(self, origin: MessageRef) -> bool:
        """What was said there was deleted there. False where nothing is on record from there."""

        def verb(tx: Transaction) -> bool:
            verbs.withdraw(tx, origin)
            return tx.message_from(origin) is not None

        return await self._house.storage.write(verb)


def _gone(origin: MessageRef) -> str:
    """Under which receipt a message is remembered that was deleted before we had heard it."""
    return f"gone:{origin.channel}:{origin.key}"


def _is_newest(tx: Transaction, origin: MessageRef, changed: datetime | None) -> bool:
    """Whether no newer version of what was said there was heard: an edit may come late, or by another instance."""
    return changed is None or tx.first_hearing_after(f"edit:{origin.channel}:{origin.key}", changed)


def _must_be_ours(heard: Asked) -> None:
    """DeskError where no card or form of ours could have carried that: see the limits in `adapters.ui`."""
    match heard:
        case Pressed():
            carried = (heard.value, heard.carried, *heard.values)
        case Submitted():
            carried = (heard.state,)
        case _:
            return
    if any(len(text) > OPTION_VALUE or "\n" in text for text in carried):
        raise DeskError("action_unknown")


def _ids(heard: Heard) -> dict[str, str]:
    """What names it in log lines."""
    match heard:
        case Joined() | Changed():
            return {"network": heard.channel}
        case Said():
            return {"network": heard.account.channel, "heard": heard.message.key}
        case Deleted():
            return {"network": heard.message.channel, "heard": heard.id}
        case _:
            return {"network": heard.account.channel, "heard": heard.id}
