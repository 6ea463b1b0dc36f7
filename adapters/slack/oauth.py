"""Workspaces install the app by themselves: the two pages of slack-bolt's OAuth flow, over a store that is the desk's.

What Slack gives for a workspace is sealed before it goes to the store: neither the database nor a copy of it holds a
token that somebody could use. docs.slack.dev/authentication/installing-with-oauth
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import secrets
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from aiohttp import web
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.error import BoltError
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore

from adapters.slack.config import SCOPES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from slack_bolt.response import BoltResponse

    from adapters.slack.api import Api
    from adapters.slack.config import OAuthConfig
    from adapters.slack.http import Doors

log = logging.getLogger(__name__)

INSTALL, REDIRECT = "/slack/install", "/slack/oauth_redirect"  # below `url`
STATE_LIVES = timedelta(minutes=10)
LEAST_KEY = 32  # characters


class SealBroken(ValueError):  # noqa: N818 - it names what is wrong
    """What was sealed with another key, or changed since."""


class Sealer:
    """`keys`: secrets of at least 32 characters. The first seals, all of them open."""

    def __init__(self, keys: Sequence[str]) -> None:
        digests = (hashlib.sha256(key.encode()).digest() for key in keys)
        self._box = MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])

    def seal(self, text: str) -> str:
        return self._box.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """SealBroken where none of the keys opens it."""
        try:
            return self._box.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise SealBroken("sealed with another key") from error


def token_in(sealer: Sealer, sealed: str) -> str:
    """The bot's token of an installation. SealBroken where none of the keys opens it."""
    return str(json.loads(sealer.open(sealed))["bot_token"])


class Installations(Protocol):
    """Where installations are on record: what is kept is sealed."""

    async def keep(self, house: str, name: str, sealed: str) -> None: ...
    async def drop(self, house: str) -> None: ...
    async def sealed(self, house: str) -> str | None: ...
    async def issue(self, digest: str, lives: timedelta) -> None: ...
    async def consume(self, digest: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class OAuthSecrets:
    """The app's secret, and the keys to what is sealed. In no `repr`."""

    client: str = field(repr=False)
    keys: tuple[str, ...] = field(repr=False)


class Store(AsyncInstallationStore):
    """slack-bolt's installation store. One installation for each workspace: the newest."""

    def __init__(self, kept: Installations, sealer: Sealer, teams: Sequence[str] = ()) -> None:
        self._kept = kept
        self._sealer = sealer
        self._teams = frozenset(teams)

    async def async_save(self, installation: Installation) -> None:
        """BoltError where this workspace may not install the app, or cannot be told apart."""
        team = installation.team_id
        if team is None or installation.is_enterprise_install:
            raise BoltError("the app is installed in one workspace at a time, not in a whole organisation")
        if self._teams and team not in self._teams:
            raise BoltError(f"{team} is none of those that may install the app")
        values = {
            "bot_token": installation.bot_token,
            "bot_id": installation.bot_id,
            "bot_user_id": installation.bot_user_id,
            "bot_scopes": list(installation.bot_scopes or ()),
            "user_id": installation.user_id,
        }
        await self._kept.keep(team, installation.team_name or team, self._sealer.seal(json.dumps(values)))
        log.info("the app was installed in %s", team)

    async def async_find_bot(
        self, *, enterprise_id: str | None, team_id: str | None, is_enterprise_install: bool | None = False
    ) -> Bot | None:
        found = await self.async_find_installation(
            enterprise_id=enterprise_id, team_id=team_id, is_enterprise_install=is_enterprise_install
        )
        return found.to_bot() if found else None

    async def async_find_installation(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None = None,
        is_enterprise_install: bool | None = False,
    ) -> Installation | None:
        del enterprise_id, user_id, is_enterprise_install
        sealed = await self._kept.sealed(team_id) if team_id else None
        return Installation(team_id=team_id, **json.loads(self._sealer.open(sealed))) if sealed else None

    async def async_delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        del enterprise_id
        if team_id:
            await self._kept.drop(team_id)

    async def async_delete_installation(
        self, *, enterprise_id: str | None, team_id: str | None, user_id: str | None = None
    ) -> None:
        """The bot's is the only one there is: of somebody's alone there is nothing to delete."""
        if user_id is None:
            await self.async_delete_bot(enterprise_id=enterprise_id, team_id=team_id)

    async def async_delete_all(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        await self.async_delete_bot(enterprise_id=enterprise_id, team_id=team_id)


class States(AsyncOAuthStateStore):
    """Who was sent to Slack by us: a state is good once, and ten minutes. Only its digest is on record."""

    def __init__(self, kept: Installations) -> None:
        self._kept = kept

    async def async_issue(self, *_: object, **__: object) -> str:
        state = secrets.token_urlsafe(32)
        await self._kept.issue(_digest(state), STATE_LIVES)
        return state

    async def async_consume(self, state: str) -> bool:
        return await self._kept.consume(_digest(state))


def _digest(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()


class InstallPages:
    """The page that leads to Slack, and the one to which Slack leads back. `then` is told that there is one more."""

    def __init__(
        self,
        config: OAuthConfig,
        tokens: OAuthSecrets,
        api: Api,
        kept: Installations,
        then: Callable[[], Awaitable[None]],
    ) -> None:
        self._api = api
        self._then = then
        self._flow = AsyncOAuthFlow(
            settings=AsyncOAuthSettings(
                client_id=config.client_id,
                client_secret=tokens.client,
                scopes=sorted(SCOPES),
                redirect_uri=f"{config.url}{REDIRECT}",
                install_path=INSTALL,
                redirect_uri_path=REDIRECT,
                authorization_url=config.authorize_url,
                installation_store=Store(kept, Sealer(tokens.keys), config.teams),
                state_store=States(kept),
                state_expiration_seconds=int(STATE_LIVES.total_seconds()),
                logger=log,
            ),
            logger=log,
        )

    @asynccontextmanager
    async def open(self, doors: Doors) -> AsyncIterator[None]:
        """Both pages are there within the block."""
        with doors.at(INSTALL, self._install), doors.at(REDIRECT, self._redirect):
            try:
                yield
            finally:
                await self._api.close()

    async def _install(self, request: web.Request) -> web.StreamResponse:
        return await self._answered(request, self._flow.handle_installation)

    async def _redirect(self, request: web.Request) -> web.StreamResponse:
        answer = await self._answered(request, self._flow.handle_callback)
        if answer.status == web.HTTPOk.status_code and "code" in request.query:
            await self._then()
        return answer

    async def _answered(
        self, request: web.Request, answer: Callable[..., Awaitable[BoltResponse]]
    ) -> web.StreamResponse:
        if request.method != "GET":
            return web.Response(status=web.HTTPMethodNotAllowed.status_code)
        self._flow._async_client = self._api.web  # noqa: SLF001 - one session for all calls to Slack
        return await to_aiohttp_response(await answer(await to_bolt_request(request)))
