"""Carries one delivery out: says it in its thread, which is opened where there is none, and again where it is lost."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never

from adapters.port import ChannelError, Denied, Gone, Recall
from bot import notices
from desk import verbs
from desk.events import TicketChanged
from desk.model import Status

if TYPE_CHECKING:
    from adapters.port import Channel
    from adapters.ui import Post
    from bot.catchup import Catchup
    from bot.house import House
    from bot.notices import Scene, Step
    from desk.events import Event
    from desk.model import MessageRef, PlaceRef, Thread
    from desk.ports import Delivery, Transaction

log = logging.getLogger(__name__)

# What else one delivery posts has keys of its own, so that none is taken for another.
_OPENING, _CARD = "o", "c"


@dataclass(frozen=True, slots=True)
class Done:
    """What is to be settled: where the message's copies are, our newest post, and the card where that is a new one."""

    copies: tuple[MessageRef, ...] = ()
    newest: MessageRef | None = None
    card: MessageRef | None = None


class _Lost(Exception):  # noqa: N818 - named for the state
    """Nothing can be posted in this thread any more."""

    def __init__(self, error: ChannelError) -> None:
        super().__init__(error)
        self.error = error


class PlaceClosed(Exception):  # noqa: N818 - named for the state
    """No thread can be opened in this place of agents: `error` is why, for good."""

    def __init__(self, place: PlaceRef, error: ChannelError) -> None:
        super().__init__(error)
        self.place, self.error = place, error


