"""Commands, presses and forms: heard, answered within Slack's three seconds, and never left without a word.

Slack takes the answer to a command or form together with the acknowledgement; a form must be opened while its
trigger lives, three seconds. docs.slack.dev/interactivity/handling-user-interaction
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, assert_never

import aiohttp

from adapters.port import ChannelError, Denied, Gone, Rejected
from adapters.slack import forms, render
from adapters.slack.errors import asked, unreached
from adapters.slack.refs import spot
from adapters.ui import Card, Form, Found, Instead, Invalid

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from slack_bolt.context.ack.async_ack import AsyncAck

    from adapters.port import Answer, Called, Heard, Listener, Pressed, Submitted
    from adapters.slack.api import Api
    from adapters.slack.inbound import Inbound
    from adapters.slack.profiles import Profiles

log = logging.getLogger(__name__)

_OK = 200


class Interactions:
    """What bolt calls for each kind of interaction. `within` is how long Slack may wait for us, in seconds."""

    def __init__(
        self,
        *,
        api: Api,
        inbound: Inbound,
        listener: Listener,
        profiles: Profiles,
        sorry: Callable[[str], str],
        within: float,
    ) -> None:
        self._api = api
        self._inbound = inbound
        self._listener = listener
        self._profiles = profiles
        self._sorry = sorry
        self._within = within
        self._late: set[asyncio.Task[None]] = set()

    # --- what bolt calls ----------------------------------------------------------------------------------------

    async def command(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        called = self._inbound.called(body)
        if called is None:
            await ack()
            return
        await self._answered(ack, called, lambda answer: self._answer_command(ack, body, called, answer))

    async def action(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        pressed = self._inbound.pressed(body)
        if pressed is None:
            await ack()
            return
        await self._answered(ack, pressed, lambda answer: self._answer_press(ack, body, pressed, answer))

    async def submission(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        submitted = self._inbound.submitted(body)
        if submitted is None:
            await ack()
            return
        await self._answered(ack, submitted, lambda answer: self._answer_form(ack, body, submitted, answer))

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
        heard: Called | Pressed | Submitted,
        give: Callable[[Answer | Exception], Awaitable[None]],
    ) -> None:
        """Hear it and give the answer. Where that takes too long, acknowledge first and answer by another way."""
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
        if ack.response is None:
            await ack()

    async def _hear(self, heard: Heard, give: Callable[[Answer | Exception], Awaitable[None]]) -> None:
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
        match answer:
            case None:
                return
            case Form():
                await self._open(body, answer)
            case Card() | Invalid() | Exception():
                message = {"response_type": "ephemeral", **self._words(answer, called.account.key)}
                if ack.response is None:
                    await ack(message)
                else:
                    await self._respond(body, message)
            case Instead() | Found():
                raise Rejected("not shown on Slack yet")
            case _:
                assert_never(answer)

    async def _answer_press(
        self, ack: AsyncAck, body: Mapping[str, Any], pressed: Pressed, answer: Answer | Exception
    ) -> None:
        match answer:
            case None:
                return
            case Form():
                await self._open(body, answer)
            case Card() | Invalid() | Exception():
                if ack.response is None:
                    await ack()  # a message of its own: the acknowledgement carries none
                words = self._words(answer, pressed.account.key)
                try:
                    await self._whisper(pressed, words)
                except (Denied, Gone, Rejected):
                    await self._respond(body, {"response_type": "ephemeral", "replace_original": False, **words})
            case Instead() | Found():
                raise Rejected("not shown on Slack yet")
            case _:
                assert_never(answer)

    async def _answer_form(
        self, ack: AsyncAck, body: Mapping[str, Any], submitted: Submitted, answer: Answer | Exception
    ) -> None:
        person = submitted.account.key
        _, _, answer_to = forms.carried(body["view"])
        match answer:
            case None:
                return
            case Invalid() | Exception() if ack.response is None:
                # The form stays open with all that was typed.
                told = answer.remarks if isinstance(answer, Invalid) else {"": self._apology(person)}
                await ack(response_action="errors", errors=forms.refusals(told, body["view"]))
            case Form():
                if ack.response is None:
                    await ack(response_action="update", view=forms.form(answer, answer_to=answer_to))
                else:
                    log.warning("form %s came too late to be shown", answer.form)
                    await self._tell(person, answer_to, {"text": self._apology(person)})
            case Card() | Invalid() | Exception():
                await self._tell(person, answer_to, self._words(answer, person))
            case Instead() | Found():
                raise Rejected("not shown on Slack yet")
            case _:
                assert_never(answer)

    # --- ways to answer -----------------------------------------------------------------------------------------

    def _words(self, answer: Card | Invalid | Exception, person: str) -> dict[str, Any]:
        match answer:
            case Card():
                return {"text": render.card_text(answer), "blocks": render.card(answer)}
            case Invalid():
                return {"text": render.shown(answer.title), "blocks": render.remarks(answer)}
            case Exception():
                return {"text": render.shown(self._apology(person))}
            case _:
                assert_never(answer)

    def _apology(self, person: str) -> str:
        return self._sorry(self._profiles.locale(person))

    async def _open(self, body: Mapping[str, Any], form: Form) -> None:
        try:
            view = forms.form(form, answer_to=str(body.get("response_url") or ""))
            await asked(self._api.web.views_open(trigger_id=body["trigger_id"], view=view))
        except ChannelError as error:
            log.error("form %s could not be opened: %s", form.form, error)
            user = body.get("user_id") or (body.get("user") or {}).get("id") or ""
            await self._respond(
                body,
                {"response_type": "ephemeral", "replace_original": False, "text": render.shown(self._apology(user))},
            )

    async def _whisper(self, pressed: Pressed, words: dict[str, Any]) -> None:
        """To the person alone, in the thread of the card. Gone where there is none."""
        if pressed.thread is None:
            raise Gone("pressed outside a thread")
        at = spot(pressed.thread)
        await asked(
            self._api.web.chat_postEphemeral(channel=at.channel, thread_ts=at.ts, user=pressed.account.key, **words)
        )

    async def _tell(self, person: str, answer_to: str, words: dict[str, Any]) -> None:
        """Where the form was opened, to the person alone; else in their direct message."""
        message = {"response_type": "ephemeral", "replace_original": False, **words}
        if await self._respond({"response_url": answer_to}, message):
            return
        opened = await asked(self._api.web.conversations_open(users=person))
        await asked(
            self._api.web.chat_postMessage(
                channel=opened["channel"]["id"], unfurl_links=False, unfurl_media=False, **words
            )
        )

    async def _respond(self, body: Mapping[str, Any], message: dict[str, Any]) -> bool:
        """By the interaction's own address: works where we are no member, five times within half an hour."""
        url = body.get("response_url")
        if not isinstance(url, str) or not url:
            log.warning("an interaction without an address to answer to")
            return False
        try:
            async with self._api.session.post(url, json=message, proxy=self._api.proxy) as response:
                if response.status != _OK:
                    log.warning("an answer by response_url was refused: HTTP %d", response.status)
                return response.status == _OK
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise unreached(error) from error


def _note(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a late answer failed", exc_info=error)
