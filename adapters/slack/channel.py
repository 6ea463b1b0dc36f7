"""Slack as a channel of the desk: Socket Mode and bolt in, the Web API out."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import aclosing
from typing import TYPE_CHECKING

from slack_bolt.adapter.socket_mode.async_internals import send_async_response

from adapters.port import ChannelError, Joined, Said, TokenRefused, Traits
from adapters.slack import files
from adapters.slack.answers import Answers
from adapters.slack.api import Api
from adapters.slack.asides import Asides
from adapters.slack.asks import Asks
from adapters.slack.config import APP_SCOPES
from adapters.slack.errors import asked, refused
from adapters.slack.forms import CHOICES
from adapters.slack.guests import Guest, team_of
from adapters.slack.hearing import Hearing, learn_names, request_of
from adapters.slack.http import Door
from adapters.slack.identity import identified, me
from adapters.slack.inbound import Inbound, Me, lane
from adapters.slack.interactions import Interactions
from adapters.slack.lanes import Lanes
from adapters.slack.outbound import Outbound
from adapters.slack.profiles import Profiles
from adapters.slack.quiet import Quiet
from adapters.slack.refs import permalink, spot, spot_of
from adapters.slack.render import MESSAGE_TEXT
from adapters.slack.wire import Patience, Socket
from desk.model import AccountRef

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Sequence

    from slack_bolt.app.async_app import AsyncApp
    from slack_bolt.request.async_request import AsyncBoltRequest
    from slack_bolt.response import BoltResponse
    from slack_sdk.socket_mode.request import SocketModeRequest

    from adapters.port import FileIn, Listener, Opened, Profile, Quote, Recall
    from adapters.slack.config import SlackConfig, SlackTokens
    from adapters.slack.guests import Guests
    from adapters.slack.http import Doors
    from adapters.slack.wire import Connection
    from adapters.ui import Command, MenuEntry, Post
    from desk.model import MessageRef, PlaceRef, ThreadRef

log = logging.getLogger(__name__)

TRAITS = Traits(
    text_limit=MESSAGE_TEXT,
    file_limit=100 * 1024 * 1024,  # Slack takes a gigabyte; nobody waits for that
    files_per_post=10,
    fields_per_form=20,  # a view may have 100 blocks; more than this nobody fills in
    choices=CHOICES,
    answer_within=3.0,
    search_in_forms=True,
    anywhere=True,  # each event goes to one of the app's sockets, or to any instance behind a balancer
)
_ACKNOWLEDGE_WITHIN = 2.5  # seconds of the three; the rest is for the way back


def _sorry(locale: str) -> str:
    del locale
    return "Sorry, that did not work. Nothing was lost on our side; please try again in a moment."


class SlackChannel:
    """`adapters.port.Channel` over Slack. One workspace, one app, one socket at a time."""

    def __init__(
        self,
        config: SlackConfig,
        tokens: SlackTokens,
        *,
        name: str = "slack",
        sorry: Callable[[str], str] = _sorry,
        slow: Callable[[str], str] | None = None,
        once: Collection[str] = (),
        patience: Patience | None = None,
        acknowledge_within: float = _ACKNOWLEDGE_WITHIN,
        doors: Doors | None = None,
        guests: Guests | None = None,
        within: Guests | None = None,
    ) -> None:
        """`guests`: the same app in other workspaces, for which this channel hears as well; each of them is a channel
        `within` these, with no socket or door of its own. `sorry` words a failure in the person's language (BCP 47, ""
        where unknown). A form that is named in `once` counts once, however often it is sent: where it takes too long it
        stays open, with what `slow` says. `doors` are for HTTP mode.
        """
        self._name = name
        self._config = config
        self._tokens = tokens
        self._sorry = sorry
        self._slow = slow
        self._once = frozenset(once)
        self._patience = patience or Patience()
        self._acknowledge_within = acknowledge_within
        self._doors = doors
        self._guests = guests
        self._within = within
        self._api = Api(config, tokens)
        self._profiles = Profiles(self._api)
        self._outbound = Outbound(name, self._api, lambda: self._me)
        self._asides = Asides(name, self._api, self._outbound, self._profiles)
        self._quiet = Quiet(self._api)
        self._lanes = Lanes()
        self._me: Me | None = None
        self._socket: Socket | None = None
        self._state = "stopped: not started"
        self._greetings: set[asyncio.Task[None]] = set()

    @property
    def name(self) -> str:
        return self._name

    @property
    def traits(self) -> Traits:
        return TRAITS

    # --- listening ----------------------------------------------------------------------------------------------

    async def run(self, listener: Listener, commands: Sequence[Command], menu: Sequence[MenuEntry] = ()) -> None:
        del menu  # Slack's stand in the app's manifest
        self._state = "connecting: asking who we are"
        try:
            identity = await identified(self._api, self._config.bot_token_env, self._patience, self._tell_state)
            own = self._me = me(identity)
            inbound = Inbound(self._name, own, self._profiles)
            answers = Answers(self._api, self._profiles, self._sorry, self._slow)
            interactions = Interactions(
                asks=Asks(inbound),
                answers=answers,
                listener=listener,
                profiles=self._profiles,
                within=self._acknowledge_within,
                once=self._once,
            )
            hearing = Hearing(
                inbound=inbound,
                interactions=interactions,
                answers=answers,
                asides=self._asides,
                profiles=self._profiles,
                listener=listener,
            )
            app = hearing.app(self._api.web, identity, commands)

            try:
                if self._within is not None:
                    await self._listen_as_guest(self._within, own, app, listener)
                elif self._config.mode == "http":
                    await self._listen_at_the_door(app, listener)
                else:
                    await self._listen_at_a_socket(app, listener)
            finally:
                await interactions.close()
        except TokenRefused as error:
            self._state = f"stopped: {error}"
            raise
        except asyncio.CancelledError:
            self._state = "stopped: not listening"
            raise
        finally:
            self._socket = None
            for task in self._greetings:
                task.cancel()
            await asyncio.gather(*self._greetings, return_exceptions=True)

    async def _listen_at_a_socket(self, app: AsyncApp, listener: Listener) -> None:
        async def handle(connection: Connection, request: SocketModeRequest) -> None:
            # Envelopes come here in the order of the socket: whoever takes a lane first, came first.
            start = time.time()
            response = await self._received(app, request_of(request))
            await send_async_response(connection, request, response, start)

        self._socket = Socket(
            address=self._address,
            session=self._api.session,
            handle=handle,
            joined=lambda briefly: self._greet_all(listener, briefly=briefly),
            patience=self._patience,
            proxy=self._api.proxy,
        )
        await self._socket.run()

    async def _listen_at_the_door(self, app: AsyncApp, listener: Listener) -> None:
        assert self._doors is not None  # whoever makes a channel for HTTP mode gives them

        async def receive(asked: AsyncBoltRequest) -> BoltResponse:
            return await self._received(app, asked)

        with self._doors.at(self._config.path, Door(receive, self._tokens.signing)):
            self._state = "connected"
            self._greet_all(listener)
            await asyncio.Event().wait()  # until cancelled

    async def _listen_as_guest(self, host: Guests, own: Me, app: AsyncApp, listener: Listener) -> None:
        async def receive(asked: AsyncBoltRequest) -> BoltResponse:
            async with self._lanes.turn(lane(asked.body) if "event" in asked.body else None):
                return await app.async_dispatch(asked)

        guest = Guest(receive, lambda briefly: self._greet(listener, briefly=briefly))
        with host.at(own.team, guest):
            self._state = "connected"
            self._greet(listener)
            await asyncio.Event().wait()  # until cancelled

    async def _received(self, app: AsyncApp, asked: AsyncBoltRequest) -> BoltResponse:
        """Taken by this workspace, or by the guest whose it is: what is another's must never be heard here."""
        team = team_of(asked.body) if self._guests is not None else ""
        if self._guests is not None and self._me is not None and team not in ("", self._me.team):
            return await self._guests.receive(team, asked)
        # Envelopes come here in the order of the socket, requests in that of the door: whoever takes a lane first,
        # came first.
        async with self._lanes.turn(lane(asked.body) if "event" in asked.body else None):
            return await app.async_dispatch(asked)

    def _greet_all(self, listener: Listener, *, briefly: bool = False) -> None:
        self._greet(listener, briefly=briefly)
        if self._guests is not None:
            self._guests.greet(briefly=briefly)

    def _tell_state(self, state: str) -> None:
        self._state = state

    async def _address(self) -> str:
        try:
            answer = await asked(self._api.web.apps_connections_open(app_token=self._tokens.app))
        except ChannelError as error:
            raise refused(error, self._config.app_token_env, ", ".join(APP_SCOPES)) from error
        return str(answer["url"])

    def _greet(self, listener: Listener, *, briefly: bool = False) -> None:
        async def greet() -> None:
            failures = 0
            while True:
                try:
                    await listener(Joined(self._name, briefly))
                except Exception:
                    log.exception("what was missed on %s could not be caught up with; trying again", self._name)
                    failures += 1
                    await self._patience.wait(failures)
                else:
                    return

        task = asyncio.create_task(greet())
        self._greetings.add(task)
        task.add_done_callback(self._greetings.discard)

    # --- saying -------------------------------------------------------------------------------------------------

    async def open_thread(
        self, where: PlaceRef | AccountRef, title: str, first: Post, *, key: str, recall: Recall | None
    ) -> Opened:
        return await self._outbound.open_thread(where, title, first, key=key, recall=recall)

    async def post(self, thread: ThreadRef, post: Post, *, key: str, recall: Recall | None) -> tuple[MessageRef, ...]:
        return await self._outbound.post(thread, post, key=key, recall=recall)

    async def edit(self, message: MessageRef, post: Post) -> None:
        await self._outbound.edit(message, post)

    async def revise(
        self, thread: ThreadRef, parts: Sequence[MessageRef], post: Post, *, key: str, recall: Recall | None
    ) -> tuple[MessageRef, ...]:
        return await self._outbound.revise(thread, parts, post, key=key, recall=recall)

    async def delete(self, message: MessageRef) -> None:
        await self._outbound.delete(message)

    async def announce(self, place: PlaceRef, post: Post, *, key: str, pin: bool = False) -> MessageRef:
        return await self._asides.announce(place, post, key=key, pin=pin)

    async def whisper(
        self, account: AccountRef, post: Post, *, key: str, near: MessageRef | None = None, again: bool = False
    ) -> MessageRef | None:
        return await self._asides.whisper(account, post, key=key, near=near, again=again)

    async def quote(self, message: MessageRef) -> Quote:
        return await self._asides.quote(Inbound(self._name, await self._who(), self._profiles), message)

    def link(self, ref: MessageRef | ThreadRef) -> str:
        at = spot(ref)
        return permalink(self._me.url if self._me else "", at.channel, at.ts)

    async def close_thread(self, thread: ThreadRef, *, closed: bool) -> None:
        """Slack's threads cannot be put away."""

    # --- reading ------------------------------------------------------------------------------------------------

    async def history(self, thread: ThreadRef, after: str) -> AsyncIterator[Said]:
        at = spot(thread)
        inbound = Inbound(self._name, await self._who(), self._profiles)
        since = spot_of(after).ts if after else "0"
        async with aclosing(self._outbound.replies(at.channel, at.ts, since, metadata=False)) as messages:
            async for message in messages:
                await learn_names(self._profiles, message)
                said = inbound.said(at.channel, message)
                # The root is outside the thread that it opens; ours is a card anyway.
                if said is not None and said.thread is not None:
                    yield said

    async def profile(self, account: AccountRef) -> Profile:
        return await self._profiles.profile(account.key)

    def forget(self, person: str) -> None:
        self._profiles.forget(person)

    async def members(self, ids: Collection[str]) -> Sequence[AccountRef]:
        return tuple(AccountRef(self._name, user) for user in await self._profiles.bearing(ids))

    async def not_to_disturb(self, accounts: Sequence[AccountRef]) -> frozenset[AccountRef]:
        quiet = await self._quiet.among({account.key for account in accounts})
        return frozenset(account for account in accounts if account.key in quiet)

    async def read(self, file: FileIn) -> AsyncIterator[bytes]:
        async with aclosing(files.read(self._api, self._tokens.bot, file)) as chunks:
            async for chunk in chunks:
                yield chunk

    @property
    def host(self) -> str:
        return self._api.home.netloc

    async def answers(self) -> bool:
        return await self._api.answers()

    async def is_up_to_date(self) -> bool:
        """By a socket only. What comes at a door, or through the app's own channel, nobody can ask for."""
        return self._socket is None or await self._socket.is_up_to_date()

    async def health(self) -> str:
        return self._socket.state if self._socket is not None else self._state

    async def close(self) -> None:
        await self._api.close()

    async def _who(self) -> Me:
        if self._me is None:
            identity = await asked(self._api.web.auth_test())
            self._me = me(identity)
        return self._me
