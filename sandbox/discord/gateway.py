"""The Gateway: identify, heartbeat, dispatch, resume (discord.com/developers/docs/events/gateway)."""

from __future__ import annotations

import asyncio
import json
import uuid
import zlib
from collections import deque
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web

from sandbox.discord.guild import DM, THREADS
from sandbox.faults import Kind

if TYPE_CHECKING:
    from sandbox.discord.guild import Channel, Guild
    from sandbox.faults import Faults

GUILDS, MEMBERS, MESSAGES, REACTIONS, DIRECT_MESSAGES, CONTENT = 1, 1 << 1, 1 << 9, 1 << 10, 1 << 12, 1 << 15
PRIVILEGED = MEMBERS | 1 << 8 | CONTENT
REPLAYED = 2000  # dispatches kept for a resume
UNKNOWN_OPCODE, DECODE_ERROR, NOT_AUTHENTICATED, BAD_TOKEN, AUTHENTICATED = 4001, 4002, 4003, 4004, 4005
TOO_MANY, TIMED_OUT, INVALID_INTENTS, DISALLOWED_INTENTS = 4008, 4009, 4013, 4014
EVENTS, EVENTS_WITHIN = 120, 60.0  # that a client may send; seconds
ALL_INTENTS = (1 << 26) - 1


class Session:
    """One identified client, which may drop its socket and resume."""

    def __init__(self, intents: int) -> None:
        self.id = uuid.uuid4().hex
        self.intents = intents
        self.sequence = 0
        self.kept: deque[tuple[int, str]] = deque(maxlen=REPLAYED)
        self.socket: Socket | None = None

    async def dispatch(self, kind: str, data: dict[str, Any]) -> None:
        self.sequence += 1
        text = json.dumps({"op": 0, "t": kind, "s": self.sequence, "d": data})
        self.kept.append((self.sequence, text))
        if self.socket is not None:
            await self.socket.send(text)


