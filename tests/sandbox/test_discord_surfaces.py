"""Menus, suggestions, selects, follow-ups, pins, reactions and upheavals: the stand-in is as strict as Discord."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.discord.limits import commands as command_findings
from sandbox.discord.limits import message as message_findings
from sandbox.discord.limits import modal as modal_findings
from sandbox.discord.permissions import BOT, PIN_MESSAGES, VIEW_CHANNEL
from tests.sandbox.discord_app import BEN, HELP, SAM, Caller, Client, serving, setup

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

COMMANDS: list[dict[str, Any]] = [
    {
        "name": "ticket",
        "description": "Open one",
        "options": [{"name": "subject", "description": "What", "type": 3, "autocomplete": True}],
    },
    {"name": "Open a ticket", "type": 3},
]
PEOPLE = {"type": 1, "components": [{"type": 5, "custom_id": "who", "min_values": 0, "max_values": 2}]}
OPTIONS = [{"label": name.upper(), "value": name} for name in "abc"]
SEVERAL = {
    "type": 1,
    "components": [{"type": 3, "custom_id": "more", "options": OPTIONS, "min_values": 0, "max_values": 3}],
}


@pytest.fixture
async def discord() -> AsyncIterator[Caller]:
    async with serving(setup()) as caller:
        await caller("PUT /applications/900/guilds/100/commands", COMMANDS)
        yield caller


@pytest.fixture
async def client(discord: Caller) -> AsyncIterator[Client]:
    async with Client(discord) as made:
        await made.identify()
        await made.next("GUILD_CREATE")
        yield made


async def used(discord: Caller, client: Client, verb: str, **args: Any) -> tuple[asyncio.Task[Any], dict[str, Any]]:
    """Somebody does it; gives what they will see, and the interaction that the application hears."""
    doing = asyncio.create_task(discord.people.call(verb, user=BEN, channel=HELP, **args))
    return doing, await client.next("INTERACTION_CREATE")


def callback(made: dict[str, Any]) -> str:
    return f"POST /interactions/{made['id']}/{made['token']}/callback"


async def test_a_messages_menu_sends_the_message_along(discord: Caller, client: Client) -> None:
    said = await discord.people.call("say", user=SAM, channel=HELP, content="help me")
    chosen, made = await used(discord, client, "shortcut", message=said["id"], name="Open a ticket")
    assert (made["type"], made["data"]["type"], made["data"]["target_id"]) == (2, 3, said["id"])
    assert made["data"]["resolved"]["messages"][said["id"]]["content"] == "help me"
    modal = {"title": "M", "custom_id": "m", "components": [{"type": 18, "label": "L", "component": TEXT}]}
    assert (await discord(callback(made), {"type": 9, "data": modal}))["status"] == 204
    assert (await chosen)["answer"]["type"] == "modal"
    unknown = await discord.people.call("shortcut", user=BEN, channel=HELP, message=said["id"], name="Nothing")
    assert not unknown["ok"]


TEXT = {"type": 4, "custom_id": "t", "style": 1}


async def test_suggestions_have_their_limits_and_their_clock(discord: Caller, client: Client) -> None:
    typed = {"name": "ticket", "option": "subject", "typed": "pr"}
    offered, made = await used(discord, client, "suggest", **typed)
    assert (made["type"], made["data"]["options"][0]) == (
        4,
        {"name": "subject", "type": 3, "value": "pr", "focused": True},
    )
    for data in (
        {"choices": [{"name": str(n), "value": str(n)} for n in range(26)]},
        {"choices": [{"name": "x" * 101, "value": "x"}]},
        {"choices": [{"name": "x", "value": "x" * 101}]},
    ):
        assert (await discord(callback(made), {"type": 8, "data": data}))["code"] == 50035
    assert (await discord(callback(made), {"type": 4, "data": {"content": "no"}}))["code"] == 50035
    choices = [{"name": "Printer", "value": "42"}]
    assert (await discord(callback(made), {"type": 8, "data": {"choices": choices}}))["status"] == 204
    assert (await offered)["answer"]["choices"] == choices
    discord.discord.setup.answer_within = 0.1
    late, made = await used(discord, client, "suggest", **typed)
    assert not (await late)["ok"]
    assert (await discord(callback(made), {"type": 8, "data": {"choices": []}}))["code"] == 10062


async def test_selects_of_people_and_of_several_in_messages(discord: Caller, client: Client) -> None:
    body = {"content": "choose", "components": [PEOPLE, SEVERAL]}
    said = await discord(f"POST /channels/{HELP}/messages", body)
    where = {"channel": HELP, "message": said["id"], "user": BEN}
    for custom_id, values in (("who", [SAM, BEN, "900"]), ("who", ["999"]), ("more", ["z"]), ("gone", ["a"])):
        assert not (await discord.people.call("press", custom_id=custom_id, values=values, **where))["ok"]
    press, made = await used(discord, client, "press", message=said["id"], custom_id="who", values=[SAM])
    assert made["data"]["values"] == [SAM]
    assert made["data"]["resolved"]["users"][SAM]["username"] == "sam"
    await discord(callback(made), {"type": 6})
    await press
    press, made = await used(discord, client, "press", message=said["id"], custom_id="more", values=[])
    assert made["data"]["values"] == []
    await discord(callback(made), {"type": 7, "data": {"content": "chosen", "components": []}})
    assert (await press)["answer"]["type"] == "update"
    assert (await client.next("MESSAGE_UPDATE"))["content"] == "chosen"


FIELDS: dict[str, dict[str, Any]] = {
    "who": {"type": 5, "default_values": [{"id": SAM, "type": "user"}]},
    "role": {"type": 6, "required": False, "min_values": 0},
    "either": {"type": 7, "required": False, "min_values": 0},
    "where": {"type": 8, "channel_types": [0], "required": False, "min_values": 0},
    "more": {"type": 3, "options": OPTIONS, "max_values": 2},
}


async def test_selects_of_every_kind_in_a_form(discord: Caller, client: Client) -> None:
    boxes = [{"type": 18, "label": name, "component": {"custom_id": name, **made}} for name, made in FIELDS.items()]
    typed, made = await used(discord, client, "command", name="ticket")
    data = {"title": "M", "custom_id": "m", "components": boxes}
    assert (await discord(callback(made), {"type": 9, "data": data}))["status"] == 204
    await typed
    assert "more" in (await discord.people.call("submit", user=BEN, values={}))["client_errors"]
    for bad in ({"more": ["a", "b", "c"]}, {"more": ["a"], "where": ["203"]}, {"more": ["a"], "role": [SAM]}):
        assert "client_errors" in await discord.people.call("submit", user=BEN, values=bad)
    values = {"more": ["A", "c"], "either": ["901"], "where": [HELP]}
    sent = asyncio.create_task(discord.people.call("submit", user=BEN, values=values))
    made = await client.next("INTERACTION_CREATE")
    given = {box["component"]["custom_id"]: box["component"]["values"] for box in made["data"]["components"]}
    assert given == {"who": [SAM], "role": [], "either": ["901"], "where": [HELP], "more": ["a", "c"]}
    assert set(made["data"]["resolved"]) == {"users", "members", "roles", "channels"}
    assert (await discord(callback(made), {"type": 7, "data": {"content": "x"}}))["code"] == 50035  # from a command
    await discord(callback(made), {"type": 4, "data": {"content": "thanks", "flags": 64}})
    assert (await sent)["answer"]["ephemeral"]


async def test_a_follow_up_is_edited_and_deleted_by_its_id(discord: Caller, client: Client) -> None:
    typed, made = await used(discord, client, "command", name="ticket")
    hook = f"/webhooks/900/{made['token']}"
    assert (await discord(f"POST {hook}", {"content": "too early"}))["code"] == 10015
    await discord(callback(made), {"type": 5, "data": {"flags": 64}})
    await typed
    first = await discord(f"POST {hook}", {"content": "the answer", "flags": 64})
    assert (await discord(f"GET {hook}/messages/@original"))["id"] == first["id"]
    second = await discord(f"POST {hook}", {"content": "and more", "flags": 64})
    assert second["id"] != first["id"]
    edited = await discord(f"PATCH {hook}/messages/{second['id']}", {"content": "and less"})
    assert edited["content"] == "and less"
    assert (await discord(f"PATCH {hook}/messages/{second['id']}", {"content": ""}))["code"] == 50006
    assert (await discord(f"DELETE {hook}/messages/{second['id']}"))["status"] == 204
    assert (await discord(f"PATCH {hook}/messages/{second['id']}", {"content": "x"}))["code"] == 10008
    foreign = await discord.people.call("say", user=SAM, channel=HELP, content="mine")
    assert (await discord(f"PATCH {hook}/messages/{foreign['id']}", {"content": "x"}))["code"] == 10008
    assert [m["content"] for m in await discord.people.call("ephemerals", user=BEN)] == ["the answer"]


async def test_a_deferred_update_changes_the_message_that_was_used(discord: Caller, client: Client) -> None:
    said = await discord(f"POST /channels/{HELP}/messages", {"content": "choose", "components": [SEVERAL]})
    press, made = await used(discord, client, "press", message=said["id"], custom_id="more", values=["a"])
    hook = f"/webhooks/900/{made['token']}"
    await discord(callback(made), {"type": 6})
    assert (await press)["answer"]["type"] == "deferred_update"
    await discord(f"PATCH {hook}/messages/@original", {"content": "changed"})
    follow = await discord(f"POST {hook}", {"content": "aside", "flags": 64})
    assert [m["content"] for m in await discord.people.call("messages", channel=HELP)] == ["changed"]
    assert [m["id"] for m in await discord.people.call("ephemerals", user=BEN)] == [follow["id"]]


async def test_pins_need_their_right_and_are_told(discord: Caller, client: Client) -> None:
    said = await discord(f"POST /channels/{HELP}/messages", {"content": "read me"})
    pin = f"/channels/{HELP}/messages/pins/{said['id']}"
    discord.discord.guild.roles["901"]["permissions"] = str(BOT & ~PIN_MESSAGES)
    assert (await discord(f"PUT {pin}"))["code"] == 50013
    discord.discord.guild.roles["901"]["permissions"] = str(BOT)
    assert [(await discord(f"PUT {pin}"))["status"] for _ in range(2)] == [204, 204]
    await client.next("CHANNEL_PINS_UPDATE")
    assert [m["type"] for m in await discord.people.call("messages", channel=HELP)] == [0, 6]
    found = await discord(f"GET /channels/{HELP}/messages/pins")
    assert [item["message"]["id"] for item in found["items"]] == [said["id"]]
    await discord(f"DELETE {pin}")
    assert (await discord(f"GET /channels/{HELP}/messages/pins"))["items"] == []


async def test_reactions_are_told_once_and_taken_back(discord: Caller, client: Client) -> None:
    said = await discord.people.call("say", user=SAM, channel=HELP, content="x")
    where = {"user": BEN, "channel": HELP, "message": said["id"]}
    for emoji in ("🎫", "🎫", "ours:77"):
        await discord.people.call("react", emoji=emoji, **where)
    first, second = await client.next("MESSAGE_REACTION_ADD"), await client.next("MESSAGE_REACTION_ADD")
    assert (first["emoji"], second["emoji"]) == ({"id": None, "name": "🎫"}, {"id": "77", "name": "ours"})
    assert (first["member"]["user"]["id"], first["message_author_id"]) == (BEN, SAM)
    await discord.people.call("unreact", emoji="🎫", **where)
    assert (await client.next("MESSAGE_REACTION_REMOVE"))["emoji"]["name"] == "🎫"


async def test_what_is_archived_is_not_touched_until_words_wake_it_where_there_is_room(
    discord: Caller, client: Client
) -> None:
    thread = await discord.thread()
    said = await discord(f"POST /channels/{thread}/messages", {"content": "card"})
    await discord.people.call("archive", thread=thread)
    assert (await client.next("THREAD_UPDATE"))["thread_metadata"]["archived"]
    for call in (
        f"DELETE /channels/{thread}/messages/{said['id']}",
        f"PUT /channels/{thread}/messages/{said['id']}/reactions/🎫/@me",
        f"PUT /channels/{thread}/messages/pins/{said['id']}",
    ):
        assert (await discord(call))["code"] == 50083
    discord.discord.setup.active_threads = 1
    other = await discord.thread()
    assert (await discord(f"POST /channels/{thread}/messages", {"content": "wake"}))["code"] == 160006
    assert (await discord(f"PATCH /channels/{thread}", {"archived": False}))["code"] == 160006
    assert (await discord.people.call("say", user=BEN, channel=thread, content="wake"))["code"] == 160006
    await discord(f"PATCH /channels/{other}", {"archived": True})
    assert (await discord(f"POST /channels/{thread}/messages", {"content": "wake"}))["status"] == 200
    while (woken := await client.next("THREAD_UPDATE"))["id"] != thread:
        pass
    assert not woken["thread_metadata"]["archived"]


async def test_a_thread_takes_so_many_members(discord: Caller) -> None:
    thread = await discord.thread(12)
    discord.discord.setup.thread_members = 2
    assert (await discord(f"PUT /channels/{thread}/thread-members/{BEN}"))["status"] == 204
    assert (await discord(f"PUT /channels/{thread}/thread-members/{BEN}"))["status"] == 204
    assert (await discord(f"PUT /channels/{thread}/thread-members/{SAM}"))["code"] == 30033


async def test_moderators_delete_what_others_said(discord: Caller, client: Client) -> None:
    said = [await discord.people.call("say", user=BEN, channel=HELP, content=str(n)) for n in range(3)]
    refused = await discord.people.call("delete", user=SAM, channel=HELP, message=said[0]["id"])
    assert refused["code"] == 50013
    await discord.people.call("purge", channel=HELP, messages=[said[0]["id"], said[1]["id"]])
    assert (await client.next("MESSAGE_DELETE_BULK"))["ids"] == [said[0]["id"], said[1]["id"]]
    assert [m["content"] for m in await discord.people.call("messages", channel=HELP)] == ["2"]


async def test_a_person_says_no_more_than_a_client_sends(discord: Caller) -> None:
    said = await discord.people.call("say", user=BEN, channel=HELP, content="x" * 4000)
    assert (await discord.people.call("say", user=BEN, channel=HELP, content="x" * 4001))["code"] == 50035
    where = {"user": BEN, "channel": HELP, "message": said["id"]}
    assert (await discord.people.call("edit", content="x" * 4001, **where))["code"] == 50035
    files = [{"name": str(number), "data_base64": ""} for number in range(11)]
    assert (await discord.people.call("say", user=BEN, channel=HELP, files=files))["code"] == 50035


async def test_another_server_of_the_bots_has_its_own_channels() -> None:
    others = {"101": {"name": "Elsewhere", "channels": {"501": {"name": "there"}}}}
    async with serving(setup(other_guilds=others)) as discord, Client(discord) as client:
        await client.identify()
        assert [(await client.next("GUILD_CREATE"))["name"] for _ in range(2)] == ["Sandbox", "Elsewhere"]
        await discord.people.call("say", user=BEN, channel="501", content="hello")
        assert (await client.next("MESSAGE_CREATE"))["guild_id"] == "101"
        assert [c["id"] for c in (await discord("GET /guilds/101/channels"))["list"]] == ["501"]
        thread = await discord("POST /channels/501/threads", {"name": "t", "type": 11})
        assert [t["id"] for t in (await discord("GET /guilds/101/threads/active"))["threads"]] == [thread["id"]]
        assert (await discord("GET /guilds/100/threads/active"))["threads"] == []


async def test_a_bot_that_was_taken_out_sees_nothing_until_it_is_let_in(discord: Caller, client: Client) -> None:
    await discord.people.call("expel")
    assert (await client.next("GUILD_DELETE")) == {"id": "100"}
    assert (await discord(f"POST /channels/{HELP}/messages", {"content": "x"}))["code"] == 50001
    assert (await discord("GET /guilds/100"))["code"] == 10004
    await discord.people.call("say", user=BEN, channel=HELP, content="unheard")
    await discord.people.call("invite")
    await client.next("GUILD_CREATE")
    await discord.people.call("say", user=BEN, channel=HELP, content="heard")
    assert (await client.next("MESSAGE_CREATE"))["content"] == "heard"


async def test_a_hidden_channel_a_role_and_a_member_that_go_are_told(discord: Caller, client: Client) -> None:
    await discord.people.call("set_roles", user=BEN, roles=["901"])
    assert (await client.next("GUILD_MEMBER_UPDATE"))["roles"] == ["901"]
    hidden = [{"id": "100", "type": 0, "allow": "0", "deny": str(VIEW_CHANNEL)}]
    await discord.people.call("set_overwrites", channel=HELP, overwrites=hidden)
    assert (await discord(f"GET /channels/{HELP}"))["code"] == 50001
    assert (await discord.people.call("say", user=SAM, channel=HELP, content="x"))["code"] == 50001
    await discord.people.call("remove_member", user=SAM)
    assert (await client.next("GUILD_MEMBER_REMOVE"))["user"]["id"] == SAM
    assert (await discord(f"GET /guilds/100/members/{SAM}"))["code"] == 10007


def test_limits_of_selects_menus_and_suggestions() -> None:
    def paths(component: dict[str, Any]) -> set[str]:
        row = {"type": 1, "components": [{"custom_id": "x", **component}]}
        return {path.rpartition(".")[2] for path, _ in message_findings({"components": [row]}, 0)}

    assert paths({"type": 3, "options": OPTIONS, "max_values": 4}) == {"max_values"}
    assert paths({"type": 3, "options": OPTIONS, "min_values": 2}) == {"min_values"}
    assert paths({"type": 5, "max_values": 26}) == {"min_values"}
    assert paths({"type": 5, "required": True}) == {"required"}
    assert paths({"type": 5, "options": OPTIONS}) == {"options"}
    assert paths({"type": 6, "default_values": [{"id": "1"}, {"id": "2"}]}) == {"default_values"}
    box = {"type": 18, "label": "L", "component": {"type": 3, "custom_id": "x", "options": OPTIONS, "min_values": 0}}
    assert list(modal_findings({"title": "M", "custom_id": "m", "components": [box]}))
    menu = {"name": "x" * 33, "type": 3}
    assert list(command_findings([menu]))
    assert list(command_findings([{"name": "Open", "type": 3, "description": "no"}]))
    assert list(command_findings([{"name": str(n), "type": 3} for n in range(16)]))
    assert list(command_findings([{"name": "Open", "type": 3}] * 2))
    assert not list(command_findings(COMMANDS))


# --- clocks, buckets and what the gateway does not take -----------------------------------------------------------


async def test_a_bucket_tells_what_is_left_and_who_is_refused_too_often_is_banned(discord: Caller) -> None:
    discord.discord.setup.route_limit = (2, 60.0)
    call = f"GET /channels/{HELP}"
    left = [(await discord(call))["headers"].get("X-RateLimit-Remaining") for _ in range(3)]
    assert left == ["1", "0", None]
    assert (await discord(f"GET /channels/{HELP}/messages"))["status"] == 200
    discord.discord.setup.route_limit, discord.discord.setup.refusals = None, 3
    assert [(await discord("GET /users/@me", token="stolen"))["status"] for _ in range(2)] == [401, 401]
    url = f"{discord.discord.api_url}/users/@me"
    async with discord.session.get(url, headers={"Authorization": "Bot discord-sandbox-token"}) as answer:
        assert (answer.status, "Via" in answer.headers) == (429, False)
        assert "1015" in await answer.text()


async def test_a_name_changes_twice_in_ten_minutes(discord: Caller) -> None:
    thread = await discord.thread()
    states = [(await discord(f"PATCH /channels/{thread}", {"name": name}))["status"] for name in ("a", "a", "b", "c")]
    assert states == [200, 200, 200, 429]


async def test_a_forum_that_wants_tags_gets_its_own() -> None:
    tags = [{"id": "1", "name": "bug"}, {"id": "2", "name": "done", "moderated": True}]
    forum = {"name": "forum", "type": 15, "flags": 1 << 4, "available_tags": tags}
    made = setup()
    made.channels["203"] = forum
    async with serving(made) as discord:
        post = {"name": "p", "message": {"content": "x"}}
        path = "POST /channels/203/threads"
        assert (await discord(path, post))["code"] == 40067
        assert (await discord(path, post | {"applied_tags": ["9"]}))["code"] == 10087
        assert (await discord(path, post | {"applied_tags": ["1"]}))["applied_tags"] == ["1"]


async def test_commands_are_made_changed_and_counted(discord: Caller) -> None:
    path = "/applications/900/guilds/100/commands"
    discord.discord.setup.commands_a_day = 3
    made = await discord(f"POST {path}", {"name": "more", "description": "d"})
    again = await discord(f"POST {path}", {"name": "more", "description": "better"})
    assert (again["id"], again["description"]) == (made["id"], "better")
    assert (await discord(f"PATCH {path}/{made['id']}", {"description": "x" * 101}))["code"] == 50035
    assert (await discord(f"POST {path}", {"name": "fourth", "description": "d"}))["code"] == 30034
    assert (await discord(f"DELETE {path}/{made['id']}"))["status"] == 204
    assert (await discord(f"DELETE {path}/{made['id']}"))["code"] == 10063


@pytest.mark.parametrize(
    ("frame", "code"),
    (
        ({"op": 99}, 4001),
        ("no json", 4002),
        ({"no": "op"}, 4002),
        ({"op": 8, "d": {}}, 4003),
        ({"op": 2, "d": {"token": "discord-sandbox-token", "intents": -1}}, 4013),
    ),
    ids=str,
)  # fmt: skip
async def test_the_gateway_closes_on_what_it_does_not_take(discord: Caller, frame: Any, code: int) -> None:
    async with Client(discord) as client:
        await (client.socket.send_str(frame) if isinstance(frame, str) else client.socket.send_json(frame))
        assert (await client.next("nothing"))["closed"] == code


async def test_a_client_that_identifies_twice_or_has_no_pulse_or_talks_too_much_is_closed(discord: Caller) -> None:
    async with Client(discord) as client:
        await client.identify()
        await client.next("GUILD_CREATE")
        await client.identify()
        assert (await client.next("nothing"))["closed"] == 4005
    async with Client(discord) as client:
        for _ in range(121):
            await client.socket.send_json({"op": 1, "d": None})
        assert (await client.next("nothing"))["closed"] == 4008
    discord.discord.setup.heartbeat = 0.02
    async with Client(discord) as client:
        assert (await client.next("nothing"))["closed"] == 4009
