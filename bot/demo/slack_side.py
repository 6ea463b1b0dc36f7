"""Slack's people, through the stand-in's control interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp
from emoji import demojize

from bot.demo.side import Filled, Line, NotPossible, Where, worked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.control import People

HOME = "the home page"  # where a person's home page is, as a place
CARD = "helpthread.card"  # the callback_id of a modal that shows a card


class SlackSide:
    """`bot.demo.side.Side` for Slack."""

    name = "slack"

    def __init__(self, people: People, bot: str, token: str) -> None:
        self.people = people
        self.bot = bot
        self._token = token

    def mention(self, person: str) -> str:
        return f"<@{person}>"

    async def call(self, person: str, words: str = "", *, command: str = "ticket") -> str:
        return await self._answered(person, "command", command=f"/{command}", text=words)

    async def fill(
        self, person: str, values: Mapping[str, str | Sequence[str]], files: Sequence[dict[str, str]] = ()
    ) -> Filled:
        entered: dict[str, Any] = dict(values)
        for finder in await self._form_finders(person):
            if finder in entered:
                found = worked(
                    await self.people.call(
                        "suggest", user=person, action_id=finder, words=entered[finder], surface="view"
                    )
                )["options"]
                if not found:
                    raise NotPossible(f"nothing is found for {entered[finder]!r}")
                entered[finder] = found[0]["value"]
        if files:
            entered["files"] = list(files)
        answer = await self.people.call("submit", user=person, values=entered)
        if answer["ok"]:
            return Filled(ok=True)
        remarks = answer.get("errors") or answer.get("client_errors")
        if not remarks:
            raise NotPossible(str(answer))
        return Filled(ok=False, remarks=remarks)

    async def _form_finders(self, person: str) -> list[str]:
        views = await self.people.call("views", user=person)
        elements = [block.get("element", {}) for block in views[-1]["blocks"]] if views else []
        return [element["action_id"] for element in elements if element.get("type") == "external_select"]

    async def clients_thread(self, person: str, number: int) -> Where:
        channel = (await self.people.call("dm", user=person))["channel"]
        return await self._thread(channel, number)

    async def agents_thread(self, place: str, number: int) -> Where:
        return await self._thread(place, number)

    async def _thread(self, channel: str, number: int) -> Where:
        async def look() -> Where | None:
            for message in await self.people.call("messages", channel=channel):
                if message.get("user") == self.bot and _text(message).startswith(f"#{number} · "):
                    return Where(channel, message["ts"])
            return None

        found: Where = await self.people.until(look, f"a thread for #{number} in {channel}")
        return found

    async def direct(self, person: str) -> Where:
        return Where((await self.people.call("dm", user=person))["channel"])

    async def home(self, person: str) -> Where:
        before = await self.people.call("home", user=person)
        await self.people.call("open_home", user=person)

        async def look() -> Any:
            shown = await self.people.call("home", user=person)
            return shown is not None and (before is None or shown["hash"] != before["hash"])

        await self.people.until(look, f"{person}'s home page")
        return Where(HOME, person)

    async def read(self, where: Where) -> list[Line]:
        return [_line(message, self.bot) for message in await self._messages(where)]

    async def whispers(self, person: str) -> list[Line]:
        return [_line(message, self.bot) for message in await self._whispers(person)]

    async def _messages(self, where: Where) -> list[dict[str, Any]]:
        if where.channel == HOME:
            home = await self.people.call("home", user=where.root)
            return [home | {"ts": home["id"]}] if home else []
        found: list[dict[str, Any]] = worked(
            await self.people.call("messages", channel=where.channel, thread_ts=where.root or None)
        )
        return found

    async def say(self, person: str, where: Where, text: str, files: Sequence[dict[str, str]] = ()) -> str:
        said = worked(
            await self.people.call(
                "say", user=person, channel=where.channel, thread_ts=where.root or None, text=text, files=list(files)
            )
        )
        return str(said["ts"])

    async def edit(self, person: str, where: Where, message: str, text: str) -> None:
        worked(await self.people.call("edit", user=person, channel=where.channel, ts=message, text=text))

    async def delete(self, person: str, where: Where, message: str) -> None:
        worked(await self.people.call("delete", user=person, channel=where.channel, ts=message))

    async def press(self, person: str, where: Where, label: str) -> str:
        return await self._use(person, where, label, {"button"})

    async def choose(self, person: str, where: Where, label: str, option: str) -> str:
        return await self._use(person, where, label, {"static_select"}, [option])

    async def choose_several(self, person: str, where: Where, label: str, options: Sequence[str]) -> str:
        return await self._use(person, where, label, {"multi_static_select"}, options)

    async def find(self, person: str, where: Where, label: str, words: str) -> list[str]:
        place, element = await self._element(person, where, label, {"external_select"})
        return [_option(option) for option in await self._suggested(person, place, element, words)]

    async def pick(self, person: str, where: Where, label: str, words: str, option: str) -> str:
        place, element = await self._element(person, where, label, {"external_select"})
        chosen = _matching(await self._suggested(person, place, element, words), option)
        return await self._answered(person, "press", **place, action_id=element["action_id"], value=chosen)

    async def react(self, person: str, where: Where, message: str, emoji: str) -> None:
        name = demojize(emoji, language="alias").strip(":")
        worked(await self.people.call("react", user=person, channel=where.channel, ts=message, name=name))

    async def shortcut(self, person: str, where: Where, message: str, label: str) -> str:
        entries = await self.people.call("shortcuts")
        found = next((id_ for id_, name in entries.items() if label in name), None)
        if found is None:
            raise NotPossible(f"no entry {label!r} in the messages' menu: {entries}")
        return await self._answered(person, "shortcut", channel=where.channel, ts=message, callback_id=found)

    async def _suggested(
        self, person: str, place: dict[str, str], element: dict[str, Any], words: str
    ) -> list[dict[str, Any]]:
        typed = {"action_id": element["action_id"], "words": words}
        found: list[dict[str, Any]] = worked(await self.people.call("suggest", user=person, **place, **typed))[
            "options"
        ]
        return found

    async def _use(
        self, person: str, where: Where, label: str, kinds: set[str], options: Sequence[str] | None = None
    ) -> str:
        place, element = await self._element(person, where, label, kinds)
        value: Any = None
        if options is not None:
            chosen = [_matching(element["options"], option) for option in options]
            value = chosen if element["type"] == "multi_static_select" else chosen[0]
        return await self._answered(person, "press", **place, action_id=element["action_id"], value=value)

    async def _element(
        self, person: str, where: Where, label: str, kinds: set[str]
    ) -> tuple[dict[str, str], dict[str, Any]]:
        """An element by its label, and where it stands: what is opened over everything first, then the newest."""
        views = [view | {"surface": "view"} for view in await self.people.call("views", user=person)][-1:]
        home = where.channel == HOME
        found = [message | {"surface": "home"} if home else message for message in await self._messages(where)]
        for shown in [*found, *await self._whispers(person), *views][::-1]:
            for element in _elements(shown):
                if element["type"] in kinds and label in _label(element):
                    if "surface" in shown:
                        return {"surface": shown["surface"]}, element
                    return {"channel": shown.get("channel", where.channel), "ts": shown["ts"]}, element
        raise NotPossible(f"no {'/'.join(kinds)} {label!r} in {where}")

    async def _answered(self, person: str, verb: str, **args: Any) -> str:
        """Do it; gives what is then shown to the person alone."""
        before = await self._shown_alone(person)
        worked(await self.people.call(verb, user=person, **args))
        after = await self._shown_alone(person)
        return "\n".join(text for key, text in after.items() if before.get(key) != text)

    async def _shown_alone(self, person: str) -> dict[str, str]:
        """Whispers, the home page and what is opened over it, by id."""
        shown = {message["ts"]: _text(message) for message in await self._whispers(person)}
        if home := await self.people.call("home", user=person):
            shown[home["id"]] = _text(home)
        for view in await self.people.call("views", user=person):
            shown[view["id"]] = _text(view) if view["callback_id"] == CARD else str(view["title"]["text"])
        return shown

    async def file(self, where: Where, name: str) -> bytes:
        for message in await self._messages(where):
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


def _line(message: dict[str, Any], bot: str) -> Line:
    elements = _elements(message)
    return Line(
        message["ts"],
        bot if message.get("type") in {"home", None} else message.get("user", ""),
        _text(message),
        tuple(_label(element) for element in elements if element["type"] == "button"),
        tuple(file["name"] for file in message.get("files", ())),
        edited="edited" in message,
        menus=tuple(_label(element) for element in elements if element["type"] != "button"),
    )


def _text(message: dict[str, Any]) -> str:
    lines = [_block(block) for block in message.get("blocks", ())]
    return "\n".join(line for line in lines if line) or str(message.get("text", ""))


def _block(block: dict[str, Any]) -> str:
    match block["type"]:
        case "rich_text":
            return "\n".join(_rich(element).rstrip("\n") for element in block["elements"])
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


def _elements(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        element for block in message.get("blocks", ()) if block["type"] == "actions" for element in block["elements"]
    ]


def _label(element: dict[str, Any]) -> str:
    return str((element.get("text") or element.get("placeholder") or {}).get("text", ""))


def _option(option: dict[str, Any]) -> str:
    return str(option["text"]["text"])


def _matching(options: Sequence[dict[str, Any]], words: str) -> str:
    """The value of the option whose label holds these words."""
    for option in options:
        if words in _option(option):
            return str(option["value"])
    raise NotPossible(f"no option {words!r} among {[_option(option) for option in options]}")
