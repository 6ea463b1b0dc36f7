"""Discord's people, through the stand-in's control interface."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import aiohttp

from bot.demo.side import Filled, Line, NotPossible, Where, worked

_SHOWN = re.compile(r"\\([^\w\s])")  # an escaped sign is shown as the sign

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.control import People


class DiscordSide:
    """`bot.demo.side.Side` for Discord. Commands are typed in the `help_channel`."""

    name = "discord"

    def __init__(self, people: People, bot: str, help_channel: str) -> None:
        self.people = people
        self.bot = bot
        self._help = help_channel

    def mention(self, person: str) -> str:
        return f"<@{person}>"

    async def call(self, person: str, words: str = "", *, command: str = "ticket") -> str:
        if command != "ticket":
            raise NotPossible(f"/{command} is not typed here yet")
        options = {"subject": words} if words else {}
        answer = worked(await self._call_when_known(person, options))["answer"]
        if answer["type"] == "modal":
            return str(answer["modal"]["title"])
        return _text(await self._settled(person, answer["message"]))

    async def _call_when_known(self, person: str, options: dict[str, str]) -> Any:
        async def known() -> bool:
            return any(command["name"] == "ticket" for command in await self.people.call("commands"))

        await self.people.until(known, "/ticket is registered")
        return await self.people.call("command", user=person, name="ticket", channel=self._help, options=options)

    async def fill(
        self, person: str, values: Mapping[str, str | Sequence[str]], files: Sequence[dict[str, str]] = ()
    ) -> Filled:
        entered: dict[str, Any] = dict(values)
        if "department" in entered:
            entered["topic"] = f"{entered.pop('department')}/{entered.pop('product')}"
        if files:
            entered["files"] = list(files)
        answer = await self.people.call("submit", user=person, values=entered)
        if "client_errors" in answer:
            return Filled(ok=False, remarks=answer["client_errors"])
        shown = worked(answer)["answer"].get("message")
        if shown is None:
            return Filled(ok=True)
        message = await self._settled(person, shown)
        again = any(_label(button) for button in _buttons(message))
        return Filled(ok=False, remarks={"": _text(message)}) if again else Filled(ok=True)

    async def _settled(self, person: str, message: dict[str, Any]) -> dict[str, Any]:
        """An ephemeral answer once the application has written it ("thinking…" until then)."""

        async def look() -> dict[str, Any] | None:
            kept = {m["id"]: m for m in await self.people.call("ephemerals", user=person)}
            found: dict[str, Any] = kept.get(message["id"], {"flags": 0, "components": [], "content": "", "embeds": []})
            return None if found["flags"] & 128 else found

        settled: dict[str, Any] = await self.people.until(look, f"an answer for {person}")
        return settled

    async def clients_thread(self, person: str, number: int) -> Where:
        return await self._thread(self._help, number, person)

    async def agents_thread(self, place: str, number: int) -> Where:
        return await self._thread(place, number, None)

    async def _thread(self, parent: str, number: int, person: str | None) -> Where:
        async def look() -> Where | None:
            for thread in await self.people.call("threads", channel=parent, user=person):
                if thread["name"].startswith(f"#{number} ") and await self.read(Where(thread["id"])):
                    return Where(thread["id"])
            return None

        found: Where = await self.people.until(look, f"a thread for #{number} in {parent}")
        return found

    async def read(self, where: Where) -> list[Line]:
        found = await self.people.call("messages", channel=where.channel)
        found = [*await self._starter(where), *found]
        return [
            Line(
                message["id"],
                message["author"]["id"],
                _text(message),
                tuple(_label(button) for button in _buttons(message)),
                tuple(file["filename"] for file in message["attachments"]),
                edited=message["edited_timestamp"] is not None,
            )
            for message in found
        ]

    async def _starter(self, where: Where) -> list[dict[str, Any]]:
        """The message that a thread was started from stands in its parent, under the thread's id."""
        threads = {thread["id"]: thread for thread in await self.people.call("threads")}
        parent = threads[where.channel]["parent_id"]
        return [m for m in await self.people.call("messages", channel=parent) if m["id"] == where.channel]

    async def say(self, person: str, where: Where, text: str, files: Sequence[dict[str, str]] = ()) -> str:
        said = worked(
            await self.people.call("say", user=person, channel=where.channel, content=text, files=list(files))
        )
        return str(said["id"])

    async def edit(self, person: str, where: Where, message: str, text: str) -> None:
        worked(await self.people.call("edit", user=person, channel=where.channel, message=message, content=text))

    async def delete(self, person: str, where: Where, message: str) -> None:
        worked(await self.people.call("delete", user=person, channel=where.channel, message=message))

    async def press(self, person: str, where: Where, label: str) -> str:
        whispered = await self.people.call("ephemerals", user=person)
        found = [*await self._starter(where), *await self.people.call("messages", channel=where.channel), *whispered]
        for message in found[::-1]:
            for button in _buttons(message):
                if label in _label(button):
                    args = {"channel": message["channel_id"], "message": message["id"]}
                    answer = worked(
                        await self.people.call("press", user=person, custom_id=button["custom_id"], **args)
                    )["answer"]
                    if answer["type"] == "modal":
                        return str(answer["modal"]["title"])
                    if answer.get("message") is None:
                        return ""
                    return _text(await self._settled(person, answer["message"]))
        raise NotPossible(f"no button {label!r} in {where}")

    async def direct(self, person: str) -> Where:
        raise NotPossible(f"{person}'s direct messages are not read here yet")

    async def home(self, person: str) -> Where:
        raise NotPossible(f"Discord has no home page for {person}")

    async def whispers(self, person: str) -> list[Line]:
        raise NotPossible(f"{person}'s whispers are not read here yet")

    async def choose(self, person: str, where: Where, label: str, option: str) -> str:
        raise NotPossible(f"{person} cannot choose {option} of {label} in {where} yet")

    async def choose_several(self, person: str, where: Where, label: str, options: Sequence[str]) -> str:
        raise NotPossible(f"{person} cannot choose {options} of {label} in {where} yet")

    async def find(self, person: str, where: Where, label: str, words: str) -> list[str]:
        raise NotPossible(f"{person} cannot look for {words} in {label} in {where} yet")

    async def pick(self, person: str, where: Where, label: str, words: str, option: str) -> str:
        raise NotPossible(f"{person} cannot pick {option} for {words} in {label} in {where} yet")

    async def react(self, person: str, where: Where, message: str, emoji: str) -> None:
        raise NotPossible(f"{person} cannot react with {emoji} to {message} in {where} yet")

    async def shortcut(self, person: str, where: Where, message: str, label: str) -> str:
        raise NotPossible(f"{person} cannot choose {label} for {message} in {where} yet")

    async def file(self, where: Where, name: str) -> bytes:
        for message in [*await self._starter(where), *await self.people.call("messages", channel=where.channel)]:
            for file in message["attachments"]:
                if file["filename"] == name:
                    async with aiohttp.ClientSession() as session, session.get(file["url"]) as answer:
                        return await answer.read()
        raise NotPossible(f"no file {name!r} in {where}")


def _text(message: dict[str, Any]) -> str:
    lines = [message["content"]]
    for embed in message["embeds"]:
        lines += [embed.get("title", ""), embed.get("description", "")]
        lines += [f"{entry['name']}: {entry['value']}" for entry in embed.get("fields", ())]
        lines.append((embed.get("footer") or {}).get("text", ""))
    return _SHOWN.sub(r"\1", "\n".join(line.removeprefix("-# ") for line in lines if line)).replace("\u200b", "")


def _buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        entry
        for row in message["components"]
        for entry in row.get("components", ())
        if entry["type"] == 2  # noqa: PLR2004 - a button
    ]


def _label(button: dict[str, Any]) -> str:
    return str(button.get("label", ""))
