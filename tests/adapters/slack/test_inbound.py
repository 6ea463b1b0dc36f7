"""Payloads as Slack sent them, and payloads that it would never send: read, or left with a line in the log."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.port import Deleted, Edited, HomeOpened, Pressed, Reacted, Said
from adapters.slack.asks import Asks
from adapters.slack.inbound import Inbound, Me, lane
from adapters.slack.text import from_slack, plainly
from desk.model import AccountRef, MessageRef, ThreadRef

SAMPLES = Path(__file__).parents[4] / "shared" / "samples" / "slack"


class Known:
    def user(self, id: str) -> str:  # noqa: A002
        return {"U0LEA": "Léa"}.get(id, id)

    def channel(self, id: str) -> str:  # noqa: A002
        return id

    def group(self, id: str) -> str:  # noqa: A002
        return id


INBOUND = Inbound("slack", Me("U0BOT", "B0BOT"), Known())
ASKS = Asks(INBOUND)


def event(**fields: Any) -> dict[str, Any]:
    base = {"type": "message", "channel": "C1", "channel_type": "channel", "user": "U1", "ts": "1700000000.000200"}
    return {"type": "event_callback", "event_id": "Ev1", "event": base | fields}


def changed(message: dict[str, Any], before: dict[str, Any], **fields: Any) -> dict[str, Any]:
    common = {"type": "message", "user": "U1", "ts": "1700000000.000200", "thread_ts": "1700000000.000100"}
    return event(subtype="message_changed", message=common | message, previous_message=common | before, **fields)


THREAD = "1700000000.000100"
REF = ThreadRef("slack", f"C1:{THREAD}")
MESSAGE = MessageRef("slack", "C1:1700000000.000200")


def rich(*leaves: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(leaves)}]}]


@pytest.mark.parametrize(
    "leaf",
    (
        {"type": "text", "text": "It still does not work, since Monday."},
        {"type": "text", "text": "**no** marks of mine"},
        {"type": "text", "text": "loud", "style": {"bold": True}},
        {"type": "link", "text": "see here", "url": "https://example.org"},
        {"type": "emoji", "name": "wave"},
        {"type": "text", "text": 7},
    ),
)
def test_plain_words_need_no_tree_and_are_the_same_without(leaf: dict[str, Any]) -> None:
    blocks = rich(leaf)
    assert plainly(blocks) in {None, from_slack("", blocks, Known())}
    assert (plainly(blocks) is not None) == (leaf == {"type": "text", "text": "It still does not work, since Monday."})


@pytest.mark.parametrize("subtype", (None, "file_share", "me_message", "thread_broadcast"))
def test_words_of_people_in_threads_are_heard(subtype: str | None) -> None:
    payload = event(text="a &lt;b <@U0LEA>", thread_ts=THREAD, **({"subtype": subtype} if subtype else {}))
    at = datetime(2023, 11, 14, 22, 13, 20, 200, tzinfo=UTC)
    assert INBOUND.event(payload) == Said(AccountRef("slack", "U1"), REF, MESSAGE, r"a \<b @Léa", at)


@pytest.mark.parametrize(
    "fields",
    (
        {"text": "outside a thread"},
        {"text": "ours", "user": "U0BOT", "thread_ts": THREAD},
        {"text": "another bot's", "bot_id": "B1", "thread_ts": THREAD},
        {"text": "joined", "subtype": "channel_join", "thread_ts": THREAD},
        {"text": "an old bot's", "subtype": "bot_message", "thread_ts": THREAD},
        {"subtype": "message_replied", "thread_ts": THREAD},
    ),
)
def test_what_is_not_for_us_is_not_heard_and_not_worth_a_line(
    fields: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    assert INBOUND.event(event(**fields)) is None
    assert caplog.records == []


def test_the_root_of_a_direct_thread_was_said_outside_it() -> None:
    payload = event(text="hi", channel="D1", channel_type="im", thread_ts="1700000000.000200")
    said = INBOUND.event(payload)
    assert isinstance(said, Said)
    assert said.thread is None


def test_an_edit_by_a_person_is_heard() -> None:
    heard = INBOUND.event(changed({"text": "new"}, {"text": "old"}))
    assert heard == Edited("Ev1", AccountRef("slack", "U1"), REF, MESSAGE, "new")


def test_unfurled_links_and_counted_replies_are_no_edits() -> None:
    assert INBOUND.event(changed({"text": "x", "attachments": [{"id": 1}]}, {"text": "x"})) is None
    assert INBOUND.event(changed({"text": "x", "reply_count": 2}, {"text": "x"})) is None


def test_a_deleted_root_with_replies_leaves_a_tombstone() -> None:
    tombstone = {"subtype": "tombstone", "user": "USLACKBOT", "text": "This message was deleted.", "ts": THREAD}
    heard = INBOUND.event(changed(tombstone, {"text": "root", "bot_id": "B0BOT", "ts": THREAD}))
    assert heard == Deleted("Ev1", REF, MessageRef("slack", REF.key))


def test_a_deletion_is_heard_but_not_that_of_our_own_message() -> None:
    fields = {"subtype": "message_deleted", "deleted_ts": "1700000000.000200"}
    before = {"user": "U1", "ts": "1700000000.000200", "thread_ts": THREAD}
    assert INBOUND.event(event(**fields, previous_message=before)) == Deleted("Ev1", REF, MESSAGE)
    assert INBOUND.event(event(**fields, previous_message=before | {"bot_id": "B0BOT"})) is None


def test_deleted_files_are_left_out() -> None:
    files = [{"id": "F1", "mode": "tombstone"}, {"id": "F2", "name": "a.txt", "mimetype": "text/plain", "size": 3}]
    said = INBOUND.event(event(text="", thread_ts=THREAD, subtype="file_share", files=files))
    assert isinstance(said, Said)
    assert [(file.key, file.name, file.media_type, file.size) for file in said.files] == [
        ("F2", "a.txt", "text/plain", 3)
    ]


def test_odd_blocks_cost_the_formatting_and_never_the_words() -> None:
    blocks = [{"type": "rich_text", "elements": [{"type": "rich_text_list", "offset": "x", "elements": 7}]}, 3]
    said = INBOUND.event(event(text="words &lt;3", thread_ts=THREAD, blocks=[3, *blocks]))
    assert isinstance(said, Said)
    assert "words" in said.body


def test_edits_and_deletions_go_in_the_lane_of_their_thread() -> None:
    assert lane(event(thread_ts=THREAD)) == lane(changed({}, {})) == f"C1:{THREAD}"
    deletion = event(subtype="message_deleted", previous_message={"thread_ts": THREAD})
    assert lane(deletion) == f"C1:{THREAD}"
    assert lane(event()) == "C1"
    assert lane({"event": {"type": "user_change"}}) is None


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not here")
def test_recorded_payloads_are_read() -> None:
    def load(name: str) -> dict[str, Any]:
        return dict(json.loads((SAMPLES / name).read_text(encoding="utf-8")))

    broadcast = INBOUND.event(
        load("payloads/event.message.thread_broadcast__test_message_thread_broadcast__event_payload.json")
    )
    assert isinstance(broadcast, Said)
    assert (broadcast.body, broadcast.thread) == ("Hi there!", ThreadRef("slack", "C111:1633663824.000500"))
    pressed = ASKS.pressed(load("payloads/block_actions__test_block_actions__body.json"))
    assert pressed is None or isinstance(pressed, Pressed)
    follow_up = INBOUND.event(load("recorded/slack.json")["followUp"])
    assert isinstance(follow_up, Said)
    assert follow_up.body == "Hi"
    called = ASKS.called(load("payloads/socketmode_slash_commands__1d3c79ab.json")["payload"])
    assert called is not None
    assert (called.command, called.words, called.id) == ("hello-socket-mode", "", "111.222.xxx")
    sought = ASKS.sought(load("payloads/block_suggestion__test_block_suggestion__body.json"))
    assert sought is not None
    assert (sought.account.key, sought.words, sought.carried) == ("W111", "search word", "es_a")
    used = ASKS.shortcut(load("payloads/message_action__test_app_using_methods_in_class__payload.json"))
    assert used is not None
    assert (used.name, used.quote.body, used.quote.message.key) == (
        "test-shortcut",
        "@U222 test",
        "C111:1583636382.000300",
    )
    reacted = INBOUND.event(load("payloads/event.reaction_added__test_events__reaction_added_body.json"))
    assert isinstance(reacted, Reacted)
    assert (reacted.emoji, reacted.message.key) == ("😍", "C111:1599529504.000400")
    looked = load("payloads/event.app_home_opened__test_events_org_apps__event_payload.json")
    assert INBOUND.event(looked) is None  # at the messages tab
    looked["event"]["tab"] = "home"
    assert INBOUND.event(looked) == HomeOpened("Ev111", AccountRef("slack", "W111"))


VIEW = {
    "type": "modal",
    "callback_id": "new",
    "id": "V1",
    "hash": "h",
    "private_metadata": "new|7|x",
    "state": {"values": {"a": {"a": {"type": "plain_text_input", "value": None}}}},
}


def test_a_malformed_payload_leaves_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("adapters.slack.inbound").setLevel(logging.WARNING)
    assert ASKS.called({"command": "/ticket", "user_id": 7}) is None
    assert "cannot be read" in caplog.text


def test_the_state_of_a_form_may_hold_its_own_separator() -> None:
    submitted = ASKS.submitted({"user": {"id": "U1"}, "view": VIEW})
    assert submitted is not None
    assert (submitted.form, submitted.state, submitted.id, submitted.values) == ("new", "7|x", "V1:h", {"a": ""})
