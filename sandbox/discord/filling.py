"""What people put into selects and forms, checked as their client checks it before it sends anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.discord.guild import Channel, Guild

STRING, INPUT, USER, ROLE, MENTIONABLE, CHANNEL = 3, 4, 5, 6, 7, 8
SELECTS = {STRING, USER, ROLE, MENTIONABLE, CHANNEL}
FILE_UPLOAD, RADIO, CHECKBOXES, CHECKBOX = 19, 21, 22, 23
REQUIRED = "This field is required."

Json = dict[str, Any]


class Filling:
    """Values of one press or form; `resolved` is what Discord adds about those that are ids."""

    def __init__(self, guild: Guild, channel: Channel) -> None:
        self._guild = guild
        self._channel = channel
        self.resolved: Json = {}

    def chosen(self, select: Json, values: list[str] | None) -> tuple[list[str], str]:
        """What a select of a message or form sends, or why the client does not let it."""
        if values is None:
            values = _defaults(select)
        if select["type"] == STRING:
            by_name = {o["label"]: o["value"] for o in select["options"]} | {
                o["value"]: o["value"] for o in select["options"]
            }
            if unknown := [value for value in values if value not in by_name]:
                return [], f"no such option: {unknown[0]}"
            values = [by_name[value] for value in values]
        elif unknown := [value for value in values if not self._resolve(select, value)]:
            return [], f"nothing has the id {unknown[0]}"
        least = select.get("min_values", 1)
        if len(values) < (0 if not values and not select.get("required", True) else least):
            return [], REQUIRED if not values else f"At least {least}."
        if len(set(values)) > select.get("max_values", 1):
            return [], f"At most {select.get('max_values', 1)}."
        return list(dict.fromkeys(values)), ""

    def _resolve(self, select: Json, id_: str) -> bool:
        """Whether a select of that kind offers it; then Discord tells about it."""
        guild, kind = self._guild, select["type"]
        server = guild.server_of(self._channel)
        if kind in {USER, MENTIONABLE} and id_ in server.members:
            member = {key: value for key, value in server.members[id_].items() if key != "user"}
            self.resolved.setdefault("users", {})[id_] = guild.user(id_)
            self.resolved.setdefault("members", {})[id_] = member | {"permissions": "0"}
            return True
        if kind in {ROLE, MENTIONABLE} and id_ in server.roles:
            self.resolved.setdefault("roles", {})[id_] = server.roles[id_]
            return True
        found = guild.channels.get(id_)
        if kind == CHANNEL and found is not None and not found.gone:
            if found.type not in (select.get("channel_types") or {found.type}):
                return False
            self.resolved.setdefault("channels", {})[id_] = guild.channel_json(found)
            return True
        return False

    def entered(self, field: Json, value: Any) -> tuple[Json, str]:
        """What one input of a form sends (`value` None: left as it came), or why the client does not let it."""
        required, kind = field.get("required", True), field.get("type")
        if kind in SELECTS:
            values, error = self.chosen(field, [value] if isinstance(value, str) else value)
            return {"values": values}, error
        if kind == INPUT:
            text = field.get("value", "") if value is None else value
            least = field.get("min_length") or 0
            if required and not text:
                return {}, REQUIRED
            if text and not least <= len(text) <= field.get("max_length", 4000):
                return {}, f"Between {least} and {field.get('max_length', 4000)} characters."
            return {"value": text}, ""
        if kind == FILE_UPLOAD:
            return self._uploaded(field, value or [], required=required)
        if kind == RADIO:
            given = next((o["value"] for o in field["options"] if o.get("default")), None) if value is None else value
            if given is None:
                return {"value": None}, REQUIRED if required else ""
            known = given in {option["value"] for option in field["options"]}
            return {"value": given}, "" if known else f"no such option: {given}"
        if kind == CHECKBOXES:
            shown = {**field, "type": STRING, "max_values": field.get("max_values", len(field["options"]))}
            values, error = self.chosen(shown, value)
            return {"values": values}, error
        if kind == CHECKBOX:
            return {"value": bool(field.get("default") if value is None else value)}, ""
        return {}, f"component {kind} is not known here"

    def _uploaded(self, field: Json, given: list[Json], *, required: bool) -> tuple[Json, str]:
        if required and not given:
            return {}, REQUIRED
        if given and not field.get("min_values", 1) <= len(given) <= field.get("max_values", 1):
            return {}, f"Between {field.get('min_values', 1)} and {field.get('max_values', 1)} files."
        files = [self._guild.files.upload(self._channel.id, file) for file in given]
        self.resolved.setdefault("attachments", {}).update({file["id"]: file | {"ephemeral": True} for file in files})
        return {"values": [file["id"] for file in files]}, ""


def _defaults(select: Json) -> list[str]:
    if select["type"] == STRING:
        return [option["value"] for option in select["options"] if option.get("default")]
    return [str(entry["id"]) for entry in select.get("default_values") or ()]
