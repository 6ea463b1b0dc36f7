"""Copies on another machine through fsspec: ftp, sftp, and s3 with all that speak like it.

A file is written under another name and then renamed, so that a name means a whole file; s3 shows objects only when
they are whole.
"""

from __future__ import annotations

import asyncio
import errno
import ftplib
import time
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

import fsspec  # type: ignore[import-untyped]
from fsspec.callbacks import Callback  # type: ignore[import-untyped]

from backup.port import DestinationError, Full, Missing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

TRIES = 4
TIMEOUT = 60  # seconds
BLOCK = 1 << 18  # bytes read at once from a file that goes to an ftp server
_HALF = ".part"
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
_FTP_NO_ROOM = ("452", "552")


class Remote:
    """`backup.port.Destination` at an address such as sftp://desk@vault.example/backups. Connects when first asked."""

    def __init__(
        self, address: str, secret: str = "", *, endpoint: str = "", sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """`secret`: the password, an ssh private key, or for s3 "KEY_ID:SECRET". Options stand behind a question mark:
        `known_hosts` for sftp (a file; else ~/.ssh/known_hosts), `tls=1` for ftp, `region` for s3.
        """
        parts = urlsplit(address)
        self._kind = parts.scheme
        self._host = f"{parts.scheme}://{parts.hostname or ''}"
        path = unquote(parts.path)
        self._folder = PurePosixPath(f"{parts.netloc}{path}" if self._kind == "s3" else path or "/")
        self._options = _options(address, secret, endpoint)
        self._sleep = sleep
        self._opened: Any = None

    def names(self) -> Mapping[str, int]:
        return {name: size for name, size in self._listed().items() if not name.endswith(_HALF)}

    def put(self, file: Path, name: str, report: Callable[[int], None]) -> None:
        target = str(self._folder / name)
        size = file.stat().st_size

        def sent() -> None:
            if self._kind == "s3":
                self._fs.put_file(str(file), target, callback=_Told(report))
            else:
                half = f"{target}{_HALF}"
                self._write(file, half, report)
                self._move(half, target)

        self._again(sent)
        if self._again(lambda: self._listed().get(name)) != size:
            raise DestinationError(f"{self._host}: {name} did not arrive as it was sent")

    def get(self, name: str, to: Path, report: Callable[[int], None]) -> None:
        def got() -> None:
            if self._kind != "ftp":
                self._fs.get_file(str(self._folder / name), str(to), callback=_Told(report))
                return
            with to.open("wb") as target:  # fsspec tells nobody how far it is

                def received(block: bytes) -> None:
                    target.write(block)
                    report(target.tell())

                self._fs.ftp.retrbinary(f"RETR {self._folder / name}", received, BLOCK)

        self._again(got)

    def read(self, name: str, report: Callable[[int], None]) -> None:
        """One connection brings a file faster whole, and tries again where it breaks off."""

    def remove(self, name: str) -> None:
        try:
            self._again(lambda: self._fs.rm_file(str(self._folder / name)))
        except Missing:
            return

    def tidy(self) -> None:
        for name in self._listed():
            if name.endswith(_HALF):
                self.remove(name)

    def close(self) -> None:
        opened, self._opened = self._opened, None
        if opened is None:
            return
        if self._kind == "ftp":
            opened.ftp.close()
        elif self._kind == "sftp":
            opened.loop.call_soon_threadsafe(opened.client.close)
            asyncio.run_coroutine_threadsafe(opened.client.wait_closed(), opened.loop).result(TIMEOUT)

    # --- what differs ---------------------------------------------------------------------------------------

    def _write(self, file: Path, target: str, report: Callable[[int], None]) -> None:
        if self._kind != "ftp":
            self._fs.put_file(str(file), target, callback=_Told(report))
            return
        done = 0

        def sent(block: bytes) -> None:
            nonlocal done
            done += len(block)
            report(done)

        with file.open("rb") as source:  # fsspec would open a transfer for each block
            self._fs.ftp.storbinary(f"STOR {target}", source, BLOCK, sent)

    def _move(self, half: str, target: str) -> None:
        try:
            self._fs.mv(half, target)
        except (OSError, ftplib.Error):  # some servers do not rename onto what is there
            self._fs.rm_file(target)
            self._fs.mv(half, target)

    def _listed(self) -> dict[str, int]:
        def listed() -> dict[str, int]:
            folder = str(self._folder)
            try:
                self._fs.invalidate_cache()
                found = self._fs.ls(folder, detail=True)
            except FileNotFoundError:
                if self._kind != "s3":  # it makes folders by itself
                    self._fs.mkdir(folder, create_parents=False)  # a mount that is gone has no parent
                return {}
            return {PurePosixPath(entry["name"]).name: entry["size"] for entry in found if entry["type"] == "file"}

        return self._again(listed)

    # --- the connection -------------------------------------------------------------------------------------

    @property
    def _fs(self) -> Any:
        if self._opened is None:
            self._opened = fsspec.filesystem(self._kind, skip_instance_cache=True, **self._options)
        return self._opened

    def _again(self, call: Callable[[], T]) -> T:
        """Its value, over a new connection where one broke. DestinationError where it does not work."""
        for attempt in range(TRIES):
            try:
                return call()
            except DestinationError:
                raise
            except FileNotFoundError as error:
                raise Missing(f"{self._host}: {error} is not there") from error
            except PermissionError as error:
                raise DestinationError(f"{self._host} refuses: {error}") from error
            except Exception as error:  # each library has its own; the next line sorts them
                if isinstance(error, ftplib.error_perm) and str(error).startswith("550"):
                    raise Missing(f"{self._host}: {error}") from error
                if _no_room(error):
                    raise Full(f"{self._host}: no room is left: {error}") from error
                self._opened = None
                if attempt == TRIES - 1 or not _passing(error):
                    raise DestinationError(f"{self._host}: {str(error) or repr(error)}") from error
                self._sleep(2.0**attempt)
        raise AssertionError  # the last attempt returns or raises


def _options(address: str, secret: str, endpoint: str) -> dict[str, Any]:
    parts = urlsplit(address)
    asked = dict(parse_qsl(parts.query))
    match parts.scheme:
        case "ftp":
            port = parts.port or ftplib.FTP_PORT
            found: dict[str, Any] = {"host": parts.hostname, "port": port, "timeout": TIMEOUT}
            return found | {"username": parts.username, "password": secret, "tls": "tls" in asked}
        case "sftp":
            found = {
                "host": parts.hostname,
                "username": parts.username,
                "known_hosts": asked.get("known_hosts", str(Path.home() / ".ssh" / "known_hosts")),
            }
            if parts.port:
                found["port"] = parts.port
            if "PRIVATE KEY-----" in secret:
                import asyncssh  # only whoever has an sftp destination loads it

                return found | {"client_keys": [asyncssh.import_private_key(secret)]}
            return found | ({"password": secret, "client_keys": None} if secret else {})
        case _:
            key, _, word = secret.partition(":")
            found = {"key": key, "secret": word} if secret else {}
            client = {"region_name": asked["region"]} if "region" in asked else {}
            return found | {"endpoint_url": endpoint or None, "client_kwargs": client, "use_listings_cache": False}


def _no_room(error: Exception) -> bool:
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return True
    if isinstance(error, ftplib.Error) and str(error).startswith(_FTP_NO_ROOM):
        return True
    return type(error).__name__ in {"SFTPNoSpaceOnFilesystem", "SFTPQuotaExceeded"}


def _passing(error: Exception) -> bool:
    """Whether it may work in a moment: not where the server said no for good."""
    return not isinstance(error, ftplib.error_perm) and type(error).__name__ not in {
        "HostKeyNotVerifiable", "SFTPPermissionDenied", "SFTPOpUnsupported",
    }  # fmt: skip


class _Told(Callback):  # type: ignore[misc] # fsspec has no types
    """Passes on how many bytes are there."""

    def __init__(self, report: Callable[[int], None]) -> None:
        super().__init__()
        self._report = report

    def call(self, hook_name: str | None = None, **kwargs: Any) -> None:
        del hook_name, kwargs
        self._report(self.value)
