"""Files both ways: fetched with our token from Slack's own hosts only, sent by Slack's external upload."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import aiohttp

from adapters.port import ChannelError, Denied, Gone, Rejected, Throttled, Unavailable
from adapters.slack.api import TRANSFER
from adapters.slack.errors import asked, unreached

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from urllib.parse import SplitResult

    from adapters.port import FileIn
    from adapters.slack.api import Api
    from adapters.ui import FileOut

CHUNK = 64 * 1024  # bytes
_HOPS = 3  # redirects followed
_PAGE = "text/html"
_NOT_FOUND = frozenset({404, 410})
_FORBIDDEN = frozenset({401, 403})
_THROTTLED = 429
_SERVER_ERROR = 500
_OK = 200


async def read(api: Api, token: str, file: FileIn) -> AsyncGenerator[bytes, None]:
    """The bytes. Rejected where the address is not Slack's, so that our token goes nowhere else."""
    answer = await asked(api.web.files_info(file=file.key))
    entry = answer.get("file") or {}
    if entry.get("mode") == "tombstone":
        raise Gone(f"file {file.key} was deleted")
    if entry.get("is_external"):
        raise Rejected(f"file {file.key} lies with {entry.get('external_type') or 'somebody else'}, not with Slack")
    url = entry.get("url_private_download") or entry.get("url_private")
    if not url:
        raise Gone(f"file {file.key} has no address any more")
    page_expected = str(entry.get("mimetype") or file.media_type).startswith(_PAGE)
    async for chunk in _fetch(api, token, str(url), page_expected=page_expected):
        yield chunk


async def _fetch(api: Api, token: str, url: str, *, page_expected: bool) -> AsyncGenerator[bytes, None]:
    headers = {"Authorization": f"Bearer {token}"}
    for _ in range(_HOPS):
        if not is_slack(urlsplit(url), api.home):
            raise Rejected(f"{urlsplit(url).hostname} is no host of Slack's")
        try:
            async with api.session.get(
                url, headers=headers, allow_redirects=False, timeout=TRANSFER, proxy=api.proxy
            ) as response:
                if response.status in {301, 302, 303, 307, 308}:
                    url = urljoin(url, response.headers.get("Location", ""))
                    continue
                _refuse(response.status, response.headers.get("Retry-After", ""))
                if response.content_type == _PAGE and not page_expected:
                    # Without the scope, Slack answers 200 with its page to sign in.
                    raise Denied("Slack sent a page instead of the file: files:read is missing")
                async for chunk in response.content.iter_chunked(CHUNK):
                    yield chunk
                return
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise unreached(error) from error
    raise Denied("Slack sent on from address to address: files:read is missing")


def is_slack(url: SplitResult, home: SplitResult) -> bool:
    """Whether our token may be sent there: Slack's hosts over TLS, or exactly where the API itself is."""
    if (url.scheme, url.hostname, url.port) == (home.scheme, home.hostname, home.port):
        return True
    host = url.hostname or ""
    return url.scheme == "https" and (host == "slack.com" or host.endswith(".slack.com")) and url.port in {None, 443}


def _refuse(status: int, retry_after: str) -> None:
    if status == _OK:
        return
    if status in _NOT_FOUND:
        raise Gone(f"HTTP {status}")
    if status in _FORBIDDEN:
        raise Denied(f"HTTP {status}")
    if status == _THROTTLED:
        raise Throttled(float(retry_after) if retry_after.isdigit() else 30.0)
    if status >= _SERVER_ERROR:
        raise Unavailable(f"HTTP {status}")
    raise Rejected(f"HTTP {status}")


async def send(api: Api, channel: str, thread_ts: str | None, files: Sequence[FileOut]) -> tuple[str, ...]:
    """Share the files in a thread (None: in the channel itself), as one message. Gives their ids; before the last step
    nothing is to be seen.
    """
    uploaded = [{"id": await _upload(api, file), "title": file.name} for file in files]
    answer = await asked(
        api.web.files_completeUploadExternal(files=uploaded, channel_id=channel, thread_ts=thread_ts)  # type: ignore[arg-type]
    )
    return tuple(entry["id"] for entry in answer.get("files") or uploaded)


async def _upload(api: Api, file: FileOut) -> str:
    try:
        opened = await asyncio.to_thread(file.path.open, "rb")
    except OSError as error:
        raise Rejected(f"the stored file {file.name!r} cannot be read: {error}") from error
    with opened:
        answer = await asked(api.web.files_getUploadURLExternal(filename=file.name, length=file.size))
        try:
            async with api.session.post(
                answer["upload_url"],
                data=opened,  # read in pieces
                headers={"Content-Type": "application/octet-stream"},
                timeout=TRANSFER,
                proxy=api.proxy,
            ) as response:
                _refuse(response.status, response.headers.get("Retry-After", ""))
        except ChannelError:
            raise
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise unreached(error) from error
    return str(answer["file_id"])


async def delete(api: Api, ids: Sequence[str]) -> None:
    """Nothing happens where they are gone already."""
    for file_id in ids:
        try:
            await asked(api.web.files_delete(file=file_id))
        except Gone:
            continue
