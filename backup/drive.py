"""Copies in a folder of Google Drive, through PyDrive2's authorised service.

PyDrive2's own upload gives up at the first 503 and keeps titles that already exist beside the new file, so the upload
is driven here: in chunks that a session takes up again where it was interrupted, with one file of each name.
"""

from __future__ import annotations

import hashlib
import json
import random
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import httplib2  # type: ignore[import-untyped]
from googleapiclient import discovery  # type: ignore[import-untyped]
from googleapiclient.discovery_cache import get_static_doc  # type: ignore[import-untyped]
from googleapiclient.errors import HttpError, ResumableUploadError  # type: ignore[import-untyped]
from googleapiclient.http import MediaFileUpload, MediaIoBaseDownload  # type: ignore[import-untyped]
from oauth2client.client import Error as AuthorizationError  # type: ignore[import-untyped]
from oauth2client.client import OAuth2Credentials
from pydrive2.auth import GoogleAuth  # type: ignore[import-untyped]

from backup.port import BackupError, DestinationError, Full, Missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

T = TypeVar("T")

SCOPE = "https://www.googleapis.com/auth/drive"
TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
CHUNK = 8 << 20  # bytes: a multiple of 256 KiB, as Drive wants it
TRIES = 8
LONGEST_PAUSE = 64.0  # seconds, as Google's guide to errors asks
TIMEOUT = 120  # seconds
FIELDS = "items(id,title,fileSize,md5Checksum,createdDate),nextPageToken"
# developers.google.com/drive/api/guides/handle-errors
_LATER = {"rateLimitExceeded", "userRateLimitExceeded", "backendError", "internalError"}
_FULL = {"storageQuotaExceeded", "quotaExceeded", "teamDriveFileLimitExceeded", "numChildrenInNonRootLimitExceeded"}
_NO_ANSWER = (OSError, httplib2.HttpLib2Error)
_SHARED = {"supportsAllDrives": True}


