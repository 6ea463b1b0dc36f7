"""Discord's people, through the stand-in's control interface."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import aiohttp

from bot.demo.side import Filled, Line, NotPossible, Where, worked

_LINK = re.compile(r"\[((?:\\.|[^\]\\])*)\]\(<[^>]*>\)")  # of a masked link people see the label
_SHOWN = re.compile(r"\\([^\w\s])")  # an escaped sign is shown as the sign

CHAT_INPUT, MESSAGE_MENU = 1, 3  # types of commands
BUTTON, SELECT = 2, 3  # types of components
EPHEMERAL, LOADING = 1 << 6, 1 << 7  # flags of messages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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
        known = await self._registered(command, CHAT_INPUT)
        options = {known["options"][0]["name"]: words} if words else {}
        typed = await self.people.call("command", user=person, name=command, channel=self._help, options=options)
        return await self._shown(person, typed)

    async def _registered(self, label: str, kind: int) -> dict[str, Any]:
        """The command of that name, or the entry whose label holds these words in any language; waits for it."""

        async def look() -> dict[str, Any] | None:
            for command in await self.people.call("commands"):
                names = [command["name"], *(command.get("name_localizations") or {}).values()]
                found = label == command["name"] if kind == CHAT_INPUT else any(label in name for name in names)
                if command["type"] == kind and found:
                    return dict(command)
            return None

        found: dict[str, Any] = await self.people.until(look, f"{label!r} is registered")
        return found

    async def fill(
        self, person: str, values: Mapping[str, str | Sequence[str]], files: Sequence[dict[str, str]] = ()
    ) -> Filled:
        modal = await self.people.call("modal", user=person)
        if modal is None:
            raise NotPossible(f"{person} has no form open")
        names = {box["component"]["custom_id"] for box in modal["components"] if "component" in box}
        entered: dict[str, Any] = dict(values)
        if "topic" in names and "department" in entered:
            entered["topic"] = f"{entered.pop('department')}/{entered.pop('product')}"
        for name in names & {f"{name}*" for name in entered}:  # of a field of which several can be chosen
            entered[name] = entered.pop(name.removesuffix("*"))
        if files:
            entered["files"] = list(files)
        answer = await self.people.call("submit", user=person, values=entered)
        if "client_errors" in answer:
            return Filled(ok=False, remarks=answer["client_errors"])
        shown = worked(answer)["answer"].get("message")
        if shown is None:
            return Filled(ok=True)
        message = await self._settled(person, shown)
        again = any(button["custom_id"].startswith("~again") for button in _buttons(message))
        return Filled(ok=False, remarks={"": _text(message)}) if again else Filled(ok=True)

    async def _shown(self, person: str, used: Any) -> str:
        """What came of a command, press or choice, as far as only this person sees it."""
        answer = worked(used)["answer"]
        if answer["type"] == "modal":
            return str(answer["modal"]["title"])
        message = answer.get("message")
        if message is None or not message["flags"] & EPHEMERAL:
            return ""
        settled = await self._settled(person, message)
        again = next((button for button in _buttons(settled) if button["custom_id"].startswith("~again|")), None)
        if again is not None and not settled["embeds"]:  # it came too late to open by itself
            return await self._shown(person, await self._use(person, settled, again))
        return _text(settled)

    async def _settled(self, person: str, message: dict[str, Any]) -> dict[str, Any]:
        """An ephemeral answer once the application has written it ("thinking…" until then)."""

        async def look() -> dict[str, Any] | None:
            kept = {m["id"]: m for m in await self.people.call("ephemerals", user=person)}
            found: dict[str, Any] = kept.get(message["id"], {"flags": 0, "components": [], "content": "", "embeds": []})
            return None if found["flags"] & LOADING else found

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

    async def direct(self, person: str) -> Where:
        return Where((await self.people.call("dm", user=person))["channel"])

    async def home(self, person: str) -> Where:
        raise NotPossible(f"Discord has no home page for {person}")

    async def read(self, where: Where) -> list[Line]:
        return [_line(message) for message in await self._messages(where)]

    async def whispers(self, person: str) -> list[Line]:
        found = await self.people.call("ephemerals", user=person)
        return [_line(message) for message in found if not message["flags"] & LOADING]

    async def _messages(self, where: Where) -> list[dict[str, Any]]:
        """With the message that a thread was started from: it stands in the parent, under the thread's id."""
        threads = {thread["id"]: thread for thread in await self.people.call("threads")}
        parent = threads[where.channel]["parent_id"] if where.channel in threads else None
        above = await self.people.call("messages", channel=parent) if parent else []
        starter = [message for message in above if message["id"] == where.channel]
        return [*starter, *await self.people.call("messages", channel=where.channel)]

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
        message, button = await self._newest(person, where, lambda entry: entry["type"] == BUTTON, label)
        return await self._shown(person, await self._use(person, message, button))

    async def choose(self, person: str, where: Where, label: str, option: str) -> str:
        message, select = await self._newest(person, where, lambda entry: entry["type"] == SELECT, label)
        return await self._shown(person, await self._use(person, message, select, _value(select, option)))

    async def choose_several(self, person: str, where: Where, label: str, options: Sequence[str]) -> str:
        message, select = await self._newest(person, where, lambda entry: entry["type"] == SELECT, label)
        values = [_value(select, option) for option in options]
        return await self._shown(person, await self._use(person, message, select, *values))

    async def find(self, person: str, where: Where, label: str, words: str) -> list[str]:
        select = (await self._search(person, where, label, words))[1]
        return [option["label"] for option in select["options"]] if select else []

    async def pick(self, person: str, where: Where, label: str, words: str, option: str) -> str:
        message, select = await self._search(person, where, label, words)
        if select is None:
            raise NotPossible(f"nothing was found by {words!r} in {label!r}")
        return await self._shown(person, await self._use(person, message, select, _value(select, option)))

    async def _search(
        self, person: str, where: Where, label: str, words: str
    ) -> tuple[dict[str, Any], dict[str, Any] | None]:
        """The message with what was found, and there the choice, if anything was."""
        message, finder = await self._newest(person, where, _is_finder, label)
        opened = worked(await self._use(person, message, finder))["answer"]["modal"]
        name = opened["components"][0]["component"]["custom_id"]
        answer = worked(await self.people.call("submit", user=person, values={name: words}))["answer"]
        shown = await self._settled(person, answer["message"])
        selects = (entry for entry in _entries(shown) if entry["type"] == SELECT)
        return shown, next((entry for entry in selects if entry.get("placeholder") == finder["label"]), None)

    async def _newest(
        self, person: str, where: Where, wanted: Callable[[dict[str, Any]], bool], label: str
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The newest message with such a component whose words hold the label, whispers among them."""
        found = [*await self._messages(where), *await self.people.call("ephemerals", user=person)]
        for message in sorted(found, key=lambda entry: int(entry["id"]), reverse=True):
            for entry in _entries(message):
                if wanted(entry) and label in _label(entry):
                    return message, entry
        raise NotPossible(f"nothing called {label!r} in {where}")

    async def _use(self, person: str, message: dict[str, Any], entry: dict[str, Any], *values: str) -> Any:
        where = {"user": person, "channel": message["channel_id"], "message": message["id"]}
        return await self.people.call("press", custom_id=entry["custom_id"], values=list(values), **where)

    async def react(self, person: str, where: Where, message: str, emoji: str) -> None:
        at = await self._at(where, message)
        worked(await self.people.call("react", user=person, channel=at, message=message, emoji=emoji))

    async def shortcut(self, person: str, where: Where, message: str, label: str) -> str:
        entry, at = await self._registered(label, MESSAGE_MENU), await self._at(where, message)
        args = {"user": person, "channel": at, "message": message, "name": entry["name"]}
        return await self._shown(person, await self.people.call("shortcut", **args))

    async def _at(self, where: Where, message: str) -> str:
        found = (entry["channel_id"] for entry in await self._messages(where) if entry["id"] == message)
        return next(found, where.channel)

    async def file(self, where: Where, name: str) -> bytes:
        for message in await self._messages(where):
            for file in message["attachments"]:
                if _named(file) == name:
                    async with aiohttp.ClientSession() as session, session.get(file["url"]) as answer:
                        return await answer.read()
        raise NotPossible(f"no file {name!r} in {where}")


def _line(message: dict[str, Any]) -> Line:
    return Line(
        message["id"],
        message["author"]["id"],
        _text(message),
        tuple(_label(entry) for entry in _buttons(message) if not _is_finder(entry)),
        tuple(_named(file) for file in message["attachments"]),
        edited=message["edited_timestamp"] is not None,
        menus=tuple(_label(entry) for entry in _entries(message) if entry["type"] == SELECT or _is_finder(entry)),
    )


def _text(message: dict[str, Any]) -> str:
    lines = [message["content"]]
    for embed in message["embeds"]:
        lines += [embed.get("title", ""), embed.get("description", "")]
        lines += [f"{entry['name']}: {entry['value']}" for entry in embed.get("fields", ())]
        lines.append((embed.get("footer") or {}).get("text", ""))
    text = _LINK.sub(r"\1", "\n".join(line.removeprefix("-# ") for line in lines if line))
    return _SHOWN.sub(r"\1", text).replace("\u200b", "")


def _named(file: dict[str, Any]) -> str:
    """A file's name as people see it: its title, where its own lacks something."""
    name, title = str(file["filename"]), file.get("title")
    extension = name[name.rindex(".") :] if "." in name else ""
    return name if not title else title if title.endswith(extension) else title + extension


def _entries(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry for row in message["components"] for entry in row.get("components", ())]


def _buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry for entry in _entries(message) if entry["type"] == BUTTON]


def _is_finder(entry: dict[str, Any]) -> bool:
    return entry["type"] == BUTTON and (entry.get("emoji") or {}).get("name") == "🔍"


def _label(entry: dict[str, Any]) -> str:
    """What heads it: a button's words, a choice's placeholder."""
    return str(entry.get("label") or entry.get("placeholder") or "")


def _value(select: dict[str, Any], label: str) -> str:
    for option in select["options"]:
        if label in option["label"]:
            return str(option["value"])
    raise NotPossible(f"no option {label!r} in {_label(select)!r}")
