"""Slack's people, through the stand-in's control interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp

from bot.demo.side import Filled, Line, NotPossible, Where, worked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.control import People


class SlackSide:
    """`bot.demo.side.Side` for Slack."""

    name = "slack"

    def __init__(self, people: People, bot: str, token: str) -> None:
        self.people = people
        self.bot = bot
        self._token = token

    async def call(self, person: str, words: str = "") -> str:
        before = await self._whispers(person)
        worked(await self.people.call("command", user=person, command="/ticket", text=words))
        views = await self.people.call("views", user=person)
        if views:
            return str(views[-1]["title"]["text"])
        return await self._whispered(person, before)

    async def fill(self, person: str, values: Mapping[str, str], files: Sequence[dict[str, str]] = ()) -> Filled:
        entered: dict[str, Any] = dict(values)
        if files:
            entered["files"] = list(files)
        answer = await self.people.call("submit", user=person, values=entered)
        if answer["ok"]:
            return Filled(ok=True)
        remarks = answer.get("errors") or answer.get("client_errors")
        if not remarks:
            raise NotPossible(str(answer))
        return Filled(ok=False, remarks=remarks)

    async def clients_thread(self, person: str, number: int) -> Where:
        channel = (await self.people.call("dm", user=person))["channel"]
        return await self._thread(channel, number)

    async def agents_thread(self, place: str, number: int) -> Where:
        return await self._thread(place, number)

    async def _thread(self, channel: str, number: int) -> Where:
        async def look() -> Where | None:
            for message in await self.people.call("messages", channel=channel):
                if message.get("user") == self.bot and f"#{number} " in _text(message):
                    return Where(channel, message["ts"])
            return None

        found: Where = await self.people.until(look, f"a thread for #{number} in {channel}")
        return found

    async def read(self, where: Where) -> list[Line]:
        found = await self.people.call("messages", channel=where.channel, thread_ts=where.root)
        return [
            Line(
                message["ts"],
                message.get("user", ""),
                _text(message),
                tuple(_label(button) for button in _buttons(message)),
                tuple(file["name"] for file in message.get("files", ())),
                edited="edited" in message,
            )
            for message in found
        ]

    async def say(self, person: str, where: Where, text: str, files: Sequence[dict[str, str]] = ()) -> str:
        said = worked(
            await self.people.call(
                "say", user=person, channel=where.channel, thread_ts=where.root, text=text, files=list(files)
            )
        )
        return str(said["ts"])

    async def edit(self, person: str, where: Where, message: str, text: str) -> None:
        worked(await self.people.call("edit", user=person, channel=where.channel, ts=message, text=text))

    async def delete(self, person: str, where: Where, message: str) -> None:
        worked(await self.people.call("delete", user=person, channel=where.channel, ts=message))

    async def press(self, person: str, where: Where, label: str) -> str:
        before = await self._whispers(person)
        found = await self.people.call("messages", channel=where.channel, thread_ts=where.root)
        for message in [*found, *before][::-1]:
            for button in _buttons(message):
                if label in _label(button):
                    args = {"channel": message.get("channel", where.channel), "ts": message["ts"]}
                    worked(await self.people.call("press", user=person, action_id=button["action_id"], **args))
                    return await self._whispered(person, before)
        raise NotPossible(f"no button {label!r} in {where}")

    async def file(self, where: Where, name: str) -> bytes:
        for message in await self.people.call("messages", channel=where.channel, thread_ts=where.root):
            for file in message.get("files", ()):
                if file["name"] == name:
                    headers = {"Authorization": f"Bearer {self._token}"}
                    async with (
                        aiohttp.ClientSession() as session,
                        session.get(file["url_private"], headers=headers) as a,
                    ):
                        return await a.read()
        raise NotPossible(f"no file {name!r} in {where}")

    async def _whispers(self, person: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.people.call("ephemerals", user=person)
        return found

    async def _whispered(self, person: str, before: list[dict[str, Any]]) -> str:
        new = (await self._whispers(person))[len(before) :]
        return "\n".join(_text(message) for message in new)


def _text(message: dict[str, Any]) -> str:
    lines = [_block(block) for block in message.get("blocks", ())]
    return "\n".join(line for line in lines if line) or str(message.get("text", ""))


def _block(block: dict[str, Any]) -> str:
    match block["type"]:
        case "rich_text":
            return "\n".join(_rich(element) for element in block["elements"])
        case "section":
            facts = [text["text"].replace("*\n", ": ").removeprefix("*") for text in block.get("fields", ())]
            return "\n".join([*([block["text"]["text"]] if "text" in block else []), *facts])
        case "header":
            return str(block["text"]["text"])
        case "context":
            return " ".join(element.get("text", "") for element in block["elements"])
        case _:
            return ""


def _rich(element: dict[str, Any]) -> str:
    match element["type"]:
        case "rich_text_list":
            return "\n".join(f"• {_rich(item)}" for item in element["elements"])
        case "rich_text_quote":
            return "> " + "".join(map(_leaf, element["elements"]))
        case _:
            return "".join(map(_leaf, element["elements"]))


def _leaf(leaf: dict[str, Any]) -> str:
    text = str(leaf.get("text") or leaf.get("url") or leaf.get("name") or leaf.get("user_id") or "")
    for style, mark in (("code", "`"), ("bold", "*"), ("italic", "_"), ("strike", "~")):
        if leaf.get("style", {}).get(style):
            text = f"{mark}{text}{mark}"
    return text


def _buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        element
        for block in message.get("blocks", ())
        if block["type"] == "actions"
        for element in block["elements"]
        if element["type"] == "button"
    ]


def _label(button: dict[str, Any]) -> str:
    return str(button["text"]["text"])
