"""/forget and /export: a person's data is erased from the desk, or given to them."""

from __future__ import annotations

import asyncio
import json
import logging
import tempfile
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.port import ChannelError
from adapters.ui import Button, Card, FileOut, Instead, Post
from bot.asked import whole
from bot.cards import literal
from bot.scrubbing import scrub
from desk import verbs
from desk.access import must_be_admin
from desk.errors import DeskError, Trouble

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapters.port import Answer, Called, Pressed
    from bot.house import Asker, House
    from desk.model import AccountRef, Person
    from desk.ports import Transaction
    from desk.verbs import Footprint

log = logging.getLogger(__name__)

NAME = "my-data.zip"


# --- erasing ----------------------------------------------------------------------------------------------------


async def called_forget(house: House, asker: Asker, heard: Called) -> Answer:
    """`/forget @person`: what the desk has of them, and the first question."""
    must_be_admin(asker.role)
    if len(heard.people) != 1:
        raise DeskError("forget_whom")
    found = await house.storage.write(lambda tx: verbs.footprint(tx, asker.actor(tx), heard.people[0]))
    words = asker.words
    button = Button("forget.sure", words("forget.button"), str(found.person.id), style="danger", emoji="🗑️")
    return Card(words("forget.title", name=found.person.name), _body(found, asker), actions=(button,))


async def pressed_sure(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Erase …]: asked a second time."""
    del house
    must_be_admin(asker.role)
    words = asker.words
    button = Button("forget.erase", words("forget.button_sure"), heard.value, style="danger", emoji="🗑️")
    keep = Button("forget.keep", words("forget.button_keep"), heard.value, emoji="↩️")
    return Instead(Card(words("forget.sure"), words("forget.sure_body"), actions=(button, keep)))


async def pressed_keep(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Keep]"""
    del house, heard
    return Instead(Card(asker.words("forget.kept")))


async def pressed_erase(house: House, asker: Asker, heard: Pressed) -> Answer:
    """[Yes, erase]: done, and until when older backups have it."""
    must_be_admin(asker.role)
    person_id = whole(heard.value)

    def verb(tx: Transaction) -> tuple[Footprint, Sequence[str], datetime]:
        found, files = verbs.erase(tx, asker.actor(tx), person_id)
        kept = tx.referenced(files) if files else ()
        return found, [each for each in files if each not in kept], tx.now

    found, files, now = await house.storage.write(verb)
    house.wake()
    for sha256 in files:
        await house.blobs.drop(sha256, kept_before=now + timedelta(seconds=1))
    log.info("%s erased person %s: %s messages, %s files", asker.account, person_id, found.messages, found.files)
    words = asker.words
    lines = [words("forget.done_body", tickets=found.tickets, messages=found.messages, files=found.files)]
    try:
        gone = await scrub(house)
    except Trouble as error:  # it is owed, and will be tried again
        log.warning("%s", error)
    else:
        lines += [words("forget.copies", count=gone)] if gone else []
    lines.append(await _older(house, asker))
    return Instead(Card(words("forget.done"), "\n\n".join(lines)))


def _body(found: Footprint, asker: Asker) -> str:
    words = asker.words
    accounts = ", ".join(sorted({words.network(account.channel) for account in found.accounts}))
    counts = words("forget.has", tickets=found.tickets, messages=found.messages, files=found.files)
    return f"{counts}\n{words('forget.accounts', accounts=literal(accounts))}\n\n{words('forget.what')}"


async def _older(house: House, asker: Asker) -> str:
    """Until when older copies have what is erased."""
    if house.keeper is None:
        return asker.words("forget.no_backups")
    lines = []
    for place, until in (await house.keeper.oldest_until()).items():
        key = "forget.until" if until else "forget.until_unknown"
        facts: dict[str, Any] = {"place": literal(place)} | ({"moment": asker.words.date(until)} if until else {})
        lines.append(asker.words(key, **facts))
    return "\n".join([asker.words("forget.next_backup"), *lines])


# --- giving -----------------------------------------------------------------------------------------------------


async def called_export(house: House, asker: Asker, heard: Called) -> Answer:
    """`/export`: the asker's own data, to them; `/export @person`, by an admin: that person's data, to that person."""
    to: AccountRef = asker.account
    if heard.people:
        must_be_admin(asker.role)
        if len(heard.people) != 1:
            raise DeskError("forget_whom")
        to = heard.people[0]

    def look(tx: Transaction) -> tuple[Person, Mapping[str, Sequence[Mapping[str, Any]]]]:
        person = tx.person_of(to)
        if person is None:
            raise DeskError("person_unknown")
        return person, verbs.given(tx, person)

    person, rows = await house.storage.read(look)
    channel = house.channels[to.channel]
    words = house.library.of(person.locale)
    with tempfile.TemporaryDirectory(prefix="helpthread-") as folder:
        path = Path(folder) / NAME
        left = await asyncio.to_thread(_zipped, house, rows, path, channel.traits.file_limit)
        body = words("export.body") + (f"\n\n{words('export.left', count=left)}" if left else "")
        file = FileOut(NAME, "application/zip", path.stat().st_size, path)
        post = Post(card=Card(words("export.title"), body), files=(file,))
        try:
            await channel.whisper(to, post, key=f"export-{heard.id}"[:60])
        except ChannelError as error:
            log.warning("the data of person %s could not be given to them: %s", person.id, error)
            raise DeskError("export_not_given") from error
    return Card(asker.words("export.sent"), asker.words("export.sent_body", name=literal(person.name)))


def _zipped(house: House, rows: Mapping[str, Sequence[Mapping[str, Any]]], path: Path, limit: int) -> int:
    """Rows as JSON, files as they are, as far as the network takes them; gives how many files did not fit."""
    left = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", json.dumps(rows, ensure_ascii=False, indent=1, default=_plain))
        room = limit - 1_000_000 - sum(entry.compress_size for entry in archive.infolist())
        for number, row in enumerate(rows["attachments"], start=1):
            if not row["sha256"]:
                continue
            try:
                file = house.blobs.path(row["sha256"])
            except FileNotFoundError:
                continue
            if (size := file.stat().st_size) > room:
                left += 1
                continue
            room -= size
            archive.write(file, f"files/{number}-{row['name']}")
    return left


def _plain(value: object) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


CALLED = {"forget": called_forget, "export": called_export}
PRESSED = {
    "forget.sure": pressed_sure,
    "forget.keep": pressed_keep,
    "forget.erase": pressed_erase,
}
