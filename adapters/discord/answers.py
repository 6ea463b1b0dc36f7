"""Interactions: a person waits, Discord gives three seconds for a first answer and fifteen minutes for the rest.

discord.com/developers/docs/interactions/receiving-and-responding
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, assert_never

from adapters.discord import forms, render
from adapters.discord.profiles import Recent
from adapters.port import Called, ChannelError, Pressed, Rejected, Submitted
from adapters.ui import Card, Form, Found, Instead, Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from adapters.discord.rest import Rest
    from adapters.port import Answer, Listener

log = logging.getLogger(__name__)

FORMS_KEPT = 500  # forms that may be opened again: some kilobytes each
_MESSAGE, _DEFER, _DEFER_UPDATE, _UPDATE, _MODAL = 4, 5, 6, 7, 9  # interaction callback types

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """One interaction that wants its answer."""

    id: str
    token: str
    locale: str
    heard: Called | Pressed | Submitted
    on_ephemeral: bool  # it came from a message that only the asker sees

    @classmethod
    def of(cls, payload: Mapping[str, Any], heard: Called | Pressed | Submitted) -> Asked:
        message = payload.get("message")
        flags = message.get("flags") if isinstance(message, dict) else 0
        return cls(
            id=heard.id,
            token=str(payload.get("token", "")),
            locale=str(payload.get("locale", "")),
            heard=heard,
            on_ephemeral=isinstance(flags, int) and bool(flags & render.EPHEMERAL),
        )

    @property
    def replaces(self) -> bool:
        """A form that was opened from a remark of ours: its answer takes the remark's place."""
        return isinstance(self.heard, Submitted) and self.on_ephemeral


class Answers:
    """Asks the listener and brings its answer back in time. `sorry` and `expired` word a line for a locale."""

    def __init__(
        self,
        rest: Rest,
        *,
        sorry: Callable[[str], str],
        expired: Callable[[str], str],
        defer_after: float,
    ) -> None:
        """`defer_after`: seconds until Discord is told that the answer takes longer."""
        self._rest = rest
        self._sorry = sorry
        self._expired = expired
        self._defer_after = defer_after
        self._forms: Recent[str, Form] = Recent(FORMS_KEPT)

    async def give(self, asked: Asked, listener: Listener) -> None:
        """Never raises: what fails is logged, and the person is told where that is still possible."""
        heard = asked.heard
        try:
            if isinstance(heard, Pressed) and heard.action == forms.AGAIN:
                await self._open_again(asked, heard.value)
            else:
                await self._ask(asked, listener)
        except ChannelError as error:
            log.warning("%s not answered: %s: %s", type(heard).__name__, type(error).__name__, error)

    async def _ask(self, asked: Asked, listener: Listener) -> None:
        asking: asyncio.Future[Answer] = asyncio.ensure_future(listener(asked.heard))
        deferred = False
        try:
            done, _ = await asyncio.wait({asking}, timeout=self._defer_after)
            if not done:
                deferred = await self._defer(asked)
            answer = await asking
        except asyncio.CancelledError:
            asking.cancel()
            raise
        except Exception:
            log.exception("%s %s was not handled", type(asked.heard).__name__, asked.id)
            await self._say(asked, [render.answer_text(self._sorry(asked.locale))], deferred=deferred)
            return
        await self._bring(asked, answer, deferred=deferred)

    async def _defer(self, asked: Asked) -> bool:
        update = isinstance(asked.heard, Pressed) or asked.replaces
        try:
            if update:
                await self._callback(asked, _DEFER_UPDATE)
            else:
                await self._callback(asked, _DEFER, {"flags": render.EPHEMERAL})
        except ChannelError as error:
            # The listener goes on all the same; only its answer has nowhere to go, if this was the last chance.
            log.warning("%s not acknowledged: %s", type(asked.heard).__name__, error)
        return True

    async def _bring(self, asked: Asked, answer: Answer, *, deferred: bool) -> None:
        match answer:
            case None:
                await self._nothing(asked, deferred=deferred)
            case Card():
                await self._say(asked, [render.answer(answer)], deferred=deferred)
            case Form():
                if deferred or isinstance(asked.heard, Submitted):
                    # A modal can only be a first answer, and never one to a modal: a button opens it instead.
                    again = forms.again(answer.title, answer.title, self._keep(answer))
                    await self._say(asked, [again], deferred=deferred)
                else:
                    await self._callback(asked, _MODAL, forms.form(answer))
            case Invalid():
                await self._say(asked, forms.invalid(answer, self._keep(answer.form)), deferred=deferred)
            case Instead() | Found():
                raise Rejected("not shown on Discord yet")
            case _:
                assert_never(answer)

    async def _nothing(self, asked: Asked, *, deferred: bool) -> None:
        """Discord wants an answer even where there is nothing to say."""
        if isinstance(asked.heard, Pressed) or asked.replaces:
            if not deferred:
                await self._callback(asked, _DEFER_UPDATE)
            if asked.replaces:
                await self._delete(asked)
            return
        if not deferred:
            await self._callback(asked, _DEFER, {"flags": render.EPHEMERAL})
        await self._delete(asked)

    async def _open_again(self, asked: Asked, key: str) -> None:
        if (form := self._forms.get(key)) is not None:
            await self._callback(asked, _MODAL, forms.form(form))
        else:
            # Kept in memory only: after a restart what was typed still stands in the message above the button.
            await self._say(asked, [render.answer_text(self._expired(asked.locale))], deferred=False)

    async def _say(self, asked: Asked, messages: list[Json], *, deferred: bool) -> None:
        """The first as the answer, the others after it, all for the asker alone."""
        first, *rest = messages
        if not deferred:
            if asked.replaces:
                await self._callback(asked, _UPDATE, {"content": "", "embeds": [], "components": [], **first})
            else:
                await self._callback(asked, _MESSAGE, first)
        elif isinstance(asked.heard, Pressed):
            rest = messages
        else:
            shown = {"content": "", "embeds": [], "components": [], **first}
            del shown["flags"]
            await self._webhook("PATCH", "/messages/@original", asked, shown)
        for message in rest:
            await self._webhook("POST", "", asked, message)

    def _keep(self, form: Form) -> str:
        key = secrets.token_urlsafe(12)
        self._forms.put(key, form)
        return key

    async def _callback(self, asked: Asked, kind: int, data: Json | None = None) -> None:
        payload: Json = {"type": kind} if data is None else {"type": kind, "data": data}
        # Answers to interactions do not count against the global rate limit, and must not wait for it. Discord's
        # client library names the interaction like a webhook, so that each has its own bucket.
        await self._rest.ask(
            "POST",
            "/interactions/{webhook_id}/{webhook_token}/callback",
            json=payload,
            paced=False,
            webhook_id=asked.id,
            webhook_token=asked.token,
        )

    async def _delete(self, asked: Asked) -> None:
        await self._webhook("DELETE", "/messages/@original", asked, None)

    async def _webhook(self, method: str, path: str, asked: Asked, payload: Json | None) -> None:
        await self._rest.ask(
            method,
            f"/webhooks/{{webhook_id}}/{{webhook_token}}{path}",
            json=payload,
            paced=False,
            webhook_id=self._rest.application,
            webhook_token=asked.token,
        )
