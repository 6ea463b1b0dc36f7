"""What people do in the server: commands, forms, words, presses, reactions; as their client would let them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.discord import permissions as bits
from sandbox.discord.errors import Refused, invalid
from sandbox.discord.filling import SELECTS, Filling
from sandbox.discord.guild import DM, THREADS, now
from sandbox.discord.interactions import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL
from sandbox.discord.reactions import add_reaction, remove_reaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.discord.gateway import Gateway
    from sandbox.discord.guild import Channel, Guild
    from sandbox.discord.interactions import Interactions

CHAT_INPUT, USER_MENU, MESSAGE_MENU = 1, 2, 3  # types of commands
TEXT_DISPLAY, LABEL = 10, 18
FILES = 10  # of a message
NO_SUCH = {"ok": False, "error": "no such component"}


class Acts:
    """One method for each thing that a person can do; keyword arguments and answers are plain JSON values."""

    def __init__(self, guild: Guild, gateway: Gateway, interactions: Interactions) -> None:
        self._guild = guild
        self._gateway = gateway
        self._interactions = interactions

    # --- words ----------------------------------------------------------------------------------------------

    async def say(
        self, *, user: str, channel: str, content: str = "", files: list[dict[str, Any]] | None = None
    ) -> dict[str, Any]:
        where = self._guild.channel(channel)
        wanted = bits.SEND_MESSAGES_IN_THREADS if where.type in THREADS else bits.SEND_MESSAGES
        self._guild.need(user, where, wanted)
        self._fits(content, files or ())
        uploads = [self._guild.files.upload(channel, file) for file in files or ()]
        said = self._guild.say(where, user, {"content": content}, uploads)
        self._tell("MESSAGE_CREATE", where, said, user)
        return said

    def _fits(self, content: str, files: Sequence[dict[str, Any]] = ()) -> None:
        """A person's client does not send more."""
        most = self._guild.setup.content_limit
        if len(content) > most or len(files) > FILES:
            found = [("content", f"Must be {most} or fewer in length."), ("files", f"At most {FILES}.")]
            invalid(found[:1] if len(content) > most else found[1:])

    async def edit(self, *, user: str, channel: str, message: str, content: str) -> dict[str, Any]:
        where, said = self._own(user, channel, message)
        self._fits(content)
        said |= {"content": content, "edited_timestamp": now(), **self._guild.pinged(where, user, {"content": content})}
        self._guild.changes.add("edited", channel=channel, message=message)
        self._tell("MESSAGE_UPDATE", where, said, user)
        return said

    async def delete(self, *, user: str, channel: str, message: str) -> dict[str, Any]:
        """One's own, or as a moderator anybody's."""
        where = self._guild.channel(channel)
        said = self._guild.message(where, message)
        self._guild.need(user, where, 0 if said["author"]["id"] == user else bits.MANAGE_MESSAGES)
        del where.messages[said["id"]]
        self._guild.changes.add("deleted", channel=channel, message=message)
        gone = {"id": message, "channel_id": channel}
        self._gateway.tell("MESSAGE_DELETE", gone | self._guild.where(where), where)
        return {}

    async def react(self, *, user: str, channel: str, message: str, emoji: str) -> dict[str, Any]:
        where = self._guild.channel(channel)
        self._guild.need(user, where, bits.ADD_REACTIONS)
        add_reaction(self._guild, self._gateway, where, message, emoji, user)
        return {}

    async def unreact(self, *, user: str, channel: str, message: str, emoji: str) -> dict[str, Any]:
        where = self._guild.channel(channel)
        self._guild.need(user, where, 0)
        remove_reaction(self._guild, self._gateway, where, message, emoji, user)
        return {}

    def _own(self, user: str, channel: str, message: str) -> tuple[Channel, dict[str, Any]]:
        where = self._guild.channel(channel)
        self._guild.need(user, where, 0)
        said = self._guild.message(where, message)
        if said["author"]["id"] != user:
            raise Refused(50005)
        return where, said

    def _tell(self, kind: str, where: Channel, said: dict[str, Any], user: str) -> None:
        if where.type == DM:
            self._gateway.tell(kind, dict(said), where)
            return
        member = {k: v for k, v in self._guild.server_of(where).member(user).items() if k != "user"}
        self._gateway.tell(kind, said | self._guild.where(where) | {"member": member}, where)

    # --- commands -------------------------------------------------------------------------------------------

    async def command(
        self, *, user: str, name: str, channel: str, options: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        where = self._guild.channel(channel)
        self._guild.need(user, where, bits.USE_APPLICATION_COMMANDS)
        command = self._command(where, name, CHAT_INPUT)
        if command is None:
            return {"ok": False, "error": f"no command /{name}"}
        given, taken = dict(options or {}), []
        for option in command.get("options") or ():
            if option["name"] in given:
                value = given.pop(option["name"])
                if option["type"] == 3 and not 1 <= len(value) <= option.get("max_length", 6000):
                    return {"ok": False, "client_errors": {option["name"]: "too long or empty"}}
                taken.append({"name": option["name"], "type": option["type"], "value": value})
            elif option.get("required"):
                return {"ok": False, "client_errors": {option["name"]: "This option is required."}}
        if given:
            return {"ok": False, "client_errors": dict.fromkeys(given, "unknown option")}
        return await self._interactions.start(COMMAND, user, where, _about(command) | {"options": taken})

    async def suggest(self, *, user: str, name: str, channel: str, option: str, typed: str) -> dict[str, Any]:
        """Type into an option of a command that is not sent yet; gives the choices that are offered."""
        where = self._guild.channel(channel)
        self._guild.need(user, where, bits.USE_APPLICATION_COMMANDS)
        command = self._command(where, name, CHAT_INPUT)
        entry = next((o for o in (command or {}).get("options") or () if o["name"] == option), None)
        if command is None or entry is None or not entry.get("autocomplete"):
            return {"ok": False, "error": f"/{name} offers nothing while {option} is typed"}
        focused = {"name": option, "type": entry["type"], "value": typed, "focused": True}
        return await self._interactions.start(AUTOCOMPLETE, user, where, _about(command) | {"options": [focused]})

    async def shortcut(self, *, user: str, channel: str, message: str, name: str) -> dict[str, Any]:
        """Choose an entry in the menu of a message (Apps)."""
        where = self._guild.channel(channel)
        self._guild.need(user, where, bits.USE_APPLICATION_COMMANDS)
        said, command = self._guild.message(where, message), self._command(where, name, MESSAGE_MENU)
        if command is None:
            return {"ok": False, "error": f"no entry {name!r} in the menu of messages"}
        about = _about(command) | {"target_id": message, "resolved": {"messages": {message: said}}}
        return await self._interactions.start(COMMAND, user, where, about)

    async def person_shortcut(self, *, user: str, channel: str, person: str, name: str) -> dict[str, Any]:
        """Choose an entry in the menu of somebody (Apps)."""
        where = self._guild.channel(channel)
        self._guild.need(user, where, bits.USE_APPLICATION_COMMANDS)
        command = self._command(where, name, USER_MENU)
        if command is None:
            return {"ok": False, "error": f"no entry {name!r} in the menu of people"}
        resolved: dict[str, Any] = {"users": {person: self._guild.user(person)}}
        if where.type != DM:
            member = self._guild.server_of(where).member(person)
            told = {key: value for key, value in member.items() if key not in {"user", "deaf", "mute"}}
            resolved["members"] = {person: told | {"permissions": str(self._guild.may(person, where))}}
        return await self._interactions.start(
            COMMAND, user, where, _about(command) | {"target_id": person, "resolved": resolved}
        )

    def _command(self, where: Channel, name: str, kind: int) -> dict[str, Any] | None:
        known = [c for guild in (where.guild, "") for c in self._guild.commands.get(guild, ())]
        return next((c for c in known if c["name"] == name and c.get("type", CHAT_INPUT) == kind), None)

    # --- presses --------------------------------------------------------------------------------------------

    async def press(
        self, *, user: str, channel: str, message: str, custom_id: str, values: list[str] | None = None
    ) -> dict[str, Any]:
        """Press a button, or choose `values` (of a string select its options' values or labels, else ids)."""
        where = self._guild.channel(channel)
        whispered = [m for m in self._guild.ephemeral.get(user, ()) if m["id"] == message]
        if not whispered:
            self._guild.need(user, where, 0)
        shown = whispered[0] if whispered else self._guild.message(where, message)
        component = next((c for c in _components(shown["components"]) if c.get("custom_id") == custom_id), None)
        if component is None or component.get("disabled"):
            return NO_SUCH
        data: dict[str, Any] = {"custom_id": custom_id, "component_type": component["type"], "id": component["id"]}
        if component["type"] in SELECTS:
            filling = Filling(self._guild, where)
            data["values"], error = filling.chosen(component, list(values or ()))
            if error:
                return {"ok": False, "client_errors": {custom_id: error}}
            if filling.resolved:
                data["resolved"] = filling.resolved
        return await self._interactions.start(COMPONENT, user, where, data, shown)

    # --- forms ----------------------------------------------------------------------------------------------

    async def modal(self, *, user: str) -> dict[str, Any] | None:
        return self._interactions.modals.get(user)

    async def close_modal(self, *, user: str) -> dict[str, Any]:
        self._interactions.submitted(user)
        return {}

    async def submit(self, *, user: str, values: dict[str, Any]) -> dict[str, Any]:
        """Fill the open form and send it. `values` by custom_id or label; files as the control interface gives them."""
        modal = self._interactions.modals.get(user)
        if modal is None:
            return {"ok": False, "error": "no modal is open"}
        channel = self._guild.channel(modal["channel_id"])
        components: list[dict[str, Any]] = []
        errors: dict[str, str] = {}
        filling = Filling(self._guild, channel)
        left = dict(values)
        for number, box in enumerate(modal["components"]):
            if box["type"] == TEXT_DISPLAY:
                components.append({"type": TEXT_DISPLAY, "id": 2 * number + 1})
                continue
            field = box.get("component") or (box.get("components") or [{}])[0]
            name = next((n for n in (field.get("custom_id"), box.get("label"), field.get("label")) if n in left), None)
            entered, error = filling.entered(field, left.pop(name) if name else None)
            if error:
                errors[str(field.get("custom_id"))] = error
            inner = {"type": field.get("type"), "id": 2 * number + 2, "custom_id": field.get("custom_id"), **entered}
            wrapped = {"component": inner} if box["type"] == LABEL else {"components": [inner]}
            components.append({"type": box["type"], "id": 2 * number + 1, **wrapped})
        errors |= dict.fromkeys(left, "no such field")
        if errors:
            return {"ok": False, "client_errors": errors}
        data: dict[str, Any] = {"custom_id": modal["custom_id"], "components": components}
        data["resolved"] = filling.resolved
        source = self._interactions.submitted(user)
        return await self._interactions.start(MODAL, user, channel, data, source)


def _about(command: dict[str, Any]) -> dict[str, Any]:
    """What an interaction says of the command it comes from."""
    about = {"id": command["id"], "name": command["name"], "type": command.get("type", CHAT_INPUT)}
    return about | ({"guild_id": command["guild_id"]} if "guild_id" in command else {})


def _components(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    flat: list[dict[str, Any]] = []
    for entry in found:
        flat.append(entry)
        flat += _components(entry.get("components") or [])
    return flat
