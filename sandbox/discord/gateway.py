"""The Gateway: identify, shards, heartbeat, dispatch, resume (discord.com/developers/docs/events/gateway)."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import deque
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web

from sandbox.discord.greeting import guild_json
from sandbox.discord.guild import DM
from sandbox.discord.servers import shard_of
from sandbox.discord.sessions import Session, Socket
from sandbox.faults import Kind

if TYPE_CHECKING:
    from sandbox.discord.guild import Channel, Guild
    from sandbox.faults import Faults

GUILDS, MEMBERS, MESSAGES, REACTIONS, DIRECT_MESSAGES, CONTENT = 1, 1 << 1, 1 << 9, 1 << 10, 1 << 12, 1 << 15
PRIVILEGED = MEMBERS | 1 << 8 | CONTENT
UNKNOWN_OPCODE, DECODE_ERROR, NOT_AUTHENTICATED, BAD_TOKEN, AUTHENTICATED = 4001, 4002, 4003, 4004, 4005
TOO_MANY, TIMED_OUT, INVALID_INTENTS, DISALLOWED_INTENTS = 4008, 4009, 4013, 4014
INVALID_SHARD, SHARDING_REQUIRED = 4010, 4011
EVENTS, EVENTS_WITHIN = 120, 60.0  # that a client may send; seconds
ALL_INTENTS = (1 << 26) - 1


class Gateway:
    """All sessions, and what each may hear."""

    def __init__(self, guild: Guild, faults: Faults) -> None:
        self._guild = guild
        self._setup = guild.setup
        self._faults = faults
        self.sessions: dict[str, Session] = {}
        self.address = ""
        self._identified: dict[int, float] = {}  # bucket → when it last identified
        self.starts = 0
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
                if self._is_told(session, kind, data) and self._hears(session, kind, channel):
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

    def _is_told(self, session: Session, kind: str, data: dict[str, Any]) -> bool:
        """Whether it is of the session's shard: what is of no server is told to shard 0."""
        guild = str(data["id"] if kind in {"GUILD_CREATE", "GUILD_DELETE"} else data.get("guild_id") or "")
        number, count = session.shard
        return shard_of(guild, count) == number if guild else number == 0

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
        compress, address = request.query.get("compress", ""), f"ws://{request.host}{request.path}"
        socket = Socket(answer, request.transport, compress=compress, address=address)
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
        shard = data.get("shard", [0, 1])
        if not _is_shard(shard):
            await socket.close(INVALID_SHARD)
            return None
        session = Session(data.get("intents", 0), (shard[0], shard[1]))
        if len(self._guilds(session)) > self._setup.guilds_per_shard:
            await socket.close(SHARDING_REQUIRED)
            return None
        if not await self._may_start(socket, shard[0]):
            return None
        session.socket = socket
        ready = {
            "v": 10,
            "user": self._guild.user(self._setup.bot_id) | {"flags": 0, "email": None, "verified": True},
            "guilds": [{"id": id_, "unavailable": True} for id_ in self._guilds(session)],
            "session_id": session.id,
            "resume_gateway_url": socket.address,  # whoever came by a cable stays on it
            "application": {"id": self._setup.application_id, "flags": 0},
        }
        if "shard" in data:
            ready["shard"] = data["shard"]
        await session.dispatch("READY", ready)
        for id_ in self._guilds(session):
            await session.dispatch("GUILD_CREATE", self.guild_json(session, id_))
        self.sessions[session.id] = session  # from here on it hears what happens
        self._guild.changes.add("session")
        return session

    async def _may_start(self, socket: Socket, shard: int) -> bool:
        """One at a time for each bucket of shards; and who starts more sessions a day than Discord allows has their
        sessions ended and their token reset.
        """
        now, bucket = asyncio.get_running_loop().time(), shard % self._setup.max_concurrency
        if now - self._identified.get(bucket, -self._setup.identify_every) < self._setup.identify_every:
            await socket.send(json.dumps({"op": 9, "d": False}))
            return False
        self._identified[bucket] = now
        self.starts += 1
        if self.starts <= self._setup.session_starts:
            return True
        self._setup.token = secrets.token_urlsafe(24)
        await self.drop(BAD_TOKEN, resume=False)
        await socket.close(BAD_TOKEN)
        return False

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
        server = self._guild.server(str(data.get("guild_id") or ""))
        found = [
            member
            for id_, member in server.members.items()
            if (id_ in wanted if wanted else member["user"]["username"].lower().startswith(query))
        ]
        answer = {"guild_id": server.id, "members": found, "chunk_index": 0, "chunk_count": 1, "not_found": []}
        await session.dispatch("GUILD_MEMBERS_CHUNK", answer | ({"nonce": data["nonce"]} if "nonce" in data else {}))

    def _guilds(self, session: Session) -> list[str]:
        """Where the bot is, as far as this session's shard tells."""
        number, count = session.shard
        return [s.id for s in self._guild.servers.values() if not s.expelled and shard_of(s.id, count) == number]

    def guild_json(self, session: Session, id_: str = "") -> dict[str, Any]:
        return guild_json(self._guild, id_ or self._guild.id, members=bool(session.intents & MEMBERS))

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


def _is_shard(shard: Any) -> bool:
    """[number, count], the first being the lesser."""
    if not isinstance(shard, list) or len(shard) != 2 or not all(type(part) is int for part in shard):
        return False
    number, count = shard
    return bool(0 <= number < count)
