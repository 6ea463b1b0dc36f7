"""Commands, presses, forms, searches and shortcuts: heard, answered within Slack's three seconds, and never left
without a word.

Slack takes the answer to a command or form together with the acknowledgement; a form must be opened while its
trigger lives, three seconds. docs.slack.dev/interactivity/handling-user-interaction
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Any, assert_never

from adapters.port import ChannelError
from adapters.slack import forms, render
from adapters.slack.origin import Origin, origin
from adapters.ui import Card, Form, Found, Instead, Invalid

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping

    from slack_bolt.context.ack.async_ack import AsyncAck

    from adapters.port import Answer, Asked, Called, Listener, Pressed, Shortcut, Sought, Submitted
    from adapters.slack.answers import Answers
    from adapters.slack.asks import Asks
    from adapters.slack.profiles import Profiles

log = logging.getLogger(__name__)

_NAMES_WITHIN = 0.5  # seconds that a shortcut waits for names: its form must open within three


class Interactions:
    """What bolt calls for each kind of interaction. `within` is how long Slack may wait for us, in seconds; `once`
    names the forms that count once, however often one of them is sent.
    """

    def __init__(
        self,
        *,
        asks: Asks,
        answers: Answers,
        listener: Listener,
        profiles: Profiles,
        within: float,
        once: Collection[str] = (),
    ) -> None:
        self._asks = asks
        self._answers = answers
        self._listener = listener
        self._profiles = profiles
        self._within = within
        self._once = once
        self._late: set[asyncio.Task[None]] = set()

    # --- what bolt calls ----------------------------------------------------------------------------------------

    async def command(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        # Only ids come with the words; those who are known cost nothing.
        await self._profiles.learn_of({"text": body.get("text")}, within=_NAMES_WITHIN)
        called = self._asks.called(body)
        if called is None:
            await ack()
            return
        await self._answered(ack, called, lambda answer: self._answer_command(ack, body, called, answer))

    async def action(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        pressed = self._asks.pressed(body)
        if pressed is None:
            await ack()
            return
        self._answers.noted(origin(body), pressed.id)
        await self._answered(ack, pressed, lambda answer: self._answer_use(ack, body, pressed, answer))

    async def shortcut(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await self._profiles.learn_of(body.get("message"), within=_NAMES_WITHIN)
        used = self._asks.shortcut(body)
        if used is None:
            await ack()
            return
        await self._answered(ack, used, lambda answer: self._answer_use(ack, body, used, answer))

    async def submission(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        submitted = self._asks.submitted(body)
        if submitted is None:
            await ack()
            return
        late: Callable[[], Awaitable[Any]] | None = None
        if submitted.form in self._once:
            # What was typed is on record nowhere yet: the form keeps it until it is sent again, and counts once.
            told = {"": self._answers.patience(submitted.account.key)}
            late = partial(ack, response_action="errors", errors=forms.refusals(told, body["view"]))
        await self._answered(ack, submitted, lambda answer: self._answer_form(ack, body, submitted, answer), late)

    async def search(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        sought = self._asks.sought(body)
        if sought is None:
            await ack(options=[])
            return
        await self._answered(ack, sought, lambda answer: self._answer_search(ack, sought, answer))
        if ack.response is None or not ack.response.body:
            await ack(options=[])

    async def nothing(self, ack: AsyncAck) -> None:
        """What the desk has no use for is acknowledged: Slack would deliver it again and show a warning."""
        await ack()

    async def close(self) -> None:
        for task in self._late:
            task.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)

    # --- the clock ----------------------------------------------------------------------------------------------

    async def _answered(
        self,
        ack: AsyncAck,
        heard: Asked,
        give: Callable[[Answer | Exception], Awaitable[None]],
        late: Callable[[], Awaitable[Any]] | None = None,
    ) -> None:
        """Hear it and give the answer. Where that takes too long, acknowledge first (`late`: so) and answer by another
        way.
        """
        work = asyncio.create_task(self._hear(heard, give))
        try:
            done, _ = await asyncio.wait({work}, timeout=self._within)
        except asyncio.CancelledError:
            work.cancel()
            raise
        if done:
            work.result()
        else:
            log.warning("%s takes long: acknowledged before it is answered", type(heard).__name__)
            self._late.add(work)
            work.add_done_callback(self._late.discard)
            work.add_done_callback(_note)
            if late is not None and ack.response is None:
                await late()
        if ack.response is None:
            await ack()

    async def _hear(self, heard: Asked, give: Callable[[Answer | Exception], Awaitable[None]]) -> None:
        answer: Answer | Exception
        try:
            answer = await self._listener(heard)
        except Exception as error:
            log.exception("%s could not be handled", type(heard).__name__)
            answer = error
        try:
            await give(answer)
        except ChannelError as error:
            log.error("an answer to %s could not be given: %s", type(heard).__name__, error)

    # --- answers ------------------------------------------------------------------------------------------------

    async def _answer_command(
        self, ack: AsyncAck, body: Mapping[str, Any], called: Called, answer: Answer | Exception
    ) -> None:
        place = origin(body)
        match answer:
            case None:
                return
            case Form():
                await self._answers.open(place, answer, body["trigger_id"])
            case Instead(card=card):
                await self._answer_command(ack, body, called, card)
            case Card() | Invalid() | Exception():
                if ack.response is None:
                    await ack({"response_type": "ephemeral", **self._answers.words(answer, place.person)})
                else:
                    await self._answers.tell(place, answer)
            case Found():
                _misplaced(called)
            case _:
                assert_never(answer)

    async def _answer_use(
        self, ack: AsyncAck, body: Mapping[str, Any], used: Pressed | Shortcut, answer: Answer | Exception
    ) -> None:
        """To a press, a choice or a shortcut."""
        place, trigger = origin(body), str(body.get("trigger_id") or "")
        match answer:
            case None:
                return
            case Form():
                await self._answers.open(place, answer, trigger)
            case Instead(card=card):
                if not await self._answers.replace(place, card, used.id):
                    await self._answers.tell(place, card, trigger)
            case Card() | Invalid() | Exception():
                if ack.response is None:
                    await ack()  # a message of its own: the acknowledgement carries none
                await self._answers.tell(place, answer, trigger)
            case Found():
                _misplaced(used)
            case _:
                assert_never(answer)

    async def _answer_form(
        self, ack: AsyncAck, body: Mapping[str, Any], submitted: Submitted, answer: Answer | Exception
    ) -> None:
        person = submitted.account.key
        _, _, opened_at = forms.carried(body["view"])
        place = opened_at if opened_at.person else Origin(person=person, respond=opened_at.respond)
        match answer:
            case None:
                return
            case Invalid() | Exception() if ack.response is None:
                # The form stays open with all that was typed.
                told = answer.remarks if isinstance(answer, Invalid) else {"": self._answers.apology(person)}
                await ack(response_action="errors", errors=forms.refusals(told, body["view"]))
            case Form():
                if ack.response is None:
                    await ack(response_action="update", view=forms.form(answer, place))
                else:
                    log.warning("form %s came too late to be shown", answer.form)
                    await self._answers.tell(place, ChannelError(answer.form))
            case Instead(card=card):
                if not await self._answers.replace(place, card):
                    await self._answer_form(ack, body, submitted, card)
            case Card() if place.kind in {"home", "view"} and ack.response is None:
                await ack(response_action="update", view=render.modal(answer))
            case Card() | Invalid() | Exception():
                await self._answers.tell(place, answer)
            case Found():
                _misplaced(submitted)
            case _:
                assert_never(answer)

    async def _answer_search(self, ack: AsyncAck, sought: Sought, answer: Answer | Exception) -> None:
        match answer:
            case Found():
                if ack.response is None:
                    await ack(options=[render.choice(option) for option in answer.options])
            case None | Exception():
                return  # nothing is found
            case Card() | Form() | Invalid() | Instead():
                log.info(
                    "a search for %s was answered with a %s: a menu shows none", sought.finder, type(answer).__name__
                )
            case _:
                assert_never(answer)


def _misplaced(heard: Asked) -> None:
    log.error("%s was answered as if it were a search", type(heard).__name__)


def _note(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a late answer failed", exc_info=error)
