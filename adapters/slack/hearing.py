"""Bolt, set up for either way in: which of its listeners hears what, and when Slack gets its acknowledgement."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from slack_bolt.adapter.socket_mode.internals import build_headers
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.middleware.authorization.async_single_team_authorization import AsyncSingleTeamAuthorization
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from adapters.port import Changed, ChannelError, HomeOpened, Reacted, Said
from adapters.slack.text import mentioned
from adapters.ui import CARD_TITLE, Card, Instead, Post
from desk.text import cut

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from slack_sdk.socket_mode.request import SocketModeRequest
    from slack_sdk.web.async_client import AsyncWebClient
    from slack_sdk.web.async_slack_response import AsyncSlackResponse

    from adapters.port import Answer, Heard, Listener
    from adapters.slack.answers import Answers
    from adapters.slack.asides import Asides
    from adapters.slack.inbound import Inbound
    from adapters.slack.interactions import Interactions
    from adapters.slack.profiles import Profiles
    from adapters.ui import Command

log = logging.getLogger(__name__)

_ANYTHING = re.compile("", re.DOTALL)


class Hearing:
    """Hands events to the listener and interactions to those who answer them."""

    def __init__(
        self,
        *,
        inbound: Inbound,
        interactions: Interactions,
        answers: Answers,
        asides: Asides,
        profiles: Profiles,
        listener: Listener,
    ) -> None:
        self._inbound = inbound
        self._interactions = interactions
        self._answers = answers
        self._asides = asides
        self._profiles = profiles
        self._listener = listener

    def app(self, web: AsyncWebClient, identity: AsyncSlackResponse, commands: Sequence[Command]) -> AsyncApp:
        """An event is acknowledged when its listener has returned, and not when it raised: then Slack delivers it
        again. Our own messages are dropped.
        """
        app = _App(
            logger=log,
            client=web,
            signing_secret="",
            process_before_response=True,
            # A socket is authenticated as a whole; requests over HTTP are verified before they come here.
            request_verification_enabled=False,
            attaching_function_token_enabled=False,
            attaching_conversation_kwargs_enabled=False,
            before_authorize=_Early(self._event),
        )
        for middleware in app._async_middleware_list:  # noqa: SLF001 - else the first events would each ask auth.test
            if isinstance(middleware, AsyncSingleTeamAuthorization):
                middleware.auth_test_result = identity
        app.event(_ANYTHING)(self._event)
        for command in commands:
            app.command(f"/{command.name}")(self._interactions.command)
        app.action(_ANYTHING)(self._interactions.action)
        app.view(_ANYTHING)(self._interactions.submission)
        app.options(_ANYTHING)(self._interactions.search)
        app.shortcut(_ANYTHING)(self._interactions.shortcut)
        # Last, so that nothing is left unacknowledged: closed views, commands of another version.
        for anything in (app.command, app.view_closed):
            anything(_ANYTHING)(self._interactions.nothing)
        return app

    async def _event(self, body: dict[str, Any]) -> None:
        event = body["event"]
        if event.get("type") == "message":
            await learn_names(self._profiles, event)
        else:
            changed = self._profiles.heed(event)
            if changed is not None:
                await self._listener(Changed(self._inbound.name, changed))
        heard = self._inbound.event(body)
        if heard is not None:
            await self._answer(heard, await self._listener(heard))

    async def _answer(self, heard: Heard, answer: Answer) -> None:
        """Nobody waits for the answer to an event: one that cannot be given is no reason to deliver the event again."""
        if answer is None:
            return
        card = answer.card if isinstance(answer, Instead) else answer
        if not isinstance(card, Card):
            log.error("%s was answered with a %s, which needs somebody who waits", _name(heard), _name(card))
            whose = heard.account.key if isinstance(heard, HomeOpened | Reacted | Said) else ""
            card = Card(cut(self._answers.apology(whose), CARD_TITLE))
        try:
            match heard:
                case HomeOpened():
                    await self._answers.publish(heard.account.key, card)
                case Reacted():
                    await self._asides.whisper(heard.account, Post(card=card), key=heard.id, near=heard.message)
                case Said() if heard.thread is None:
                    await self._asides.whisper(heard.account, Post(card=card), key=heard.message.key, near=None)
                case _:
                    log.error("%s was answered, and nobody asked", _name(heard))
        except ChannelError as error:
            log.error("an answer to %s could not be given: %s", _name(heard), error)


def spoken(payload: Any) -> dict[str, Any] | None:
    """The event of a message: said, changed or deleted. None for everything else that Slack sends."""
    event = payload.get("event") if isinstance(payload, dict) else None
    return event if isinstance(event, dict) and event.get("type") == "message" else None


def _name(entry: object) -> str:
    return type(entry).__name__


class _Early(AsyncMiddleware):
    """Hears messages at the head of bolt's chain: there are many, and they need neither an authorisation of their own
    nor a search among the listeners, which cost nine tenths of bolt's time for an event. What raises here is not
    acknowledged, as with bolt's listeners.
    """

    def __init__(self, hear: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        self._hear = hear

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 - bolt's name
    ) -> BoltResponse:
        del resp
        if spoken(req.body) is None:
            return await next()
        await self._hear(req.body)
        return BoltResponse(status=200)


class _App(AsyncApp):
    """bolt's app. Each request would bring a client of its own, for apps that change its token: none of ours does, and
    making one took a fifth of bolt's time for an event.
    """

    def _init_context(self, req: AsyncBoltRequest) -> None:
        req.context["logger"] = log
        req.context["token"] = self._token
        req.context["client"] = self.client
        req.context["listener_runner"] = self.listener_runner


class _Spoken(AsyncBoltRequest):
    """A message, as bolt takes requests by a socket."""

    def __init__(self, payload: dict[str, Any]) -> None:
        self.raw_body, self.body, self.mode = "", payload, "socket_mode"
        self.query, self.headers, self.content_type = {}, {}, None
        self.context = AsyncBoltContext()
        self.lazy_only, self.lazy_function_name = False, None


def request_of(envelope: SocketModeRequest) -> AsyncBoltRequest:
    """What came by a socket, for bolt. Of a message bolt would first gather who says it, where and in which team, for
    listeners further on in its chain: messages never come so far.
    """
    if spoken(envelope.payload) is None:
        return AsyncBoltRequest(mode="socket_mode", body=envelope.payload, headers=build_headers(envelope))
    return _Spoken(envelope.payload)


async def learn_names(profiles: Profiles, event: Mapping[str, Any]) -> None:
    """Ask for the names of those whom a message mentions, so that it can be read without a call."""
    carrier = event.get("message") if event.get("subtype") == "message_changed" else event
    if not isinstance(carrier, dict):
        return
    text, blocks = carrier.get("text"), carrier.get("blocks")
    # Most messages mention nobody: they pay no more than this look.
    if not isinstance(text, str) or "<" not in text:
        return
    try:
        ids = mentioned(text, blocks if isinstance(blocks, list) else [])
    except Exception:  # odd blocks cost names, never the message
        log.warning("mentions that cannot be read", exc_info=True)
        return
    await profiles.learn(ids)
