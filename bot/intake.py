"""Attachments on their way in: their bytes are in the store, under their hash, before any row names them."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING

from adapters.port import ChannelError, Unavailable
from desk.errors import DeskError, FormError
from desk.model import Attachment
from desk.text import cut, one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.port import FileIn
    from bot.house import House

log = logging.getLogger(__name__)

_MEDIA_TYPE = re.compile(r"[a-z0-9][\w.+-]{0,100}/[\w.+-]{1,100}", re.ASCII)
NAME_LIMIT = 200  # characters
TRIES = 3
PAUSE = 0.5  # seconds before the second try; twice as long before the third


async def keep_files(house: House, files: Sequence[FileIn]) -> tuple[Attachment, ...]:
    """Fetch and store what somebody said with files. A file that cannot be had or is too large keeps its name only:
    the words must not be lost because of it.
    """
    return tuple([await _keep(house, file, strict=False) for file in files])


async def keep_form_files(house: House, files: Sequence[FileIn]) -> tuple[Attachment, ...]:
    """Fetch and store a form's files. FormError with a remark for each that cannot be kept: the person still has it."""
    kept: list[Attachment] = []
    remarks: list[DeskError] = []
    for file in files:
        try:
            kept.append(await _keep(house, file, strict=True))
        except DeskError as error:
            remarks.append(error)
    if remarks:
        raise FormError(tuple(remarks))
    return tuple(kept)


async def _keep(house: House, file: FileIn, *, strict: bool) -> Attachment:
    name = safe_name(file.name)
    channel = house.channels[file.channel]
    for attempt in range(TRIES):
        try:
            sha256, size = await house.blobs.keep(channel.read(file), limit=house.file_limit)
            return Attachment(name, safe_type(file.media_type), size, sha256)
        except Unavailable as error:
            log.info("file not fetched yet: %s", error)
            await asyncio.sleep(PAUSE * 2**attempt)
        except ChannelError as error:
            log.warning("file not fetched: %s", error)
            break
        except DeskError:
            if strict:
                limit = house.library.of("").size(house.file_limit)
                raise DeskError("file_too_large", field="files", name=name, limit=limit) from None
            break
    if strict:
        raise DeskError("file_unreadable", field="files", name=name)
    return Attachment(name, safe_type(file.media_type), file.size, None)


def safe_type(told: str) -> str:
    """A media type as it may stand in a header, without its parameters; what is none is any file."""
    kind = told.partition(";")[0].strip().lower()
    return kind if _MEDIA_TYPE.fullmatch(kind) else "application/octet-stream"


def safe_name(name: str) -> str:
    """A file's name without folders, control characters or text-direction tricks, never empty."""
    last = one_line(name.replace("\\", "/").rsplit("/", maxsplit=1)[-1]).strip(". ")
    return cut(last, NAME_LIMIT) or "file"