class Carrier:
    """Asks the networks; what must be remembered before it goes on is written, the rest is the caller's to settle."""

    def __init__(self, house: House, catchup: Catchup) -> None:
        self._house = house
        self._catchup = catchup

    async def carry_out(self, delivery: Delivery, scene: Scene) -> Done:
        """Do what the event means for its thread. ChannelError where that is not possible, now or for good;
        PlaceClosed where it is for want of the place.
        """
        house, thread = self._house, delivery.thread
        channel, words = house.channels[thread.channel], house.library.of(thread.locale)
        step = notices.step(delivery, scene, words, house.catalogue, house.blobs, channel.traits)
        if isinstance(step, notices.Open):
            if thread.ref is None:
                await self._open(channel, delivery, step, delivery.key)
            return Done()
        if thread.ref is None and isinstance(step, notices.Withdraw):
            return Done()  # it was never said there
        if thread.ref is None:  # its opening was given up once: now is another time
            thread = await self._open(channel, delivery, await self._opening(delivery.thread), delivery.key + _OPENING)
        try:
            done = await self._do(channel, delivery, scene, step, thread)
        except _Lost as lost:
            thread = await self._another(channel, delivery, lost.error)
            try:
                done = await self._do(channel, delivery, scene, step, thread)
            except _Lost as again:
                raise again.error from again
        await self._put_away(channel, delivery.recorded.event, thread)
        return done

    # --- the thread ---------------------------------------------------------------------------------------------

    async def _opening(self, thread: Thread) -> notices.Open:
        house = self._house
        words = house.library.of(thread.locale)
        return await house.storage.read(notices.opening(thread, words, house.catalogue, house.old_after, house.terms))

    async def _open(
        self, channel: Channel, delivery: Delivery, step: notices.Open, key: str, lost: ChannelError | None = None
    ) -> Thread:
        """A new thread, on record; `lost` is why the one before it is of no use any more."""
        thread = delivery.thread
        where = thread.place or thread.account
        assert where is not None  # every thread has the one or the other
        recall = Recall(None, instead_of=thread.ref) if delivery.attempts > 1 else None
        try:
            opened = await channel.open_thread(where, step.title, step.first, key=key, recall=recall)
        except (Gone, Denied) as error:
            if thread.place is None or thread.left:
                raise
            raise PlaceClosed(thread.place, error) from error
        known = replace(thread, ref=opened.thread, card=opened.card, newest=opened.card)

        def verb(tx: Transaction) -> bool:
            tx.thread_is_at(thread.id, opened.thread, opened.card)
            if thread.place is not None:
                verbs.place_open(tx, thread.place)
            if lost is not None:
                verbs.thread_replaced(tx, delivery.recorded.event.ticket, thread)
            return self._catchup.was_missed(tx, opened.thread)

        with self._catchup.opening(known, surely_empty=recall is None) as missed:
            missed.something = await self._house.storage.write(verb)
        return known

    async def _another(self, channel: Channel, delivery: Delivery, lost: ChannelError) -> Thread:
        """A thread instead of one that was deleted, or that we may not write in. Where none can be opened either, the
        old one stays on record: it may be given back to us.
        """
        number = delivery.recorded.event.ticket
        if delivery.thread.left:
            raise lost  # the ticket has gone elsewhere: no new thread is wanted here
        log.warning("a thread of ticket #%s is lost, another is opened: %s", number, lost)
        try:
            return await self._open(
                channel, delivery, await self._opening(delivery.thread), delivery.key + _OPENING, lost
            )
        except (Gone, Denied) as error:
            raise type(lost)(f"{lost}; and no other can be opened: {error}") from error

    async def _put_away(self, channel: Channel, event: Event, thread: Thread) -> None:
        """A closed ticket's thread leaves people's lists, and comes back with the ticket. Nothing depends on it."""
        if not isinstance(event, TicketChanged) or thread.ref is None:
            return
        closed = Status.CLOSED.value
        for change in event.changes:
            if change.field == "status" and closed in {change.old, change.new}:
                try:
                    await channel.close_thread(thread.ref, closed=change.new == closed)
                except ChannelError as error:
                    log.info("a thread of ticket #%s stays as it is: %s", event.ticket, error)

    # --- what is done in it -------------------------------------------------------------------------------------

    async def _do(self, channel: Channel, delivery: Delivery, scene: Scene, step: Step, thread: Thread) -> Done:
        assert thread.ref is not None  # the caller opened it
        recall = Recall(thread.newest) if delivery.attempts > 1 else None
        match step:
            case notices.Open():
                return Done()
            case notices.Say():
                # In a thread that was opened for this, the card is fresh.
                fresh = thread.card != delivery.thread.card
                card = None if fresh else await self._show(channel, delivery, step.card, thread, recall)
                posted = await self._post(channel, thread, step.post, delivery.key, recall) if step.post else ()
                return Done(posted if step.copy else (), posted[-1] if posted else card, card)
            case notices.Revise():
                return await self._revise(channel, delivery, scene, step.post, thread, recall)
            case notices.Withdraw():
                for copy in scene.copies:
                    await channel.delete(copy.ref)
                return Done()
            case _:
                assert_never(step)

    async def _show(
        self, channel: Channel, delivery: Delivery, card: Post | None, thread: Thread, recall: Recall | None
    ) -> MessageRef | None:
        """The card anew, in its place. Where somebody has deleted it, in a message of its own: that one's ref."""
        if card is None or thread.card is None:
            return None
        try:
            await channel.edit(thread.card, card)
        except Gone:
            posted = await self._post(channel, thread, card, delivery.key + _CARD, recall)
            return posted[0] if posted else None
        except Denied as error:
            raise _Lost(error) from error
        return None

    async def _revise(
        self, channel: Channel, delivery: Delivery, scene: Scene, post: Post, thread: Thread, recall: Recall | None
    ) -> Done:
        """The copies' words; where somebody has deleted those, or the thread is another, they are said once more."""
        assert thread.ref is not None  # the caller opened it
        parts = [copy.ref for copy in scene.copies]
        if not parts:
            return Done()
        try:
            copies = await channel.revise(thread.ref, parts, post, key=delivery.key, recall=recall)
        except Gone:
            posted = await self._post(channel, thread, post, delivery.key, recall)
            return Done(posted, posted[-1] if posted else None)
        more = copies[len(parts) :]
        return Done(copies, more[-1] if more else None)

    async def _post(
        self, channel: Channel, thread: Thread, post: Post, key: str, recall: Recall | None
    ) -> tuple[MessageRef, ...]:
        assert thread.ref is not None  # the caller opened it
        try:
            return await channel.post(thread.ref, post, key=key, recall=recall)
        except (Gone, Denied) as error:
            raise _Lost(error) from error