class Drive:
    """`backup.port.Destination` over one folder, by its id. Speaks to Drive when it is first asked something."""

    def __init__(
        self, folder: str, credentials: str, *, endpoint: str = "", sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """`credentials`: the JSON key of a service account, or of a user who agreed ("authorized_user")."""
        self._folder = folder
        self._credentials = credentials
        self._endpoint = endpoint
        self._sleep = sleep
        self._made: Any = None
        self._ids: dict[str, str] | None = None

    def names(self) -> Mapping[str, int]:
        found: dict[str, int] = {}
        self._ids = {}
        for item in self._listed("trashed = false"):
            if item["title"] not in found:  # the newest comes first
                found[item["title"]] = int(item.get("fileSize", 0))
                self._ids[item["title"]] = item["id"]
        return found

    def put(self, file: Path, name: str, report: Callable[[int], None]) -> None:
        md5 = _md5(file)
        for _ in range(TRIES):
            item = self._uploaded(file, name, report)
            if item is not None and item.get("md5Checksum") == md5:
                self._known()[name] = item["id"]
                return
        raise DestinationError(f"Google Drive: {name} did not arrive as it was sent")

    def get(self, name: str, to: Path, report: Callable[[int], None]) -> None:
        id_ = self._known().get(name)
        if id_ is None:
            raise Missing(f"Google Drive: {name} is not there")
        with to.open("wb") as target:
            request = self._service.files().get_media(fileId=id_, **_SHARED)
            download = MediaIoBaseDownload(target, request, chunksize=CHUNK)
            done = False
            while not done:
                status, done = self._again(download.next_chunk)
                report(int(status.resumable_progress))

    def read(self, name: str, report: Callable[[int], None]) -> None:
        """One connection brings a file faster whole, and tries again where it breaks off."""

    def remove(self, name: str) -> None:
        id_ = self._known().pop(name, None)
        if id_ is not None:
            self._delete(id_)

    def tidy(self) -> None:
        """Older files of a name that is there twice, and what lies in the trash of this folder."""
        seen: set[str] = set()
        for item in self._listed("trashed = false"):
            if item["title"] in seen:
                self._delete(item["id"])
            seen.add(item["title"])
        for item in self._listed("trashed = true"):
            self._delete(item["id"])

    def close(self) -> None:
        if self._made is not None:
            self._made.close()
            self._made = None

    # --- one file -------------------------------------------------------------------------------------------

    def _uploaded(self, file: Path, name: str, report: Callable[[int], None]) -> Mapping[str, Any] | None:
        """The file as Drive has it. None where the session was lost on the way: from the beginning then."""
        media = _Bytes(str(file), mimetype="application/octet-stream", chunksize=CHUNK, resumable=True)
        id_ = self._known().get(name)
        files = self._service.files()
        if id_ is None:
            body = {"title": name, "parents": [{"id": self._folder}]}
            request = files.insert(body=body, media_body=media, **_SHARED)
        else:
            request = files.update(fileId=id_, media_body=media, **_SHARED)
        item: Mapping[str, Any] | None = None
        try:
            while item is None:
                status, item = self._again(request.next_chunk)
                report(status.resumable_progress if status else media.size())
        except Missing:
            self._ids = None  # gone, or there already though its answer was lost: look again
            return None
        return item

    def _delete(self, id_: str) -> None:
        try:
            self._again(self._service.files().delete(fileId=id_, **_SHARED).execute)
        except Missing:
            return  # gone already

    def _listed(self, condition: str) -> Iterator[Mapping[str, Any]]:
        token = None
        while True:
            request = self._service.files().list(
                q=f"'{self._folder}' in parents and {condition}", maxResults=1000, fields=FIELDS, pageToken=token,
                includeItemsFromAllDrives=True, **_SHARED,
            )  # fmt: skip
            answer = self._again(request.execute)
            yield from sorted(answer["items"], key=lambda item: item["createdDate"], reverse=True)
            token = answer.get("nextPageToken")
            if token is None:
                return

    def _known(self) -> dict[str, str]:
        if self._ids is None:
            self.names()
        assert self._ids is not None  # `names` has set it
        return self._ids

    # --- the service ----------------------------------------------------------------------------------------

    @property
    def _service(self) -> Any:
        if self._made is None:
            with _told():
                auth = _authorised(self._credentials)
                document = json.loads(get_static_doc("drive", "v2"))
                if self._endpoint:
                    root = self._endpoint.rstrip("/") + "/"
                    document |= {"rootUrl": root, "baseUrl": f"{root}{document['servicePath']}"}
                    document.pop("mtlsRootUrl", None)
                self._made = discovery.build_from_document(document, http=auth.http)
        return self._made

    def _again(self, call: Callable[[], T]) -> T:
        """Its value, after as many tries as Drive's own trouble needs. DestinationError where it does not pass."""
        for attempt in range(TRIES):
            try:
                with _told():
                    return call()
            except _Later as error:
                if attempt == TRIES - 1:
                    raise DestinationError(f"Google Drive gives no answer: {error}") from error
                self._sleep(min(LONGEST_PAUSE, 2.0**attempt) + random.random())  # noqa: S311 - so that not all come at once
        raise AssertionError  # the last attempt returns or raises


class _Later(Exception):  # noqa: N818 - it reads as what to do
    """It may work in a moment."""


class _Bytes(MediaFileUpload):  # type: ignore[misc] # the library has no types
    """Chunks as bytes and not as a stream: a request that has to be sent again must have its body again."""

    def has_stream(self) -> bool:
        return False


def _authorised(credentials: str) -> Any:
    try:
        key = json.loads(credentials)
        kind = key["type"]
    except (ValueError, KeyError, TypeError) as error:
        raise BackupError("Google Drive: the credentials are not the JSON key of a service account or user") from error
    settings = {"client_config_backend": "service", "oauth_scope": [SCOPE], "save_credentials": False}
    service = {"client_json_dict": key, "client_user_email": key.get("subject", "")}
    auth = GoogleAuth(settings=settings | {"service_config": service}, http_timeout=TIMEOUT)
    try:
        if kind == "service_account":
            auth.ServiceAuth()
        else:
            auth.credentials = OAuth2Credentials(
                None, key["client_id"], key["client_secret"], key["refresh_token"], None,
                key.get("token_uri", TOKEN_URI), "helpthread", scopes=[SCOPE],
            )  # fmt: skip
    except (KeyError, ValueError) as error:
        raise BackupError(f"Google Drive: the credentials lack {error}") from error
    auth.http = auth.credentials.authorize(httplib2.Http(timeout=TIMEOUT))
    auth.http.redirect_codes = auth.http.redirect_codes - {308}  # it means "go on" here
    return auth


@contextmanager
def _told() -> Iterator[None]:
    """Drive's own errors in our words."""
    try:
        yield
    except (HttpError, ResumableUploadError) as error:
        status, reason = int(error.resp.status), _reason(error)
        if status >= 500 or status == 429 or reason in _LATER:  # noqa: PLR2004 - HTTP's own numbers
            raise _Later(f"{status} {reason}") from error
        if status in {404, 410}:
            raise Missing(f"Google Drive: {error.reason or 'not there'}") from error
        if reason in _FULL:
            raise Full(f"Google Drive: no room is left ({reason})") from error
        raise DestinationError(f"Google Drive refuses: {status} {reason}") from error
    except AuthorizationError as error:
        raise DestinationError(f"Google Drive does not take the credentials: {error}") from error
    except _NO_ANSWER as error:
        raise _Later(repr(error)) from error


def _reason(error: Any) -> str:
    try:
        return str(json.loads(error.content)["error"]["errors"][0]["reason"])
    except (ValueError, KeyError, IndexError, TypeError):
        return str(error.resp.reason)


def _md5(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
