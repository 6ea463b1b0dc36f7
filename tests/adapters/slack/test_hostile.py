"""Payloads that Slack never sends, and sizes that nobody has: nothing raises, nothing that makes sense is lost."""

from __future__ import annotations

import asyncio
import json
import logging
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.port import Said
from adapters.slack import forms
from adapters.slack.answers import Answers
from adapters.slack.api import Api
from adapters.slack.asides import Asides
from adapters.slack.asks import Asks
from adapters.slack.config import SlackConfig, SlackTokens
from adapters.slack.hearing import Hearing
from adapters.slack.inbound import LONGEST, Inbound, Me, lane
from adapters.slack.interactions import Interactions
from adapters.slack.origin import origin
from adapters.slack.outbound import Outbound
from adapters.slack.profiles import Profiles
from adapters.ui import Button, Card, Command, Form, Found, Instead, TextField
from tests.adapters.slack.conftest import LEA
from tests.adapters.slack.test_inbound import ASKS, INBOUND, SAMPLES, THREAD, VIEW, changed, event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapters.port import Answer, Heard
    from adapters.slack.channel import SlackChannel
    from tests.adapters.slack.conftest import Ear, Workspace

LOGGERS = ("adapters.slack", "slack_bolt")
VIEW_AT_HOME = {"type": "home", "id": "V2", "hash": "h", "blocks": [], "private_metadata": ""}
PRESS = {
    "type": "block_actions",
    "user": {"id": "U1"},
    "team": {"id": "T1"},
    "container": {"type": "message", "message_ts": THREAD, "channel_id": "C1", "is_ephemeral": False},
    "message": {"ts": THREAD, "thread_ts": THREAD, "reply_count": 1, "blocks": [{"block_id": "b"}]},
    "trigger_id": "1.2",
    "response_url": "http://127.0.0.1:9/r",
    "actions": [{"action_id": "0:claim", "value": "1", "action_ts": "1.2", "selected_option": None}],
}
MENU = {
    "action_id": "0:pick|7",
    "action_ts": "1.2",
    "selected_options": [{"value": "a"}],
    "type": "multi_static_select",
}
WHOLE: list[Any] = [
    event(text="x", thread_ts=THREAD, files=[{"id": "F1"}], blocks=[{"type": "rich_text", "elements": []}]),
    event(text="hi", channel="D1", channel_type="im"),
    changed({"text": "new"}, {"text": "old"}),
    event(subtype="message_deleted", deleted_ts=THREAD, previous_message={"user": "U1", "thread_ts": THREAD}),
    event(type="reaction_added", reaction="ticket", item={"type": "message", "channel": "C1", "ts": THREAD}),
    event(type="app_home_opened", tab="home"),
    event(type="user_change", user={"id": "U1"}),
    {"command": "/ticket", "text": "x <@U1|ada>", "user_id": "U1", "trigger_id": "1.2", "team_id": "T1"},
    PRESS,
    PRESS | {"actions": [MENU]},
    PRESS | {"container": {"type": "view", "view_id": "V2"}, "view": VIEW_AT_HOME},
    {"type": "block_suggestion", "user": {"id": "U1"}, "action_id": "0:find|7", "block_id": "b", "value": "x",
     "team": {"id": "T1"}, "container": {"type": "message"}},
    {"type": "message_action", "callback_id": "open", "trigger_id": "1.2", "user": {"id": "U1"}, "team": {"id": "T1"},
     "channel": {"id": "C1"}, "message": {"user": "U1", "ts": THREAD, "text": "x"}},
    {"type": "view_submission", "user": {"id": "U1"}, "team": {"id": "T1"}, "view": VIEW},
]  # fmt: skip


def recorded() -> Iterator[Any]:
    """What the networks and their SDKs' tests really send, where the samples are."""
    for path in sorted(SAMPLES.glob("payloads/*.json")) + sorted(SAMPLES.glob("recorded/*.json")):
        whole = json.loads(path.read_text(encoding="utf-8"))
        yield whole.get("payload", whole)
        if path.parent.name == "recorded":
            yield from (entry for entry in whole.values() if isinstance(entry, dict))


