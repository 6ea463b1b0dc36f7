"""ftp, sftp and s3 through fsspec, against real servers of this machine."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import urllib.request
from typing import TYPE_CHECKING, Any

import asyncssh
import pytest
from moto.server import ThreadedMotoServer
from pyftpdlib.authorizers import DummyAuthorizer  # type: ignore[import-untyped]
from pyftpdlib.handlers import FTPHandler  # type: ignore[import-untyped]
from pyftpdlib.servers import ThreadedFTPServer  # type: ignore[import-untyped]

from backup import remote
from backup.job import Place, back_up
from backup.port import DestinationError, Missing, silent
from backup.proof import Proof, examined
from backup.remote import Remote

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.backup.conftest import House

# Else its server sets up a log of its own, on the screen.
logging.getLogger("pyftpdlib").addHandler(logging.NullHandler())

PASSWORD = "vault"


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    """The folder that the servers serve."""
    folder = tmp_path / "served"
    folder.mkdir()
    return folder


@pytest.fixture
def ftp(vault: Path) -> Iterator[Remote]:
    authorizer = DummyAuthorizer()
    authorizer.add_user("desk", PASSWORD, str(vault), perm="elradfmwMT")
    handler = type("Handler", (FTPHandler,), {"authorizer": authorizer, "auth_failed_timeout": 0})
    server = ThreadedFTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=lambda: server.serve_forever(timeout=0.05), daemon=True)
    thread.start()
    made = Remote(f"ftp://desk@127.0.0.1:{server.address[1]}/copies", PASSWORD, sleep=lambda _: None)
    yield made
    made.close()
    server.close_all()
    thread.join()


class Login(asyncssh.SSHServer):
    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("desk", PASSWORD)


@pytest.fixture
def sftp(vault: Path, tmp_path: Path) -> Iterator[Remote]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    key = asyncssh.generate_private_key("ssh-ed25519")

    def chroot(channel: Any) -> asyncssh.SFTPServer:
        return asyncssh.SFTPServer(channel, chroot=os.fsencode(vault))

    async def listen() -> Any:
        return await asyncssh.create_server(Login, "127.0.0.1", 0, server_host_keys=[key], sftp_factory=chroot)

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result(10)
    port = server.sockets[0].getsockname()[1]
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{port} {key.export_public_key().decode()}", encoding="ascii")
    made = Remote(f"sftp://desk@127.0.0.1:{port}/copies?known_hosts={known}", PASSWORD, sleep=lambda _: None)
    yield made
    made.close()

    async def end() -> None:
        server.close()
        await server.wait_closed()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.wait(left) if left else None

    asyncio.run_coroutine_threadsafe(end(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def s3() -> Iterator[Remote]:
    import boto3  # type: ignore[import-untyped]

    server = ThreadedMotoServer("127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST")).close()  # one for all
    client = boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id="k", aws_secret_access_key="s", region_name="us-east-1"
    )
    client.create_bucket(Bucket="vault")
    client.close()
    made = Remote("s3://vault/copies?region=us-east-1", "k:s", endpoint=endpoint, sleep=lambda _: None)
    yield made
    made.close()
    server.stop()


@pytest.fixture(params=("ftp", "sftp", "s3"))
def place(request: pytest.FixtureRequest) -> Remote:
    found: Remote = request.getfixturevalue(request.param)
    return found


def test_a_backup_there_and_its_proof(place: Remote, house: House) -> None:
    house.ticket("Intranet", ("a.bin", os.urandom(300_000)))
    house.place = Place("away", place, house.place.keep)
    first = back_up(house.work, house.place, silent)
    house.ticket("VPN", ("b.txt", b"second"))
    second = back_up(house.work, house.place, silent)
    assert set(first.packs) < set(second.packs)
    back_up(house.work, house.place, silent)
    last = back_up(house.work, house.place, silent)
    with house.work.alone(house.place) as vault:
        assert len(vault.entries()) == 3
        assert examined(Proof(house.work.database, vault), last.stamp, silent)[1] == []


def test_there_and_back(place: Remote, tmp_path: Path) -> None:
    content = os.urandom(700_000)
    assert place.names() == {}
    for body in (content, content[:1000]):
        (tmp_path / "sent").write_bytes(body)
        seen: list[int] = []
        place.put(tmp_path / "sent", "a.age", seen.append)
        assert seen[-1] == len(body)
        assert place.names() == {"a.age": len(body)}
        place.get("a.age", tmp_path / "back", lambda _: None)
        assert (tmp_path / "back").read_bytes() == body
    place.remove("a.age")
    place.remove("a.age")
    assert place.names() == {}
    with pytest.raises(Missing):
        place.get("a.age", tmp_path / "back", lambda _: None)


def test_half_files_are_no_files_and_are_taken_away(ftp: Remote, vault: Path) -> None:
    (vault / "copies").mkdir()
    (vault / "copies" / "a.age.part").write_bytes(b"half")
    assert ftp.names() == {}
    ftp.tidy()
    assert list((vault / "copies").iterdir()) == []


def test_an_unknown_host_key_is_refused(sftp: Remote, tmp_path: Path) -> None:
    (tmp_path / "known_hosts").write_text("", encoding="ascii")
    with pytest.raises(DestinationError, match="not trusted"):
        sftp.names()


def test_a_wrong_password_is_refused(ftp: Remote) -> None:
    ftp._options["password"] = "wrong"
    with pytest.raises(DestinationError, match="530"):
        ftp.names()


def test_nobody_listens() -> None:
    with pytest.raises(DestinationError, match="refused"):
        Remote("ftp://127.0.0.1:9/x", sleep=lambda _: None).names()


def test_a_connection_that_breaks_is_made_again(ftp: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sent").write_bytes(os.urandom(2_000_000))
    ftp.names()
    broken = iter((True, True))

    def cut(done: int) -> None:
        if done > 500_000 and next(broken, False):
            ftp._opened.ftp.sock.close()
            raise ConnectionResetError("cut")

    monkeypatch.setattr(remote, "BLOCK", 100_000)
    ftp.put(tmp_path / "sent", "a.age", cut)
    assert ftp.names() == {"a.age": 2_000_000}
