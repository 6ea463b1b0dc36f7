"""Whatever comes from a button, form, search or command that nobody was shown: a clear answer, and nothing changes
hands.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from adapters.memory import MemoryChannel
from adapters.port import Called, ChannelError, HomeOpened, Pressed, Quote, Reacted, Shortcut, Sought, Submitted
from adapters.ui import Card, Form, Found, Instead, Invalid
from bot.app import Desk
from bot.commands import CALLED, PRESSED, REACTED, SHORTCUTS, SOUGHT, SUBMITTED
from bot.config import load
from bot.demo import stage as company
from desk.model import AccountRef, MessageRef, ThreadRef
from storage import FolderBlobs, open_storage
from tests.databases import empty

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from pathlib import Path

    from adapters.port import Asked

FORGED = (
    "", "1", "2", "0", "-1", "1.5", "x", "1:5", "1:x", "1:", ":1", "1:99", "x:y:z", "1|2", "9" * 30, "٣", "１", "1\n2",
    "\u202e1", "\u200b", "🎫", "1;DROP TABLE tickets", "../../etc/passwd", "null", "{}", "a" * 60, "a" * 101,
    "s=open&after=1",
)  # fmt: skip
OWNER, STRANGER, AGENT = "U0MARC", "U0NORA", "U0LEA"


class House:
    """A desk over networks in this process, with one ticket of the owner's."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._count = 0

    def id(self) -> str:
        self._count += 1
        return f"forged-{self._count}"

    async def hear(self, heard: Asked) -> Any:
        return await self.desk._router.hear(heard)

    async def tickets(self) -> list[Any]:
        def look(tx: Any) -> list[Any]:
            return [ticket for number in range(1, 30) if (ticket := tx.ticket(number)) is not None]

        return await self.desk.house.storage.read(look)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    text = company.config_text(
        slack_url="http://127.0.0.1:9/api/", api_url="http://127.0.0.1:9", gateway_url="ws://127.0.0.1:9",
        cdn_url="http://127.0.0.1:9", data=str(tmp_path / "var"), language="en",
    )  # fmt: skip
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    config = load(tmp_path / "config.toml")
    slack, discord = MemoryChannel("slack"), MemoryChannel("discord")
    for key, name, roles in ((OWNER, "Marc", ()), (STRANGER, "Nora", ()), (AGENT, "Léa", ("S0AGENTS",))):
        slack.network.person(key, name, roles=roles)
    slack.network.place(company.HR_DESK)
    discord.network.place(company.IT_DESK)
    storage = open_storage(empty(config.database))
    desk = Desk(config, storage, FolderBlobs(config.desk.data / "files"), {"slack": slack, "discord": discord})
    running = asyncio.create_task(desk.run())
    made = House(desk)
    values = {"subject": "Payroll", "description": "It hums.", "department": "hr", "product": "payroll"}
    form = await made.hear(Called(made.id(), AccountRef("slack", OWNER), "ticket", ""))
    assert isinstance(form, Form)
    names = {field.name for field in form.fields}
    if "topic" in names:
        values = {name: values[name] for name in ("subject", "description")} | {"topic": "hr/payroll"}
    sent = Submitted(made.id(), AccountRef("slack", OWNER), form.form, form.state, values | {"priority": "normal"})
    await made.hear(sent)
    assert len(await made.tickets()) == 1
    yield made
    desk.stop()
    await running


def clear(answer: Any) -> bool:
    return answer is None or isinstance(answer, Card | Form | Invalid | Instead | Found)


async def tried(house: House, all_heard: Iterable[Asked]) -> list[str]:
    """What went wrong with any of them, a line each."""
    wrong = []
    for heard in all_heard:
        try:
            answer = await house.hear(heard)
        except ChannelError as error:
            answer = None if isinstance(heard, Reacted | Shortcut) else error  # what stands there cannot be read
        except Exception as error:  # noqa: BLE001 - that there is none is what is tested
            answer = error
        if not clear(answer):
            wrong.append(f"{heard}: {answer!r}")
    return wrong


@pytest.mark.parametrize("person", (STRANGER, AGENT))
async def test_forged_buttons_menus_and_forms(house: House, person: str) -> None:
    account = AccountRef("slack", person)
    before = await house.tickets()
    heard: list[Asked] = []
    for value in FORGED:
        thread = ThreadRef("slack", "t1") if value != "x" else ThreadRef("slack", "t999")
        heard += [
            Pressed(house.id(), account, action, value, thread, MessageRef("slack", "t1/1"), (value,), carried)
            for action in PRESSED
            for carried in {value, "1", ""}
        ]
        heard += [
            Submitted(house.id(), account, form, state, dict.fromkeys(KEYS, value), {}, {"tags": (value,)})
            for form in SUBMITTED
            for state in {value, "1"}
        ]
        heard += [Submitted(house.id(), account, form, value, {}) for form in SUBMITTED]
    assert await tried(house, heard) == []
    if person == STRANGER:
        # Somebody who may do nothing to it has done nothing to it.
        after = {ticket.number: ticket for ticket in await house.tickets()}
        assert [after[ticket.number] for ticket in before] == before


KEYS = (
    "subject", "description", "department", "product", "topic", "priority", "words", "note", "reason", "agent", "tags",
    "status", "person", "until", "number", "parent", "text", "message", "client", "date",
)  # fmt: skip


@pytest.mark.parametrize("person", (STRANGER, AGENT))
async def test_forged_commands_searches_and_shortcuts(house: House, person: str) -> None:
    account = AccountRef("slack", person)
    message = MessageRef("slack", "t1/1")
    heard: list[Asked] = [HomeOpened(house.id(), account)]
    for value in (*FORGED, "w" * 10_000, "@nobody", "until tomorrow", "status:open agent:me"):
        quote = Quote(message, None, value, value, "https://example.com", datetime.now(UTC))
        heard += [Called(house.id(), account, command, value) for command in CALLED]
        heard += [Called(house.id(), account, command, value, ThreadRef("slack", "t1")) for command in CALLED]
        heard += [Called(house.id(), account, command, value, people=(account,)) for command in CALLED]
        heard += [Sought(house.id(), account, finder, value, carried) for finder in SOUGHT for carried in (value, "1")]
        heard += [Shortcut(house.id(), account, name, quote) for name in SHORTCUTS]
        heard += [Reacted(house.id(), account, emoji, message) for emoji in REACTED]
    assert await tried(house, heard) == []


async def test_what_this_desk_does_not_know_is_answered_all_the_same(house: House) -> None:
    account = AccountRef("slack", STRANGER)
    heard: list[Asked] = [
        Pressed(house.id(), account, "gone.action", "1"),
        Submitted(house.id(), account, "gone", "", {}),
        Called(house.id(), account, "gone", ""),
    ]
    for entry in heard:
        answer = await house.hear(entry)
        assert isinstance(answer, Card)
        assert answer.title