CORPUS = [*WHOLE, *(payload for payload in recorded() if isinstance(payload, dict))]
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.just([]), st.just({}), st.just([[]]),
    st.just([{}]), st.just({"type": []}), st.floats(allow_nan=True), st.just("99999999999.999999"), st.just("<@U1>"),
    st.just("\u202e\u200b"), st.just({"id": "U1", "value": {"text": 1}}), st.just([None, 7, "x"]),
)  # fmt: skip


def paths(node: Any, so_far: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner: list[tuple[Any, ...]] = []
    if isinstance(node, dict):
        inner = [path for key, value in node.items() for path in paths(value, (*so_far, key))]
    elif isinstance(node, list):
        inner = [path for key, value in enumerate(node) for path in paths(value, (*so_far, key))]
    return [so_far, *inner]


def put(payload: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    node = payload
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return payload


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    payload: Any = deepcopy(draw(st.sampled_from(CORPUS)))
    for _ in range(draw(st.integers(1, 3))):
        payload = put(payload, draw(st.sampled_from(paths(payload))), deepcopy(draw(ODD)))
    return payload


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    levels = {name: logging.getLogger(name).level for name in LOGGERS}
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    yield
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payload=mutated())
def test_no_reader_raises_whatever_a_payload_holds(payload: Any) -> None:
    lane(payload)
    for read in (INBOUND.event, ASKS.called, ASKS.pressed, ASKS.submitted, ASKS.sought, ASKS.shortcut):
        read(payload)
    if isinstance(payload, dict):
        origin(payload)
        message: Any = payload.get("event", payload.get("message"))
        INBOUND.said("C1", message)
        INBOUND.quote("C1", message)
        if isinstance(view := payload.get("view"), dict):
            forms.carried(view)


ESSENTIAL = {
    ("event", key)
    for key in ("type", "channel", "channel_type", "user", "ts", "thread_ts", "subtype", "text", "bot_id", "event_ts")
} | {("event",), ("event_id",), ("type",), ()}
BESIDE = ("blocks", "files", "attachments", "edited", "metadata", "bot_profile")
SPOKEN = [
    payload
    for payload in CORPUS
    if isinstance(payload.get("event"), dict)
    and payload["event"].get("type") == "message"
    and isinstance(INBOUND.event(payload), Said)
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_nothing_said_is_lost_for_what_stands_beside_it(data: st.DataObject) -> None:
    payload = deepcopy(data.draw(st.sampled_from(SPOKEN)))
    before = INBOUND.event(payload)
    for _ in range(data.draw(st.integers(1, 4))):
        beside = [path for path in paths(payload) if path not in ESSENTIAL] + [("event", name) for name in BESIDE]
        payload = put(payload, data.draw(st.sampled_from(beside)), deepcopy(data.draw(ODD)))
    heard = INBOUND.event(payload)
    assert isinstance(before, Said)
    assert isinstance(heard, Said)
    assert bool(heard.body) or not before.body
    assert (heard.account, heard.thread, heard.message, heard.at) == (
        before.account,
        before.thread,
        before.message,
        before.at,
    )


# --- through bolt -----------------------------------------------------------------------------------------------

ANSWERS: tuple[Answer, ...] = (
    None,
    Card("Yes", actions=(Button("a", "A"),)),
    Form("f", "F", "Go", (TextField("a", "A"),)),
    Instead(Card("There")),
    Found(()),
)


async def dispatched(payload: dict[str, Any], answer: Answer) -> tuple[int, list[Heard]]:
    """What bolt answers, and what was heard; whatever is said to Slack meets a closed port."""
    heard: list[Heard] = []

    async def listener(entry: Heard) -> Answer:
        heard.append(entry)
        return answer

    api = Api(SlackConfig(api_url="http://127.0.0.1:9/api/"), SlackTokens(bot="xoxb-x"))
    profiles = Profiles(api)
    inbound = Inbound("slack", Me("U0BOT", "B0BOT", "T1"), profiles)
    answers = Answers(api, profiles, lambda _: "Sorry")
    interactions = Interactions(asks=Asks(inbound), answers=answers, listener=listener, profiles=profiles, within=2.0)
    outbound = Outbound("slack", api, lambda: inbound.me)
    hearing = Hearing(
        inbound=inbound,
        interactions=interactions,
        answers=answers,
        asides=Asides("slack", api, outbound, profiles),
        profiles=profiles,
        listener=listener,
    )
    who = {"ok": True, "user_id": "U0BOT", "bot_id": "B0BOT", "team_id": "T1", "url": "http://127.0.0.1:9/"}
    identity = AsyncSlackResponse(
        client=api.web, http_verb="POST", api_url="", req_args={}, data=who, headers={}, status_code=200
    )
    app = hearing.app(api.web, identity, (Command("ticket", {"en": "Open"}),))
    try:
        response = await app.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=payload))
        return response.status, heard
    finally:
        await interactions.close()
        await api.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payload=st.sampled_from(CORPUS).map(deepcopy), answer=st.sampled_from(ANSWERS))
