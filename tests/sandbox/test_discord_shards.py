"""The stand-in's many servers and the shards that tell of them, as an application of any size meets them."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from typing import Any

import pytest
import zstandard

from tests.sandbox.discord_app import BEN, HELP, SAM, Caller, Client, serving, setup

FIRST, SECOND, THIRD = (str(number << 22) for number in (4, 5, 6))
THERE, YONDER = "501", "502"
STAFF = "701"
OTHERS: dict[str, Any] = {
    SECOND: {
        "name": "Second",
        "channels": {THERE: {"name": "there"}},
        "roles": {STAFF: {"name": "Staff"}},
        "members": {SAM: {"roles": [STAFF]}},
    },
    THIRD: {"name": "Third", "channels": {YONDER: {"name": "yonder"}}},
}


def world(**changes: Any) -> Any:
    return serving(setup(guild_id=FIRST, other_guilds=OTHERS, **changes))


class Shard(Client):
    """A gateway client of one shard."""

    def __init__(self, caller: Caller, number: Any, count: Any, **options: Any) -> None:
        super().__init__(caller, **options)
        self.hello["shard"] = [number, count]

    async def begun(self) -> dict[str, Any]:
        await self.identify()
        return await self.next("READY")


async def test_each_shard_is_told_of_its_own_servers_and_the_first_of_direct_conversations() -> None:
    async with world(shards=2) as discord, Shard(discord, 0, 2) as even, Shard(discord, 1, 2) as odd:
        assert [guild["id"] for guild in (await even.begun())["guilds"]] == [FIRST, THIRD]
        ready = await odd.begun()
        assert ([guild["id"] for guild in ready["guilds"]], ready["shard"]) == ([SECOND], [1, 2])
        dm = await discord.people.call("dm", user=BEN)
        for channel in (THERE, HELP, dm["channel"], YONDER):
            await discord.people.call("say", user=SAM if channel == THERE else BEN, channel=channel, content=channel)
        assert [(await even.next("MESSAGE_CREATE"))["content"] for _ in range(3)] == [HELP, dm["channel"], YONDER]
        assert (await odd.next("MESSAGE_CREATE"))["content"] == THERE
        assert (await discord.people.call("sockets"))["shards"] == [[0, 2], [1, 2]]


async def test_a_second_session_of_a_shard_lives_beside_the_first_and_both_hear_all() -> None:
    async with world() as discord, Shard(discord, 0, 2) as old, Shard(discord, 0, 2) as new, Client(discord) as whole:
        await old.begun()
        await new.begun()
        await whole.identify()
        await whole.next("READY")
        await discord.people.call("say", user=BEN, channel=HELP, content="hello")
        for each in (old, new, whole):
            assert (await each.next("MESSAGE_CREATE"))["content"] == "hello"


@pytest.mark.parametrize("shard", ([2, 2], [-1, 2], [0, 0], [0], ["0", "2"], [True, 2], "0/2"))
async def test_an_invalid_shard_is_refused(shard: Any) -> None:
    async with world() as discord, Client(discord) as client:
        client.hello["shard"] = shard
        await client.identify()
        assert await client.next("READY") == {"closed": 4010}


async def test_a_session_of_too_many_servers_must_be_sharded() -> None:
    async with world(guilds_per_shard=2) as discord, Client(discord) as whole, Shard(discord, 0, 2) as half:
        await whole.identify()
        assert await whole.next("READY") == {"closed": 4011}
        assert len((await half.begun())["guilds"]) == 2


async def test_who_identifies_too_soon_is_told_that_the_session_is_invalid_but_other_buckets_are_free() -> None:
    async with world(identify_every=600.0, max_concurrency=2) as discord, AsyncExitStack() as open_:
        shards = [await open_.enter_async_context(Shard(discord, number, 3)) for number in range(3)]
        for shard in shards:
            await shard.identify()
        await shards[0].next("READY")
        await shards[1].next("READY")
        assert await shards[2].next("op 9") == {"d": False}  # 2 % 2: the bucket of shard 0
        about = (await discord("GET /gateway/bot"))["session_start_limit"]
        assert (about["max_concurrency"], about["total"] - about["remaining"]) == (2, 2)


async def test_who_starts_too_many_sessions_has_their_token_reset() -> None:
    async with world(session_starts=1) as discord, Shard(discord, 0, 2) as first, Shard(discord, 1, 2) as second:
        await first.begun()
        await second.identify()
        assert await second.next("READY") == {"closed": 4004}
        assert "closed" in await first.next("MESSAGE_CREATE")
        assert (await discord("GET /users/@me"))["status"] == 401


async def test_a_session_that_resumes_goes_on_with_its_shard() -> None:
    async with world() as discord:
        async with Shard(discord, 1, 2) as odd:
            session = (await odd.begun())["session_id"]
            await odd.next("GUILD_CREATE")
        await discord.people.call("say", user=SAM, channel=THERE, content="missed")
        await discord.people.call("say", user=BEN, channel=HELP, content="not its own")
        async with Client(discord) as again:
            resume = {"token": "discord-sandbox-token", "session_id": session, "seq": odd.sequence}
            await again.socket.send_json({"op": 6, "d": resume})
            assert (await again.next("MESSAGE_CREATE"))["content"] == "missed"
            await again.next("RESUMED")


async def test_each_server_has_its_own_people_roles_and_rights() -> None:
    async with world() as discord:
        assert (await discord(f"GET /guilds/{SECOND}/members/{BEN}"))["code"] == 10007
        assert (await discord(f"GET /guilds/{SECOND}/members/{SAM}"))["roles"] == [STAFF]
        assert (await discord(f"GET /guilds/{FIRST}/members/{SAM}"))["roles"] == []
        assert STAFF in {role["id"] for role in (await discord(f"GET /guilds/{SECOND}/roles"))["list"]}
        assert (await discord.people.call("say", user=BEN, channel=THERE, content="x"))["code"] == 50001
        assert {guild["id"] for guild in (await discord("GET /users/@me/guilds"))["list"]} == {FIRST, SECOND, THIRD}


async def test_joining_another_server_and_taking_the_bot_out_are_told_to_its_shard_alone() -> None:
    async with world() as discord, Shard(discord, 0, 2) as even, Shard(discord, 1, 2) as odd:
        await even.begun()
        await odd.begun()
        await discord.people.call("add_member", user=BEN, roles=[STAFF], guild=SECOND)
        joined = await odd.next("GUILD_MEMBER_ADD")
        assert (joined["guild_id"], joined["user"]["id"], joined["roles"]) == (SECOND, BEN, [STAFF])
        await discord.people.call("expel", guild=SECOND)
        assert await odd.next("GUILD_DELETE") == {"id": SECOND}
        assert (await discord(f"GET /guilds/{SECOND}"))["code"] == 10004
        await discord.people.call("say", user=BEN, channel=HELP, content="hello")
        assert (await even.next("MESSAGE_CREATE"))["guild_id"] == FIRST


async def test_a_global_command_is_there_in_every_server_and_directly() -> None:
    async with world() as discord, Client(discord) as whole:
        await whole.identify()
        await discord("PUT /applications/900/commands", [{"name": "ticket", "description": "Open one"}])
        dm = (await discord.people.call("dm", user=SAM))["channel"]
        for channel, guild in ((THERE, SECOND), (YONDER, THIRD), (dm, None)):
            typed = discord.people.call("command", user=SAM, name="ticket", channel=channel)
            task = asyncio.ensure_future(typed)
            asked = await whole.next("INTERACTION_CREATE")
            assert asked.get("guild_id") == guild
            answer = {"type": 4, "data": {"content": "yes"}}
            await discord(f"POST /interactions/{asked['id']}/{asked['token']}/callback", answer)
            assert (await task)["ok"]


async def test_a_stream_may_be_compressed_with_zstd() -> None:
    async with world() as discord:
        address = f"{discord.discord.gateway_url}/?v=10&encoding=json&compress=zstd-stream"
        async with discord.session.ws_connect(address) as socket:
            stream = zstandard.ZstdDecompressor().decompressobj()
            assert json.loads(stream.decompress(await socket.receive_bytes()))["op"] == 10
            hello = {"token": "discord-sandbox-token", "intents": 1, "properties": {}}
            await socket.send_json({"op": 2, "d": hello})
            assert json.loads(stream.decompress(await socket.receive_bytes()))["t"] == "READY"


async def test_an_entry_in_the_menu_of_people_tells_who_was_meant() -> None:
    async with world() as discord, Client(discord) as whole:
        await whole.identify()
        await discord(f"PUT /applications/900/guilds/{FIRST}/commands", [{"name": "Their tickets", "type": 2}])
        chosen = discord.people.call("person_shortcut", user=BEN, channel=HELP, person=SAM, name="Their tickets")
        task = asyncio.ensure_future(chosen)
        asked = await whole.next("INTERACTION_CREATE")
        assert (asked["data"]["target_id"], asked["data"]["type"]) == (SAM, 2)
        assert asked["data"]["resolved"]["users"][SAM]["username"] == "sam"
        assert "permissions" in asked["data"]["resolved"]["members"][SAM]
        await discord(
            f"POST /interactions/{asked['id']}/{asked['token']}/callback", {"type": 4, "data": {"content": "x"}}
        )
        assert (await task)["ok"]
        unknown = await discord.people.call("person_shortcut", user=BEN, channel=HELP, person=SAM, name="Else")
        assert not unknown["ok"]


async def test_messages_are_deleted_in_bulk_by_who_manages_them() -> None:
    async with world() as discord, Client(discord) as whole:
        await whole.identify()
        said = [(await discord.people.call("say", user=BEN, channel=HELP, content="x"))["id"] for _ in range(3)]
        path = f"POST /channels/{HELP}/messages/bulk-delete"
        assert (await discord(path, {"messages": said[:1]}))["code"] in {50016, 50035}
        assert (await discord(path, {"messages": [*said, str(1 << 22)]}))["code"] == 50034
        unknown = str((int(said[2]) >> 22) + 5 << 22)
        assert (await discord(path, {"messages": [said[0], said[1], unknown]}))["status"] == 204
        assert (await whole.next("MESSAGE_DELETE_BULK"))["ids"] == said[:2]
        left = await discord.people.call("messages", channel=HELP)
        assert [message["id"] for message in left] == [said[2]]