class Socket:
    """One connection; its stream is compressed where the client asked for it."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport | None, *, compressed: bool) -> None:
        self._socket = socket
        self.transport = transport
        self._deflate = zlib.compressobj() if compressed else None

    async def send(self, text: str) -> None:
        try:
            if self._deflate is None:
                await self._socket.send_str(text)
            else:
                whole = self._deflate.compress(text.encode()) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
                await self._socket.send_bytes(whole)
        except (ConnectionError, RuntimeError):
            return  # it is gone; what it missed waits for a resume

    async def close(self, code: int) -> None:
        await self._socket.close(code=code)


class Gateway:
    """All sessions, and what each may hear."""

    def __init__(self, guild: Guild, faults: Faults) -> None:
        self._guild = guild
        self._setup = guild.setup
        self._faults = faults
        self.sessions: dict[str, Session] = {}
        self.address = ""
        self._queue: asyncio.Queue[tuple[str, dict[str, Any], Channel | None]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        guild.woken = lambda thread: self.tell("THREAD_UPDATE", guild.channel_json(thread), thread)

    def start(self) -> None:
        self._task = asyncio.create_task(self._send_all())

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for session in self.sessions.values():
            if session.socket:
                await session.socket.close(1001)

    # --- dispatch -------------------------------------------------------------------------------------------

    def tell(self, kind: str, data: dict[str, Any], channel: Channel | None = None) -> None:
        """Owe an event to every session that may hear it, in order."""
        self._queue.put_nowait((kind, data, channel))

    async def _send_all(self) -> None:
        while True:
            kind, data, channel = await self._queue.get()
            for session in list(self.sessions.values()):
                if self._hears(session, kind, channel):
                    await self._send(session, kind, self._for(session, kind, data, channel))

    async def _send(self, session: Session, kind: str, data: dict[str, Any]) -> None:
        fault = self._faults.pick(f"event:{kind}")
        if fault and fault.kind is Kind.SLOW:
            await asyncio.sleep(fault.delay)
        if fault and fault.kind in {Kind.WITHHELD, Kind.DISCONNECT} and session.socket:
            socket, session.socket = session.socket, None
            if socket.transport:
                socket.transport.abort()  # what follows is missed, until the client resumes
        await session.dispatch(kind, data)
        if fault and fault.kind is Kind.DUPLICATE:
            await session.dispatch(kind, data)

    def _hears(self, session: Session, kind: str, channel: Channel | None) -> bool:
        if channel is not None and not self._guild.may(self._setup.bot_id, channel):
            return False
        if kind.startswith("MESSAGE_REACTION"):
            return bool(session.intents & REACTIONS)
        if kind.startswith("MESSAGE_"):
            return bool(session.intents & (DIRECT_MESSAGES if channel and channel.type == DM else MESSAGES))
        if kind.startswith("GUILD_MEMBER_"):
            return bool(session.intents & MEMBERS)
        return True

    def _for(self, session: Session, kind: str, data: dict[str, Any], channel: Channel | None) -> dict[str, Any]:
        blind = not session.intents & CONTENT and channel is not None and channel.type != DM
        own = data.get("author", {}).get("id") == self._setup.bot_id
        if kind in {"MESSAGE_CREATE", "MESSAGE_UPDATE"} and blind and not own:
            return data | {"content": "", "embeds": [], "attachments": [], "components": []}
        return data

    # --- one connection -------------------------------------------------------------------------------------

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        """One socket, until it ends."""
        loop = asyncio.get_running_loop()
        answer = web.WebSocketResponse(max_msg_size=0)
        await answer.prepare(request)
        socket = Socket(answer, request.transport, compressed=request.query.get("compress") == "zlib-stream")
        await socket.send(json.dumps({"op": 10, "d": {"heartbeat_interval": int(self._setup.heartbeat * 1000)}}))
        session: Session | None = None
        sent: deque[float] = deque(maxlen=EVENTS)
        beat = loop.time()
        patience = 1.5 * self._setup.heartbeat  # seconds without a heartbeat, after which the connection is dead
        try:
            while True:
                try:
                    frame = await answer.receive(timeout=max(beat + patience - loop.time(), 0.001))
                except TimeoutError:
                    await socket.close(TIMED_OUT)
                    break
                if frame.type is not aiohttp.WSMsgType.TEXT:
                    break
                if len(sent) == EVENTS and sent[0] > loop.time() - EVENTS_WITHIN:
                    await socket.close(TOO_MANY)
                    break
                sent.append(loop.time())
                try:
                    heard = json.loads(frame.data)
                    op = heard["op"]
                except (ValueError, TypeError, KeyError):
                    await socket.close(DECODE_ERROR)
                    break
                beat = loop.time() if op in {1, 2, 6} else beat
                session = await self._heard(socket, heard, session)
        finally:
            if session and session.socket is socket:
                session.socket = None
        return answer

    async def _heard(self, socket: Socket, frame: dict[str, Any], session: Session | None) -> Session | None:
        data = frame.get("d")
        match frame["op"]:
            case 1:
                await socket.send(json.dumps({"op": 11}))
            case 2 | 6 if session is not None:
                await socket.close(AUTHENTICATED)
            case 2:
                return await self._identify(socket, data or {})
            case 6:
                return await self._resume(socket, data or {})
            case 8 if session:
                await self._chunk(session, data or {})
            case 3 | 4 | 8 if session is None:
                await socket.close(NOT_AUTHENTICATED)
            case 3 | 4:
                pass
            case _:
                await socket.close(UNKNOWN_OPCODE)
        return session

    async def _identify(self, socket: Socket, data: dict[str, Any]) -> Session | None:
        if data.get("token") != self._setup.token:
            await socket.close(BAD_TOKEN)
            return None
        if not isinstance(data.get("intents"), int) or not 0 <= data["intents"] <= ALL_INTENTS:
            await socket.close(INVALID_INTENTS)
            return None
        if data.get("intents", 0) & PRIVILEGED and not self._setup.privileged_intents:
            await socket.close(DISALLOWED_INTENTS)
            return None
        session = Session(data.get("intents", 0))
        session.socket = socket
        ready = {
            "v": 10,
            "user": self._guild.user(self._setup.bot_id) | {"flags": 0, "email": None, "verified": True},
            "guilds": [{"id": id_, "unavailable": True} for id_ in self._guilds()],
            "session_id": session.id,
            "resume_gateway_url": self.address,
            "application": {"id": self._setup.application_id, "flags": 0},
        }
        if "shard" in data:
            ready["shard"] = data["shard"]
        await session.dispatch("READY", ready)
        for id_ in self._guilds():
            await session.dispatch("GUILD_CREATE", self.guild_json(session, id_))
        self.sessions[session.id] = session  # from here on it hears what happens
        self._guild.changes.add("session")
        return session

    async def _resume(self, socket: Socket, data: dict[str, Any]) -> Session | None:
        session = self.sessions.get(data.get("session_id", ""))
        seen = data.get("seq") or 0
        if (
            session is None
            or data.get("token") != self._setup.token
            or (session.kept and session.kept[0][0] > seen + 1)
        ):
            await socket.send(json.dumps({"op": 9, "d": False}))
            return None
        for number, text in list(session.kept):
            if number > seen:
                await socket.send(text)
        session.socket = socket
        await session.dispatch("RESUMED", {})
        self._guild.changes.add("session")
        return session

    async def _chunk(self, session: Session, data: dict[str, Any]) -> None:
        wanted = data.get("user_ids")
        wanted = [wanted] if isinstance(wanted, str) else wanted
        query = str(data.get("query") or "").lower()
        found = [
            member
            for id_, member in self._guild.members.items()
            if (id_ in wanted if wanted else member["user"]["username"].lower().startswith(query))
        ]
        answer = {"guild_id": self._guild.id, "members": found, "chunk_index": 0, "chunk_count": 1, "not_found": []}
        await session.dispatch("GUILD_MEMBERS_CHUNK", answer | ({"nonce": data["nonce"]} if "nonce" in data else {}))

    def _guilds(self) -> list[str]:
        """Where the bot is."""
        return [*([] if self._guild.expelled else [self._guild.id]), *self._setup.other_guilds]

    def guild_json(self, session: Session, id_: str = "") -> dict[str, Any]:
        guild, bot, id_ = self._guild, self._setup.bot_id, id_ or self._guild.id
        name = self._setup.guild_name if id_ == guild.id else self._setup.other_guilds[id_]["name"]
        seen = [c for c in guild.channels.values() if c.guild == id_ and not c.gone and guild.may(bot, c)]
        everyone = guild.roles[guild.id] | {"id": id_}  # its id is the server's
        roles = list(guild.roles.values()) if id_ == guild.id else [everyone]
        members = guild.members if session.intents & MEMBERS else {bot: guild.members[bot]}
        return {
            "id": id_,
            "name": name,
            "owner_id": next(iter(guild.members)),
            "roles": roles,
            "channels": [guild.channel_json(c) for c in seen if c.type not in THREADS],
            "threads": [guild.channel_json(c) for c in seen if c.type in THREADS and not c.meta["archived"]],
            "members": list(members.values()),
            "member_count": len(guild.members),
            "joined_at": "2024-01-01T00:00:00+00:00",
            "large": False,
            "unavailable": False,
            "preferred_locale": "en-US",
            "features": [],
            "emojis": [],
            "stickers": [],
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "nsfw_level": 0,
            "premium_tier": 0,
            "system_channel_flags": 0,
            "afk_timeout": 300,
            "premium_progress_bar_enabled": False,
            **dict.fromkeys(("icon", "splash", "banner", "description", "vanity_url_code", "system_channel_id",
                             "rules_channel_id", "public_updates_channel_id", "afk_channel_id",
                             "application_id", "discovery_splash")),
        }  # fmt: skip

    # --- on demand ------------------------------------------------------------------------------------------

    async def drop(self, code: int | None, *, resume: bool) -> None:
        """Cut every socket (`code` None: without a word); without `resume` the sessions are forgotten."""
        for session in list(self.sessions.values()):
            socket, session.socket = session.socket, None
            if not resume:
                del self.sessions[session.id]
            if socket is None:
                continue
            if code is not None:
                await socket.close(code)
            elif socket.transport:
                socket.transport.abort()

    async def ask_to_reconnect(self) -> None:
        for session in self.sessions.values():
            if session.socket:
                await session.socket.send(json.dumps({"op": 7}))
