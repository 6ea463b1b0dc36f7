"""Payloads of Discord as what is heard: tables, and payloads with anything in them."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.discord.inbound import Inbound
from adapters.port import Called, Deleted, Edited, Pressed, Submitted
from desk.model import AccountRef, MessageRef, ThreadRef

INBOUND = Inbound("discord", "900")
ID = "175928847299117063"  # of Discord's own documentation: 2016-04-30 11:18:25.796 UTC
ADA: dict[str, Any] = {"id": "202", "username": "ada", "global_name": "Ada Moreau"}
FILE: dict[str, Any] = {
    "id": "55", "filename": "a_b.png", "title": "a é b", "size": 7, "content_type": "image/png", "url": "https://x/y",
}  # fmt: skip
MESSAGE: dict[str, Any] = {
    "id": ID, "channel_id": "77", "guild_id": "1", "type": 0, "author": ADA, "content": "hello <@900> **x**",
    "mentions": [{"id": "900", "username": "desk", "member": {"nick": "The Desk"}}], "attachments": [FILE],
    "edited_timestamp": None, "member": {"roles": []},
}  # fmt: skip
INTERACTION: dict[str, Any] = {
    "id": ID, "token": "t", "locale": "fr", "member": {"user": ADA, "roles": []}, "channel_id": "77",
    "channel": {"id": "77", "type": 11},
}  # fmt: skip
COMMAND = INTERACTION | {
    "type": 2,
    "data": {"id": "1", "name": "ticket", "type": 1, "options": [{"name": "subject", "type": 3, "value": "x"}]},
}
PRESS = INTERACTION | {
    "type": 3,
    "data": {"custom_id": "claim|1:x", "component_type": 2},
    "message": {"id": "88", "channel_id": "77"},
}
CHOICE = PRESS | {"data": {"custom_id": "status", "component_type": 3, "values": ["closed"]}}
SUBMIT = INTERACTION | {
    "type": 5,
    "data": {
        "custom_id": "new|s",
        "components": [
            {"type": 18, "component": {"type": 4, "custom_id": "subject", "value": "Hi"}},
            {"type": 1, "components": [{"type": 4, "custom_id": "old", "value": "row"}]},
            {"type": 18, "component": {"type": 3, "custom_id": "topic", "values": ["a/b"]}},
            {"type": 18, "component": {"type": 3, "custom_id": "none", "values": []}},
            {"type": 18, "component": {"type": 19, "custom_id": "files", "values": ["55"]}},
        ],
        "resolved": {"attachments": {"55": FILE}},
    },
}


def test_a_message_in_a_thread() -> None:
    said = INBOUND.said(MESSAGE, "77")
    assert said is not None
    assert (said.account, said.thread) == (AccountRef("discord", "202"), ThreadRef("discord", "77"))
    assert said.message == MessageRef("discord", f"77:{ID}")
    assert said.at.isoformat() == "2016-04-30T11:18:25.796000+00:00"
    assert "The Desk" in said.body
    assert "**x**" in said.body
    (file,) = said.files
    assert (file.key, file.name, file.media_type, file.size) == (f"77:{ID}:55", "a é b.png", "image/png", 7)


@pytest.mark.parametrize(
    "change",
    (
        {"type": 18},
        {"type": 7},
        {"type": 20},
        {"author": ADA | {"id": "900"}},
        {"author": ADA | {"bot": True}},
        {"author": ADA | {"system": True}},
        {"webhook_id": "5"},
        {"content": "", "attachments": []},
    ),
)
def test_what_no_person_said_is_not_heard(change: dict[str, Any]) -> None:
    assert INBOUND.said(MESSAGE | change, "77") is None


def test_a_forwarded_message_is_quoted_and_brings_its_files() -> None:
    snapshot = {"message": {"content": "first\nsecond", "attachments": [FILE], "mentions": []}}
    said = INBOUND.said(MESSAGE | {"content": "", "attachments": [], "message_snapshots": [snapshot]}, "77")
    assert said is not None
    assert said.body.startswith("> first")
    assert len(said.files) == 1


def test_a_sticker_and_a_poll_have_words() -> None:
    change = {"content": "", "attachments": [], "sticker_items": [{"name": "Wave"}]}
    said = INBOUND.said(MESSAGE | change | {"poll": {"question": {"text": "Lunch?"}}}, None)
    assert said is not None
    assert said.body == "[Wave]\n\nLunch?"


def test_an_edit_has_the_same_id_for_the_same_change() -> None:
    change = MESSAGE | {"edited_timestamp": "2024-05-01T10:00:00.123000+00:00"}
    edited = INBOUND.edited(change, "77")
    assert isinstance(edited, Edited)
    assert edited == INBOUND.edited(change | {"embeds": [{"type": "link"}]}, "77")
    assert edited.id.startswith(f"{ID}@")


def test_a_preview_or_a_pin_is_no_edit() -> None:
    assert INBOUND.edited(MESSAGE, "77") is None
    assert INBOUND.edited({"id": ID, "channel_id": "77", "embeds": []}, "77") is None


def test_one_and_many_deletions() -> None:
    one = INBOUND.deleted({"id": "5", "channel_id": "77"}, "77")
    assert one == (Deleted("5@deleted", ThreadRef("discord", "77"), MessageRef("discord", "77:5")),)
    assert len(INBOUND.deleted({"ids": ["5", "6"], "channel_id": "77"}, None)) == 2


def test_interactions() -> None:
    asker, thread = AccountRef("discord", "202"), ThreadRef("discord", "77")
    assert INBOUND.interaction(COMMAND) == Called(ID, asker, "ticket", "x", thread)
    message = MessageRef("discord", "77:88")
    assert INBOUND.interaction(PRESS) == Pressed(ID, asker, "claim", "1:x", thread, message)
    assert INBOUND.interaction(CHOICE) == Pressed(ID, asker, "status", "closed", thread, message)
    submitted = INBOUND.interaction(SUBMIT)
    assert isinstance(submitted, Submitted)
    assert (submitted.form, submitted.state) == ("new", "s")
    assert submitted.values == {"subject": "Hi", "old": "row", "topic": "a/b", "none": ""}
    assert [file.key for file in submitted.files["files"]] == ["https://x/y"]


def test_a_command_in_a_direct_conversation_has_its_user_elsewhere() -> None:
    direct = {key: value for key, value in COMMAND.items() if key != "member"} | {
        "user": ADA,
        "channel": {"id": "77", "type": 1},
    }
    called = INBOUND.interaction(direct)
    assert isinstance(called, Called)
    assert (called.account.key, called.thread) == ("202", None)


def test_other_kinds_of_interaction_are_not_heard() -> None:
    assert INBOUND.interaction(INTERACTION | {"type": 1, "data": {}}) is None
    assert INBOUND.interaction(INTERACTION | {"type": 4, "data": {}}) is None
    menu = COMMAND | {"data": {"id": "1", "name": "Report", "type": 3, "target_id": "5"}}
    assert INBOUND.interaction(menu) is None