def test_real_payloads_are_answered_whatever_the_listener_says(payload: dict[str, Any], answer: Answer) -> None:
    status, heard = asyncio.run(dispatched(payload, answer))
    assert status in {200, 404}  # 404: a kind that the desk did not subscribe to
    assert len(heard) <= 1


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payload=mutated(), answer=st.sampled_from(ANSWERS))
def test_mutated_payloads_pass_through_bolt_without_harm(payload: Any, answer: Answer) -> None:
    try:
        AsyncBoltRequest(mode="socket_mode", body=payload)
    except (AttributeError, TypeError, ValueError, LookupError):
        return  # bolt itself cannot read it; the socket logs that and goes on
    status, heard = asyncio.run(dispatched(payload, answer))
    assert status in {200, 404, 500}
    assert len(heard) <= 1


# --- sizes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", ("a", "*", "_a", "<", "<@U1>", "`a", "```", "&gt; a\n", ":a:", "\u202e", "🙋"))
def test_ten_megabytes_of_text_are_cut_where_slack_cuts(sign: str) -> None:
    said = INBOUND.event(event(text=sign * (10_000_000 // len(sign)), thread_ts=THREAD))
    assert isinstance(said, Said)
    assert 0 < len(said.body) <= 2 * LONGEST + 10  # each sign may be escaped


def test_blocks_of_a_size_that_slack_never_sends_cost_the_formatting_only() -> None:
    leaf = {"type": "text", "text": "x" * 1000}
    wide = [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [leaf] * 10_000}]}]
    deep: Any = leaf
    for _ in range(100_000):
        deep = {"type": "rich_text_section", "elements": [deep]}
    for blocks in (wide, [{"type": "rich_text", "elements": [deep]}]):
        said = INBOUND.event(event(text="the words", thread_ts=THREAD, blocks=blocks))
        assert isinstance(said, Said)
        assert said.body == "the words"


def test_files_keep_no_more_than_their_names_need() -> None:
    files = [{"id": f"F{number}", "name": "n" * 1_000_000, "size": -7} for number in range(50)]
    said = INBOUND.event(event(text="", subtype="file_share", thread_ts=THREAD, files=files))
    assert isinstance(said, Said)
    assert [(len(file.name), file.size) for file in said.files] == [(255, 0)] * 50


@pytest.mark.parametrize("frame", ("[" * 200_000, "{", "7", '{"type": 7}', '{"type": "events_api", "payload": 7}'))
async def test_a_frame_that_makes_no_sense_leaves_the_socket_open(
    workspace: Workspace, channel: SlackChannel, ear: Ear, frame: str
) -> None:
    (socket,) = workspace.sandbox.app.delivery.sockets
    await socket.send_str(frame)
    await workspace.do("say", user=LEA, channel=await workspace.dm(LEA), text="still there?")
    assert (await ear.next(Said)).body == "still there?"
    assert workspace.sandbox.app.delivery.sockets == [socket]


def test_the_samples_are_where_they_are_expected() -> None:
    assert not Path(SAMPLES).is_dir() or len(CORPUS) > len(WHOLE) + 50
