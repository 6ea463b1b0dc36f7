"""Attachments and their signed addresses, which expire.

discord.com/developers/docs/reference#signed-attachment-cdn-urls
"""

from __future__ import annotations

import base64
import hashlib
import re
import time
from typing import TYPE_CHECKING, Any

from sandbox.discord.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.discord.setup import DiscordSetup


class Files:
    """All that was ever attached: `kept` by id as (name, type, bytes). `cdn` is where they are served."""

    def __init__(self, setup: DiscordSetup, new_id: Callable[[], str]) -> None:
        self._setup = setup
        self._new_id = new_id
        self.cdn = ""
        self.kept: dict[str, tuple[str, str, bytes]] = {}

    def add(self, channel: str, name: str, kind: str, content: bytes) -> dict[str, Any]:
        """Keep it; gives the attachment as messages show it."""
        if len(content) > self._setup.file_limit:
            raise Refused(40005)
        id_, safe = self._new_id(), _safe(name)
        self.kept[id_] = (safe, kind, content)
        address = f"{self.cdn}/attachments/{channel}/{id_}/{safe}?{self.signature(id_)}"
        about = {"id": id_, "filename": safe, "size": len(content), "content_type": kind, "url": address,
                 "proxy_url": address}  # fmt: skip
        return about if safe == name else about | {"title": name.rpartition(".")[0] or name}

    def upload(self, channel: str, file: dict[str, Any]) -> dict[str, Any]:
        """A person's file, as the control interface gives it."""
        content = base64.b64decode(file["data_base64"])
        return self.add(channel, file["name"], file.get("content_type", "application/octet-stream"), content)

    def signature(self, id_: str, until: int = 0) -> str:
        """The query of its address, good until then (0: for an attachment's life from now)."""
        until = until or int(time.time() + self._setup.attachment_life)
        digest = hashlib.sha256(f"{self._setup.token}{id_}{until}".encode()).hexdigest()
        return f"ex={until:x}&is={int(time.time()):x}&hm={digest}"


def _safe(name: str) -> str:
    """A file's name as addresses have it: what is odd in it stands in its `title` only."""
    return re.sub(r"[^A-Za-z0-9_.()-]+", "_", name.replace("\\", "/").rpartition("/")[2]).lstrip(".") or "unknown"
