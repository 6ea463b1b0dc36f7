"""Interactions: a person's command, press or form, the application's answers to it, and the clocks of both."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.discord import limits
from sandbox.discord.errors import Refused, invalid
from sandbox.discord.guild import DM, EPHEMERAL, now

if TYPE_CHECKING:
    from sandbox.discord.gateway import Gateway
    from sandbox.discord.guild import Channel, Guild

PING, COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 1, 2, 3, 4, 5
MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, OPEN_MODAL = 4, 5, 6, 7, 8, 9
NAMES = {4: "message", 5: "deferred", 6: "deferred_update", 7: "update", 8: "choices", 9: "modal"}
LOADING = 1 << 7  # flag of a message that only says that an answer will come
LIMITED = "The application did not respond"


@dataclass(slots=True, eq=False)
class Interaction:
    """One of them, from its first moment to its token's end."""

    id: str
    token: str
    type: int
    user: str
    channel: Channel
    made: float
    answered: asyncio.Future[dict[str, Any]]
    source: dict[str, Any] | None = None  # the message whose component was used
    original: dict[str, Any] | None = None  # the message that answers it
    ephemeral: bool = False
    done: bool = False
    followups: list[str] = field(default_factory=list)


class Interactions:
    """All that are alive."""

    def __init__(self, guild: Guild, gateway: Gateway) -> None:
        self._guild = guild
        self._gateway = gateway
        self._setup = guild.setup
        self._by_id: dict[str, Interaction] = {}
        self._by_token: dict[str, Interaction] = {}
        self.modals: dict[str, dict[str, Any]] = {}  # user → the modal they have open
        self._sources: dict[str, dict[str, Any] | None] = {}  # user → the message their modal was opened from

    # --- from a person --------------------------------------------------------------------------------------

    async def start(
        self, kind: int, user: str, channel: Channel, data: dict[str, Any], source: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Send it to the application and wait for its first answer, as the person's client does."""
        guild = self._guild
        interaction = Interaction(
            guild.new_id(), secrets.token_urlsafe(32), kind, user, channel, time.monotonic(),
            asyncio.get_running_loop().create_future(), source,
        )  # fmt: skip
        self._by_id[interaction.id] = self._by_token[interaction.token] = interaction
        self._sweep()
        payload: dict[str, Any] = {
            "id": interaction.id,
            "application_id": self._setup.application_id,
            "type": kind,
            "data": data,
            "channel_id": channel.id,
            "channel": guild.channel_json(channel) | {"permissions": str(guild.may(user, channel))},
            "token": interaction.token,
            "version": 1,
            "locale": guild.locales.get(user, "en-US"),
            "app_permissions": str(guild.may(self._setup.bot_id, channel)),
            "entitlements": [],
            "authorizing_integration_owners": {"0": channel.guild or "0"},
            "context": 1 if channel.type == DM else 0,
            "attachment_size_limit": self._setup.file_limit,
        }
        if channel.type == DM:
            payload["user"] = guild.user(user)
        else:
            payload |= {
                "guild_id": channel.guild,
                "guild": {"id": channel.guild, "features": [], "locale": "en-US"},
                "member": guild.member(user, channel.guild) | {"permissions": str(guild.may(user, channel))},
                "guild_locale": "en-US",
            }
        if source is not None:
            payload["message"] = source
        self._gateway.tell("INTERACTION_CREATE", payload)
        try:
            async with asyncio.timeout(self._setup.answer_within):
                answer = await asyncio.shield(interaction.answered)  # a late answer is still to be refused
        except TimeoutError:
            interaction.done = True  # whatever comes now is too late
            return {"ok": False, "error": LIMITED}
        return {"ok": True, "answer": answer}

    def _sweep(self) -> None:
        old = time.monotonic() - self._setup.token_life
        for interaction in list(self._by_id.values()):
            if interaction.made > old:
                break
            del self._by_id[interaction.id]

    def forget(self, seconds: float) -> None:
        """Those whose token ended so long ago: who uses it now is told that there never was such a token."""
        old = time.monotonic() - self._setup.token_life - seconds
        self._by_token = {token: kept for token, kept in self._by_token.items() if kept.made > old}

    # --- from the application -------------------------------------------------------------------------------

    def answer(self, id_: str, token: str, body: dict[str, Any], files: list[dict[str, Any]]) -> dict[str, Any]:
        """The first answer, once and in time; gives what `with_response` asks for."""
        interaction = self._by_id.get(id_)
        if interaction is None or interaction.token != token:
            raise Refused(10062)
        if interaction.answered.done():
            raise Refused(40060)
        if interaction.done or time.monotonic() - interaction.made > self._setup.answer_within:
            raise Refused(10062)
        kind, data = body["type"], body.get("data") or {}
        message = self._first(interaction, kind, data, files)
        shown: dict[str, Any] = {"type": NAMES.get(kind, str(kind))}
        if kind == OPEN_MODAL:
            shown["modal"] = data
        elif kind == CHOICES:
            shown["choices"] = data.get("choices")
        elif message is not None:
            shown |= {"message": message, "ephemeral": interaction.ephemeral}
        if not interaction.answered.done():
            interaction.answered.set_result(shown)
        about: dict[str, Any] = {"id": interaction.id, "type": interaction.type}
        resource: dict[str, Any] = {"type": kind}
        if message is not None and kind in {MESSAGE, UPDATE, DEFERRED}:
            about |= {"response_message_id": message["id"], "response_message_loading": kind == DEFERRED,
                      "response_message_ephemeral": interaction.ephemeral}  # fmt: skip
            resource["message"] = message
        return {"interaction": about, "resource": resource}

    def _first(
        self, interaction: Interaction, kind: int, data: dict[str, Any], files: list[dict[str, Any]]
    ) -> dict[str, Any] | None:
        match kind:
            case 4 | 5 if interaction.type != AUTOCOMPLETE:
                interaction.ephemeral = bool((data.get("flags") or 0) & EPHEMERAL)
                loading = kind == DEFERRED
                invalid([] if loading else list(limits.message(data, len(files))))
                body = {"content": "…", "flags": LOADING} if loading else data
                interaction.original = self._post(interaction, body, files, ephemeral=interaction.ephemeral)
                return interaction.original
            case 7 if interaction.source is not None and not self._stands(interaction, interaction.source):
                raise Refused(10008)
            case 6 | 7 if interaction.source is None:
                raise Refused(50035, {"type": {"_errors": [{"code": "INVALID", "message": "no message to update"}]}})
            case 6:
                interaction.original = interaction.source
                return None
            case 7:
                invalid(list(limits.message(data, len(files))))
                assert interaction.source is not None  # the case above
                interaction.original = interaction.source
                return self._change(interaction, interaction.source, data, files)
            case 8 if interaction.type == AUTOCOMPLETE:
                invalid(list(limits.choices(data.get("choices") or [])))
                return None
            case 9 if interaction.type in {COMMAND, COMPONENT}:
                invalid(list(limits.modal(data)))
                self.modals[interaction.user] = data | {"channel_id": interaction.channel.id}
                self._sources[interaction.user] = interaction.source
                self._guild.changes.add("modal", user=interaction.user)
                return None
            case _:
                raise Refused(
                    50035, {"type": {"_errors": [{"code": "INVALID", "message": f"type {kind} cannot stand here"}]}}
                )

    def submitted(self, user: str) -> dict[str, Any] | None:
        """The modal is closed; gives the message it had been opened from."""
        del self.modals[user]
        self._guild.changes.add("modal", user=user)
        return self._sources.pop(user, None)

    def by_token(self, token: str) -> Interaction:
        interaction = self._by_token.get(token)
        if interaction is None:
            raise Refused(10015)
        if time.monotonic() - interaction.made > self._setup.token_life:
            raise Refused(50027)
        return interaction

    def follow_up(self, token: str, body: dict[str, Any], files: list[dict[str, Any]]) -> dict[str, Any]:
        interaction = self.by_token(token)
        if not interaction.answered.done():
            raise Refused(10015)
        invalid(list(limits.message(body, len(files))))
        original = interaction.original
        if original is not None and original["flags"] & LOADING:
            return self._change(interaction, original, body, files)
        ephemeral = bool((body.get("flags") or 0) & EPHEMERAL)
        message = self._post(interaction, body, files, ephemeral=ephemeral)
        interaction.followups.append(message["id"])
        return message

    def original(self, token: str) -> dict[str, Any]:
        found = self.by_token(token).original
        if found is None:
            raise Refused(10008)
        return found

    def edit_original(self, token: str, body: dict[str, Any], files: list[dict[str, Any]]) -> dict[str, Any]:
        interaction, found = self.by_token(token), self.original(token)
        if not self._stands(interaction, found):
            raise Refused(10008)
        invalid(list(limits.message(body, len(files))))
        return self._change(interaction, found, body, files)

    def delete_original(self, token: str) -> None:
        interaction = self.by_token(token)
        self._gone(interaction, self.original(token))
        interaction.original = None

    def written(self, token: str, message: str) -> dict[str, Any]:
        """A message of this interaction's: its first answer or one of those after it."""
        interaction = self.by_token(token)
        kept: dict[str, Any]
        if interaction.original is not None and interaction.original["id"] == message:
            return interaction.original
        if message not in interaction.followups:
            raise Refused(10008)
        for kept in (*self._guild.ephemeral.get(interaction.user, ()), *interaction.channel.messages.values()):
            if kept["id"] == message:
                return kept
        raise Refused(10008)

    def edit(self, token: str, message: str, body: dict[str, Any], files: list[dict[str, Any]]) -> dict[str, Any]:
        found = self.written(token, message)
        invalid(list(limits.message(body, len(files))))
        return self._change(self.by_token(token), found, body, files)

    def delete(self, token: str, message: str) -> None:
        interaction = self.by_token(token)
        self._gone(interaction, self.written(token, message))

    def _stands(self, interaction: Interaction, message: dict[str, Any]) -> bool:
        """Whether a message is there still."""
        return message["id"] in interaction.channel.messages or message in self._guild.ephemeral.get(
            interaction.user, ()
        )

    def _gone(self, interaction: Interaction, message: dict[str, Any]) -> None:
        if message in (kept := self._guild.ephemeral.get(interaction.user, [])):
            kept.remove(message)
        elif interaction.channel.messages.pop(message["id"], None) is not None:
            where = self._guild.where(interaction.channel)
            gone = {"id": message["id"], "channel_id": interaction.channel.id, **where}
            self._gateway.tell("MESSAGE_DELETE", gone, interaction.channel)
        self._guild.changes.add("deleted", channel=interaction.channel.id, message=message["id"])

    def _post(
        self, interaction: Interaction, body: dict[str, Any], files: list[dict[str, Any]], *, ephemeral: bool
    ) -> dict[str, Any]:
        message = self._guild.say(interaction.channel, self._setup.bot_id, body, files)
        message["webhook_id"] = message["application_id"] = self._setup.application_id
        if interaction.type == COMMAND:
            message["type"] = 20
        if ephemeral:
            message["flags"] |= EPHEMERAL
            if interaction.source is not None:
                where = {"channel_id": interaction.channel.id, "message_id": interaction.source["id"]}
                message["message_reference"] = {"type": 0, **where, **self._guild.where(interaction.channel)}
            del interaction.channel.messages[message["id"]]
            self._guild.ephemeral.setdefault(interaction.user, []).append(message)
        else:
            self._gateway.tell("MESSAGE_CREATE", message | self._guild.where(interaction.channel), interaction.channel)
        return message

    def _change(
        self, interaction: Interaction, message: dict[str, Any], body: dict[str, Any], files: list[dict[str, Any]]
    ) -> dict[str, Any]:
        if "components" in body:
            body = body | {"components": self._guild.numbered(body["components"] or ())}
        new: dict[str, Any] = {name: body[name] for name in ("content", "embeds", "components") if name in body}
        new["content"] = new.get("content", message["content"]) or ""
        kept = {str(entry.get("id")) for entry in body.get("attachments") or ()}
        left = [file for file in message["attachments"] if "attachments" not in body or file["id"] in kept]
        new = {**message, **new, "attachments": [*left, *files], "flags": message["flags"] & ~LOADING}
        if not (new["content"] or new["embeds"] or new["components"] or new["attachments"]):
            raise Refused(50006)
        message |= new
        message["edited_timestamp"] = now()
        self._guild.changes.add("edited", channel=interaction.channel.id, message=message["id"])
        if not message["flags"] & EPHEMERAL:
            self._gateway.tell("MESSAGE_UPDATE", message | self._guild.where(interaction.channel), interaction.channel)
        return message
