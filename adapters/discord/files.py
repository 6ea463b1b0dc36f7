"""Fetching what people sent: from Discord's own hosts only, by addresses that are asked for anew once they expire."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import aiohttp

from adapters.discord.errors import unreached
from adapters.discord.profiles import Recent
from adapters.discord.refs import is_id
from adapters.port import Denied, Gone, Rejected, Throttled, Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from adapters.discord.config import DiscordConfig
    from adapters.discord.rest import Rest
    from adapters.port import FileIn

HOSTS = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
_ADDRESSES = 2_000  # addresses kept: some 300 bytes each
_CHUNK = 64 * 1024  # bytes
_MARGIN = 60.0  # seconds for which an address must still be good
_PARTS = 3  # channel:message:attachment
_SERVER_ERROR = 500


class Files:
    """A file's key is "channel:message:attachment", or for a form's upload its signed address."""

    def __init__(self, rest: Rest, config: DiscordConfig) -> None:
        self._rest = rest
        self._own = {_origin(config.cdn_url), _origin(config.api_url)}
        self._addresses: Recent[str, str] = Recent(_ADDRESSES)
        self._session: aiohttp.ClientSession | None = None

    def heard(self, message: Mapping[str, Any]) -> None:
        """Remember the addresses of a message's attachments, which spares asking for them."""
        for attachment in _attachments(message):
            if is_id(attachment.get("id")) and isinstance(attachment.get("url"), str):
                self._addresses.put(attachment["id"], attachment["url"])

    async def read(self, file: FileIn) -> AsyncIterator[bytes]:
        """The bytes, in pieces. Rejected for any other host than Discord's own; Gone where it was deleted."""
        address = file.key if "://" in file.key else await self._address(file.key)
        if not self._is_own(address):
            raise Rejected(f"{urlsplit(address).hostname} is no host of Discord's")
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=15, sock_read=30)
            self._session = aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar())
        try:
            # Redirects are not followed: they could lead to any host, this machine's own network included.
            async with self._session.get(address, allow_redirects=False) as answer:
                _check(answer)
                async for chunk in answer.content.iter_chunked(_CHUNK):
                    yield chunk
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise unreached(error) from error

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _address(self, key: str) -> str:
        parts = key.split(":")
        if len(parts) != _PARTS or not all(map(is_id, parts)):
            raise Gone(f"no file of Discord's has the key {key!r}")
        channel, message, attachment = parts
        known = self._addresses.get(attachment)
        if known is None or _expired(known):
            path = "/channels/{channel_id}/messages/{message_id}"
            self.heard(await self._rest.ask("GET", path, channel_id=channel, message_id=message))
            known = self._addresses.get(attachment)
        if known is None:
            raise Gone(f"the message {message} has no file {attachment} any more")
        return known

    def _is_own(self, address: str) -> bool:
        parts = urlsplit(address)
        if _origin(address) in self._own:
            return True
        return parts.scheme == "https" and parts.hostname in HOSTS and parts.port in {None, 443}


def _check(answer: aiohttp.ClientResponse) -> None:
    match answer.status:
        case 200:
            return
        case 403:
            raise Denied("the file's address is not good any more")
        case 404:
            raise Gone("the file was deleted")
        case 429:
            raise Throttled(float(answer.headers.get("Retry-After", "5")))
        case status if status >= _SERVER_ERROR:
            raise Unavailable(f"HTTP {status}")
        case status:
            raise Rejected(f"HTTP {status} for a file")


def _attachments(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    snapshots = message.get("message_snapshots")
    forwarded = [entry for entry in snapshots if isinstance(entry, dict)] if isinstance(snapshots, list) else []
    holders = [message, *(entry.get("message", {}) for entry in forwarded)]
    found = (holder.get("attachments") for holder in holders if isinstance(holder, dict))
    return [entry for entries in found if isinstance(entries, list) for entry in entries if isinstance(entry, dict)]


def _origin(address: str) -> tuple[str, str, int | None]:
    parts = urlsplit(address)
    default = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, parts.hostname or "", parts.port or default


def _expired(address: str) -> bool:
    """`ex` is the hour of expiry in hexadecimal (discord.com/developers/docs/reference#signed-attachment-cdn-urls)."""
    stamp = parse_qs(urlsplit(address).query).get("ex", [""])[0]
    try:
        return bool(stamp) and int(stamp, 16) < time.time() + _MARGIN
    except ValueError:
        return False
