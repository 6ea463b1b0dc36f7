"""Interactions: a person waits, Discord gives three seconds for a first answer and fifteen minutes for the rest.

discord.com/developers/docs/interactions/receiving-and-responding
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, assert_never

from adapters.discord import components, errors, forms, render
from adapters.discord.ids import FINDER, meant
from adapters.discord.plain import literal
from adapters.discord.profiles import Recent
from adapters.port import ChannelError, Gone, Pressed, Rejected, Sought, Submitted
from adapters.ui import Card, Form, Found, Instead, Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from adapters.discord.inbound import Waiting
    from adapters.discord.rest import Rest
    from adapters.port import Answer, Listener

log = logging.getLogger(__name__)

FORMS_KEPT = 500  # forms that may be opened again: some kilobytes each
# Interaction callback types.
_MESSAGE, _DEFER, _DEFER_UPDATE, _UPDATE, _CHOICES, _MODAL = 4, 5, 6, 7, 8, 9
_AUTOCOMPLETE = 4  # interaction type
_NO_CHANNEL = (1, 10, 11, 12)  # types: direct conversations and threads
_HAS_THREAD = 1 << 5  # flag of a message
_MODAL_TITLE = 45  # characters; also of a label in a modal

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Words:
    """What the adapter says by itself; each is worded for a locale."""

    sorry: Callable[[str], str]  # something did not work
    expired: Callable[[str], str]  # a form which was to be opened again is not kept any more
    nothing_found: Callable[[str], str]  # and other words may be tried
    to_search: Callable[[str], str]  # what to type into a finder's line
    no_direct: Callable[[str], str]  # to somebody whom we cannot write to, how to ask us something nevertheless


@dataclass(frozen=True, slots=True)
class Waits:
    """One interaction that wants its answer. `message` is the one whose component was used, or from which the form
    was opened.
    """

    id: str
    token: str
    locale: str
    heard: Waiting
    custom_id: str = ""
    message: Mapping[str, Any] = field(default_factory=dict)
    typing: bool = False  # only suggestions are wanted
    elsewhere: bool = False  # in a thread or a direct conversation

    @classmethod
    def of(cls, payload: Mapping[str, Any], heard: Waiting) -> Waits:
        message, data, channel = payload.get("message"), payload.get("data"), payload.get("channel")
        custom_id = data.get("custom_id") if isinstance(data, dict) else None
        return cls(
            id=heard.id,
            token=str(payload.get("token", "")),
            locale=str(payload.get("locale", "")),
            heard=heard,
            custom_id=custom_id if isinstance(custom_id, str) else "",
            message=message if isinstance(message, dict) else {},
            typing=payload.get("type") == _AUTOCOMPLETE,
            elsewhere=isinstance(channel, dict) and channel.get("type") in _NO_CHANNEL,
        )

    @property
    def on_whisper(self) -> bool:
        """It came from a message that only the asker sees, at once or by way of a form."""
        flags = self.message.get("flags")
        return isinstance(flags, int) and bool(flags & render.EPHEMERAL)

    @property
    def on_remark(self) -> bool:
        """It came from a message of ours that only held the way back into a form: the answer takes its place."""
        return self.on_whisper and any(
            meant(id_).name == forms.AGAIN for id_ in components.ids_on(self.message.get("components"))
        )

    @property
    def updates(self) -> bool:
        """A late answer is announced as a change of the message that was used, not as a new one."""
        return isinstance(self.heard, Pressed) or (isinstance(self.heard, Submitted | Sought) and bool(self.message))

    @property
    def may_replace(self) -> bool:
        """There is a card whose place an answer may take: the asker's own, or a thread's, but none in a channel itself
        (an agents' card there has its thread).
        """
        flags = self.message.get("flags")
        has_thread = isinstance(flags, int) and bool(flags & _HAS_THREAD)
        return bool(self.message) and (self.on_whisper or has_thread or self.elsewhere)


class Answers:
    """Asks the listener and brings its answer back in time."""

    def __init__(self, rest: Rest, words: Words, *, defer_after: float) -> None:
        """`defer_after`: seconds until Discord is told that the answer takes longer."""
        self._rest = rest
        self._words = words
        self._defer_after = defer_after
        self._forms: Recent[str, Form] = Recent(FORMS_KEPT)

    async def give(self, waits: Waits, listener: Listener) -> None:
        """Never raises: what fails is logged, and the person is told where that is still possible."""
        heard = waits.heard
        try:
            if isinstance(heard, Pressed) and heard.action == forms.AGAIN:
                await self._open_again(waits, heard.value)
            elif isinstance(heard, Pressed) and heard.action and meant(waits.custom_id).sign == FINDER:
                label = components.label_of(waits.message, waits.custom_id) or heard.action
                hint = self._words.to_search(waits.locale)
                await self._callback(waits, _MODAL, forms.search(waits.custom_id, label[:_MODAL_TITLE], hint))
            elif waits.typing:
                await self._suggest(waits, listener)
            else:
                await self._ask(waits, listener)
        except ChannelError as error:
            log.warning("%s not answered: %s: %s", type(heard).__name__, type(error).__name__, error)

    def openable(self, form: Form) -> Json:
        """A message with a button that opens the form: where nothing is pressed, nothing can be opened."""
        return forms.again(form.title, form.title, self._keep(form))

    async def _suggest(self, waits: Waits, listener: Listener) -> None:
        """Choices while somebody types; none where they come too late or not at all."""
        found: tuple[Json, ...] = ()
        try:
            async with asyncio.timeout(self._defer_after):
                answer = await listener(waits.heard)
            if isinstance(answer, Found):
                found = tuple({"name": option.label, "value": option.value} for option in answer.options)
        except Exception:
            log.exception("%s found no suggestions", waits.heard)
        await self._callback(waits, _CHOICES, {"choices": list(found)})

    async def _ask(self, waits: Waits, listener: Listener) -> None:
        asking: asyncio.Future[Answer] = asyncio.ensure_future(listener(waits.heard))
        deferred = False
        try:
            done, _ = await asyncio.wait({asking}, timeout=self._defer_after)
            if not done:
                deferred = await self._defer(waits)
            answer = await asking
        except asyncio.CancelledError:
            asking.cancel()
            raise
        except Exception:
            log.exception("%s %s was not handled", type(waits.heard).__name__, waits.id)
            sorry = render.answer_text(self._words.sorry(waits.locale))
            await self._say(waits, [sorry], deferred=deferred, instead=False)
            return
        await self._bring(waits, answer, deferred=deferred)

    async def _defer(self, waits: Waits) -> bool:
        try:
            if waits.updates:
                await self._callback(waits, _DEFER_UPDATE)
            else:
                await self._callback(waits, _DEFER, {"flags": render.EPHEMERAL})
        except ChannelError as error:
            # The listener goes on all the same; only its answer has nowhere to go, if this was the last chance.
            log.warning("%s not acknowledged: %s", type(waits.heard).__name__, error)
        return True

    async def _bring(self, waits: Waits, answer: Answer, *, deferred: bool) -> None:
        remark = waits.on_remark
        match answer:
            case None:
                await self._nothing(waits, deferred=deferred)
            case Card():
                await self._say(waits, [render.answer(answer)], deferred=deferred, instead=remark)
            case Instead():
                whole = [render.answer(answer.card)]
                await self._say(waits, whole, deferred=deferred, instead=waits.may_replace and waits.updates)
            case Form():
                if deferred or isinstance(waits.heard, Submitted | Sought):
                    # A modal can only be a first answer, and never one to a modal: a button opens it instead.
                    await self._say(waits, [self.openable(answer)], deferred=deferred, instead=remark)
                else:
                    await self._callback(waits, _MODAL, forms.form(answer))
            case Invalid():
                pages = forms.invalid(answer, self._keep(answer.form))
                await self._say(waits, pages, deferred=deferred, instead=remark)
            case Found():
                await self._found(waits, answer, deferred=deferred)
            case _:
                assert_never(answer)

    async def _found(self, waits: Waits, found: Found, *, deferred: bool) -> None:
        """The matches: on the finder's own message where only the asker sees it, else in a new one."""
        heard = waits.heard
        if not isinstance(heard, Sought):
            raise Rejected(f"what was found answers a search, not {type(heard).__name__}")
        label = components.label_of(waits.message, waits.custom_id) or heard.finder
        if found.options:
            text = "" if waits.on_whisper else literal(f"{components.SEARCH} {heard.words}", render.TEXT_LIMIT)
        else:
            text = literal(self._words.nothing_found(waits.locale), render.TEXT_LIMIT)
        if waits.on_whisper:
            lines = components.matches_on(waits.message, waits.custom_id, label, found.options)
            await self._change(waits, {"content": text, "components": lines}, deferred=deferred)
            return
        message = render.answer_text("") | {"content": text}
        message["components"] = components.matches(waits.custom_id, label, found.options)
        await self._say(waits, [message], deferred=deferred, instead=False)

    async def _nothing(self, waits: Waits, *, deferred: bool) -> None:
        """Discord wants an answer even where there is nothing to say."""
        if waits.updates:
            if not deferred:
                await self._callback(waits, _DEFER_UPDATE)
            if waits.on_remark and isinstance(waits.heard, Submitted):
                await self._delete(waits)
            return
        if not deferred:
            await self._callback(waits, _DEFER, {"flags": render.EPHEMERAL})
        await self._delete(waits)

    async def _open_again(self, waits: Waits, key: str) -> None:
        if (form := self._forms.get(key)) is not None:
            await self._callback(waits, _MODAL, forms.form(form))
        else:
            # Kept in memory only: after a restart what was typed still stands in the message above the button.
            gone = render.answer_text(self._words.expired(waits.locale))
            await self._say(waits, [gone], deferred=False, instead=False)

    async def _say(self, waits: Waits, messages: list[Json], *, deferred: bool, instead: bool) -> None:
        """The first as the answer, the others after it, all for the asker alone; `instead`: the first takes the place
        of the message that was used.
        """
        first, *rest = messages
        if (instead or (deferred and not waits.updates)) and await self._replaced(waits, first, deferred=deferred):
            pass
        elif deferred:
            rest = messages
        else:
            await self._callback(waits, _MESSAGE, first)
        for message in rest:
            await self._webhook("POST", "", waits, message)

    async def _replaced(self, waits: Waits, first: Json, *, deferred: bool) -> bool:
        """False where what was to be replaced is gone: somebody deleted the card while its button was pressed."""
        shown = {"content": "", "embeds": [], "components": [], **first}
        del shown["flags"]
        try:
            await self._change(waits, shown, deferred=deferred)
        except Gone as error:
            if errors.code_of(error) != errors.UNKNOWN_MESSAGE:
                raise
            return False
        return True

    async def _change(self, waits: Waits, shown: Json, *, deferred: bool) -> None:
        """The message that was used, or the one that promised an answer, shows this now."""
        if deferred:
            await self._webhook("PATCH", "/messages/@original", waits, shown)
        else:
            await self._callback(waits, _UPDATE, shown)

    def _keep(self, form: Form) -> str:
        key = secrets.token_urlsafe(12)
        self._forms.put(key, form)
        return key

    async def _callback(self, waits: Waits, kind: int, data: Json | None = None) -> None:
        payload: Json = {"type": kind} if data is None else {"type": kind, "data": data}
        # Answers to interactions do not count against the global rate limit, and must not wait for it. Discord's
        # client library names the interaction like a webhook, so that each has its own bucket.
        await self._rest.ask(
            "POST",
            "/interactions/{webhook_id}/{webhook_token}/callback",
            json=payload,
            paced=False,
            webhook_id=waits.id,
            webhook_token=waits.token,
        )

    async def _delete(self, waits: Waits) -> None:
        await self._webhook("DELETE", "/messages/@original", waits, None)

    async def _webhook(self, method: str, path: str, waits: Waits, payload: Json | None) -> None:
        await self._rest.ask(
            method,
            f"/webhooks/{{webhook_id}}/{{webhook_token}}{path}",
            json=payload,
            paced=False,
            webhook_id=self._rest.application,
            webhook_token=waits.token,
        )
