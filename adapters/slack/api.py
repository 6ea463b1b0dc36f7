"""The Web API as one client over one HTTP session, opened when it is first needed and closed by `close`."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.sockets import connector, says_anything

if TYPE_CHECKING:
    from adapters.slack.config import SlackConfig, SlackTokens

CALL_TIMEOUT = 20.0  # seconds for a whole call; files have their own
TRANSFER_SILENCE = 60.0  # seconds without a byte until a file's transfer is given up
TRANSFER = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=TRANSFER_SILENCE)


class Api:
    """`web` is the SDK's client: it never repeats a call by itself, since the relay knows better whether it may."""

    def __init__(self, config: SlackConfig, tokens: SlackTokens, *, timeout: float = CALL_TIMEOUT) -> None:
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None
        self.home = urlsplit(config.api_url)
        self._question = f"{config.api_url}api.test"
        self._web = AsyncWebClient(token=tokens.bot, base_url=config.api_url, retry_handlers=[])
        if _is_loopback(self.home.hostname or ""):
            self._web.proxy = None  # the SDK takes HTTPS_PROXY without looking at NO_PROXY

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            # The lanes and the relay bound what is under way at once: no limit of connections is needed here.
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self._timeout, sock_connect=10),
                connector=connector(),
            )
        return self._session

    @property
    def web(self) -> AsyncWebClient:
        self._web.session = self.session
        return self._web

    @property
    def proxy(self) -> str | None:
        return self._web.proxy

    async def answers(self) -> bool:
        """Whether Slack says anything (docs.slack.dev/reference/methods/api.test)."""
        return await says_anything(self.session, self._question, proxy=self.proxy)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
