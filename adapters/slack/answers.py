"""The ways in which an answer reaches the person who asked: where they were, and seen by them alone.

Somebody who looks at our home page or at a card in a modal has no message beside them: what they asked for opens over
it as a modal, which they can put away.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, assert_never

import aiohttp

from adapters.port import ChannelError, Denied, Gone, Rejected
from adapters.slack import forms, render
from adapters.slack.errors import asked, unreached
from adapters.ui import Card, Form, Invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.slack.api import Api
    from adapters.slack.origin import Origin
    from adapters.slack.profiles import Profiles

log = logging.getLogger(__name__)

Told = Card | Invalid | Exception
_OK = 200
_PEOPLE = 1000  # whose last press at home is remembered
_TOO_DEEP = "push_limit_reached"
_CHANGED = "hash_conflict"


class Answers:
    """`sorry` words a failure in the person's language, `slow` that a form is to be sent again."""

    def __init__(
        self, api: Api, profiles: Profiles, sorry: Callable[[str], str], slow: Callable[[str], str] | None = None
    ) -> None:
        self._api = api
        self._profiles = profiles
        self._sorry = sorry
        self._slow = slow or sorry
        self._latest: OrderedDict[str, str] = OrderedDict()  # person → what they did last on a view

    # --- words --------------------------------------------------------------------------------------------------

    def words(self, answer: Told, person: str) -> dict[str, Any]:
        """As the content of a message."""
        match answer:
            case Card():
                return {"text": render.card_text(answer), "blocks": render.card(answer)}
            case Invalid():
                return {"text": render.shown(answer.title), "blocks": render.remarks(answer)}
            case Exception():
                return {"text": render.shown(self.apology(person))}
            case _:
                assert_never(answer)

    def apology(self, person: str) -> str:
        return self._sorry(self._profiles.locale(person))

    def patience(self, person: str) -> str:
        return self._slow(self._profiles.locale(person))

    # --- to the person alone ------------------------------------------------------------------------------------

    async def tell(self, origin: Origin, answer: Told, trigger: str = "") -> None:
        """Where they were; as a direct message where that does not work (any more)."""
        words = self.words(answer, origin.person)
        if origin.kind in {"home", "view"}:
            if trigger and isinstance(answer, Card) and await self._show(origin, render.modal(answer), trigger):
                return
        elif await self._beside(origin, words) or await self._respond(origin, words):
            return
        opened = await asked(self._api.web.conversations_open(users=origin.person))
        channel = opened["channel"]["id"]
        await asked(self._api.web.chat_postMessage(channel=channel, unfurl_links=False, unfurl_media=False, **words))

    async def open(self, origin: Origin, form: Form, trigger: str) -> None:
        """The form, at once: a trigger lives three seconds. Where it is too late, an apology."""
        try:
            shown = await self._show(origin, forms.form(form, origin), trigger)
        except ChannelError as error:
            log.error("form %s cannot be shown: %s", form.form, error)
            shown = False
        if not shown:
            log.error("form %s could not be opened", form.form)
            await self.tell(origin, Rejected(form.form))

    async def _show(self, origin: Origin, view: dict[str, Any], trigger: str) -> bool:
        """A modal: over the one that they look at, if any. False where it was too late."""
        web = self._api.web
        try:
            if origin.kind != "view":
                await asked(web.views_open(trigger_id=trigger, view=view))
                return True
            try:
                await asked(web.views_push(trigger_id=trigger, view=view))
            except Rejected as error:
                if _TOO_DEEP not in str(error):
                    raise
                await asked(web.views_update(view_id=origin.view, view=view))
        except (Rejected, Gone, Denied) as error:
            log.warning("a modal could not be shown: %s", error)
            return False
        return True

    async def _beside(self, origin: Origin, words: dict[str, Any]) -> bool:
        """A whisper in the thread of the card that was used. False where there is none."""
        if not origin.thread or not origin.channel:
            return False
        try:
            await asked(
                self._api.web.chat_postEphemeral(
                    channel=origin.channel, thread_ts=origin.thread, user=origin.person, **words
                )
            )
        except (Denied, Gone, Rejected) as error:
            log.info("not whispered in its thread: %s", error)
            return False
        return True

    async def _respond(self, origin: Origin, words: dict[str, Any], *, replace: bool = False) -> bool:
        """By the interaction's own address: works where we are no member, five times within half an hour."""
        if not origin.respond:
            return False
        message = {"response_type": "ephemeral", "replace_original": replace, **words}
        try:
            async with self._api.session.post(origin.respond, json=message, proxy=self._api.proxy) as response:
                if response.status != _OK:
                    log.warning("an answer by response_url was refused: HTTP %d", response.status)
                return response.status == _OK
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise unreached(error) from error

    # --- in the place of the card -------------------------------------------------------------------------------

    def noted(self, origin: Origin, id_: str) -> None:
        """Remember the newest that a person did on a view: an answer to anything older must not cover its answer."""
        if origin.kind in {"home", "view"}:
            self._latest[origin.person] = id_
            self._latest.move_to_end(origin.person)
            if len(self._latest) > _PEOPLE:
                self._latest.popitem(last=False)

    async def replace(self, origin: Origin, card: Card, id_: str = "") -> bool:
        """Show the card where theirs stood. False where none stands there (any more)."""
        try:
            match origin.kind:
                case "nowhere":
                    return False
                case "home" | "view":
                    await self._reshow(origin, card, id_)
                    return True
                case "whisper":
                    return await self._respond(origin, self.words(card, origin.person), replace=True)
                case "message":
                    words = self.words(card, origin.person)
                    await asked(self._api.web.chat_update(channel=origin.channel, ts=origin.ts, **words))
                    return True
                case _:
                    assert_never(origin.kind)
        except (Denied, Gone, Rejected) as error:
            log.info("a card could not be shown in the place of another: %s", error)
            return False

    async def _reshow(self, origin: Origin, card: Card, id_: str) -> None:
        """With the hash of what they saw; without it where only an answer to something older came between."""
        for known in (origin.hash, ""):
            try:
                if origin.kind == "home":
                    await self.publish(origin.person, card, known)
                else:
                    await asked(
                        self._api.web.views_update(view_id=origin.view, view=render.modal(card), hash=known or None)
                    )
            except Rejected as error:
                if _CHANGED not in str(error):
                    raise
                if self._latest.get(origin.person, id_) != id_:
                    log.info("an answer came after that to something newer: it is not shown")
                    return
            else:
                return

    async def publish(self, person: str, card: Card, known: str = "") -> None:
        """As their home page."""
        await asked(self._api.web.views_publish(user_id=person, view=render.home(card), hash=known or None))
