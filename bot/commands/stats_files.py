"""What /stats sends as direct messages: pictures with their numbers in words, and tables with every figure."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.port import ChannelError
from adapters.ui import Card, FileOut, Post
from bot.commands.stats import answered
from bot.stats import apart, cards, export, pictures
from bot.stats.question import Question
from bot.stats.telling import PEOPLE, value_name
from desk.errors import DeskError
from desk.figures import Figure
from desk.model import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.port import Answer, Pressed
    from bot.house import Asker, House
    from desk.ports import Transaction


async def pressed_pictures(house: House, asker: Asker, heard: Pressed) -> Answer:
    """Four pictures with their numbers in words, in the asker's direct messages."""
    theme, _, carried = heard.value.partition(":")
    if theme not in ("light", "dark"):
        raise DeskError("action_unknown")
    question = await Question.read(house, carried)
    seen, sight = await answered(house, asker, question)
    scope = question.scope(asker.role, sight)
    drawn = await house.storage.read(lambda tx: pictures.gathered(tx, scope, seen.period, house.library.timezone))
    with tempfile.TemporaryDirectory(prefix="helpthread-") as name:
        files = await pictures.draw(pictures.described(drawn, asker.words), theme, Path(name))
        body = f"{_heading(house, asker, seen)}\n\n{pictures.told(drawn, asker.words)}"
        await _send(house, asker, heard, body, files, "image/png")
    return Card(asker.words("stats.sent"))


async def pressed_csv(house: House, asker: Asker, heard: Pressed) -> Answer:
    """The figures as one CSV file."""
    return await _table(house, asker, heard, "csv")


async def pressed_xlsx(house: House, asker: Asker, heard: Pressed) -> Answer:
    """The figures as an XLSX file."""
    return await _table(house, asker, heard, "xlsx")


async def _table(house: House, asker: Asker, heard: Pressed, kind: str) -> Answer:
    question = await Question.read(house, heard.value)
    seen, sight = await answered(house, asker, question)
    scope, words = question.scope(asker.role, sight), asker.words

    def query(tx: Transaction) -> list[export.Sheet]:
        about = cards.narrowed(question, seen.names, words, house.catalogue, plain=True)
        sheets = [export.summary(seen.now, seen.then, seen.period, seen.before, about, words)]
        for by in apart.dimensions(client=asker.role is Role.CLIENT):
            found = tx.apart(by, tuple(Figure), scope, seen.period, house.library.timezone, most=None)
            people = {int(key): tx.person(int(key)).name for key in found if key and by in PEOPLE}
            named = {key: value_name(by, key, words, house.catalogue, people) for key in found}
            sheets.append(export.by_dimension(by, found, named, words))
        return sheets

    sheets = await house.storage.read(query)
    with tempfile.TemporaryDirectory(prefix="helpthread-") as name:
        path = Path(name) / f"stats-{seen.period.start.date()}.{kind}"
        await asyncio.to_thread(export.to_csv if kind == "csv" else export.to_xlsx, sheets, path)
        media = "text/csv" if kind == "csv" else "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        await _send(house, asker, heard, _heading(house, asker, seen), [path], media)
    return Card(words("stats.sent"))


def _heading(house: House, asker: Asker, seen: cards.Answered) -> str:
    """Over what is sent: of when it is, and of what."""
    heading = f"**{cards.title(seen.question, seen.period, asker.words)}**"
    narrowed = cards.narrowed(seen.question, seen.names, asker.words, house.catalogue)
    return f"{heading}\n{narrowed}" if narrowed else heading


async def _send(house: House, asker: Asker, heard: Pressed, body: str, files: Sequence[Path], media_type: str) -> None:
    """To the asker's direct messages. DeskError where they take none."""
    out = tuple(FileOut(path.name, media_type, path.stat().st_size, path) for path in files)
    try:
        await house.channels[asker.account.channel].whisper(asker.account, Post(body, files=out), key=heard.id[-20:])
    except ChannelError as error:
        raise DeskError("no_direct_messages") from error


PRESSED = {
    "stats.pictures": pressed_pictures,
    "stats.pictures_dark": pressed_pictures,
    "stats.csv": pressed_csv,
    "stats.xlsx": pressed_xlsx,
}
