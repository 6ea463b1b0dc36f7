"""The stand-in for Slack: menus, searches, home pages, shortcuts, reactions, response URLs, and who hears of what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from sandbox.control import People, upload
from sandbox.slack import SlackSandbox, blockkit
from tests.sandbox.slack_app import ELSEWHERE, LEA, MARC, SUPPORT, App, Caller, setup

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TEXT = {"type": "plain_text", "text": "Hello"}
OPTIONS = [{"text": {"type": "plain_text", "text": label}, "value": label.lower()} for label in ("One", "Two", "Three")]
BUTTON = {"type": "button", "text": TEXT, "action_id": "b"}
HOME = {"type": "home", "blocks": [{"type": "actions", "elements": [BUTTON]}]}


@pytest.fixture
async def slack() -> AsyncIterator[Caller]:
    async with (
        SlackSandbox(setup()) as sandbox,
        aiohttp.ClientSession() as session,
        People(sandbox.control_url) as people,
    ):
        yield Caller(sandbox, session, people)


def actions(*elements: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": "actions", "elements": list(elements)}]


def fields(*elements: dict[str, Any]) -> dict[str, Any]:
    blocks = [{"type": "input", "block_id": e["action_id"], "label": TEXT, "element": e} for e in elements]
    return {"type": "modal", "callback_id": "f", "title": TEXT, "submit": TEXT, "blocks": blocks}


async def opened(slack: Caller, app: App, view: dict[str, Any]) -> None:
    await slack.people.call("command", user=LEA, command="/ticket", channel=SUPPORT)
    answer = await slack("views.open", trigger_id=(await app.next())["payload"]["trigger_id"], view=view)
    assert answer["ok"], answer


MANY = {"type": "multi_static_select", "action_id": "m", "options": OPTIONS}
FINDER = {"type": "external_select", "action_id": "f", "min_query_length": 2}


@pytest.mark.parametrize(
    ("surface", "element"),
    (
        ("message", MANY | {"initial_options": [{"text": TEXT, "value": "other"}]}),
        ("message", MANY | {"initial_options": []}),
        ("message", MANY | {"options": [*OPTIONS, OPTIONS[0]]}),
        ("message", MANY | {"initial_options": OPTIONS, "max_selected_items": 2}),
        ("message", FINDER | {"min_query_length": -1}),
        ("message", FINDER | {"initial_option": {"text": TEXT, "value": "x" * 151}}),
        ("message", FINDER | {"options": OPTIONS}),
        ("message", {"type": "datepicker", "action_id": "d", "initial_date": "tomorrow"}),
        ("message", {"type": "users_select", "action_id": "u", "initial_user": "Léa"}),
        ("message", {"type": "plain_text_input", "action_id": "p"}),
        ("home", BUTTON | {"colour": "red"}),
    ),
    ids=str,
)
def test_elements_that_slack_refuses(surface: str, element: dict[str, Any]) -> None:
    assert blockkit.problems(actions(element), surface)


def test_elements_that_slack_takes() -> None:
    element = MANY | {"initial_options": OPTIONS[:1], "placeholder": TEXT, "max_selected_items": 3}
    day = {"type": "datepicker", "action_id": "d", "initial_date": "2026-12-24"}
    user = {"type": "users_select", "action_id": "u", "initial_user": LEA}
    assert blockkit.problems(actions(element, FINDER, day, user), "message") == []


async def test_what_is_chosen_in_a_menu_is_one_of_its_options(slack: Caller) -> None:
    async with App(slack) as app:
        said = await slack("chat.postMessage", channel=SUPPORT, blocks=actions(MANY | {"max_selected_items": 2}))
        await app.next()
        where = {"user": LEA, "channel": SUPPORT, "ts": said["ts"], "action_id": "m"}
        for wrong in (["Four"], ["One", "Two", "Three"]):
            assert not (await slack.people.call("press", **where, value=wrong))["ok"]
        await slack.people.call("press", **where, value=["One", "Two"])
        payload = (await app.next())["payload"]
        (action,) = payload["actions"]
        assert [option["value"] for option in action["selected_options"]] == ["one", "two"]
        assert payload["state"]["values"][action["block_id"]]["m"]["selected_options"] == action["selected_options"]
        assert not (await slack.people.call("press", user=LEA, channel=SUPPORT, ts=said["ts"], action_id="z"))["ok"]


async def test_a_search_has_three_seconds_and_a_hundred_options(slack: Caller) -> None:
    async with App(slack) as app:
        said = await slack("chat.postMessage", channel=SUPPORT, blocks=actions(FINDER))
        await app.next()
        where = {"user": LEA, "channel": SUPPORT, "ts": said["ts"], "action_id": "f"}
        assert "2 letters" in (await slack.people.call("suggest", **where, words="x"))["error"]
        app.answer = {"options": OPTIONS}
        assert (await slack.people.call("suggest", **where, words="wo"))["options"] == OPTIONS
        payload = (await app.next())["payload"]
        assert (payload["type"], payload["value"], "trigger_id" in payload) == ("block_suggestion", "wo", False)
        assert (await slack.people.call("press", **where, value="Two"))["ok"]
        assert not (await slack.people.call("press", **where, value="Four"))["ok"]
        app.answer = {"options": OPTIONS * 34}
        assert "invalid options" in (await slack.people.call("suggest", **where, words="wo"))["error"]
        app.answer = None
        assert "invalid options" in (await slack.people.call("suggest", **where, words="wo"))["error"]
        app.silent = True
        assert (await slack.people.call("suggest", **where, words="wo"))["error"] == "no_answer"


async def test_a_form_takes_people_days_and_several(slack: Caller) -> None:
    user, day = {"type": "users_select", "action_id": "u"}, {"type": "datepicker", "action_id": "d"}
    async with App(slack) as app:
        await opened(slack, app, fields(MANY, user, day))
        wrong = await slack.people.call("submit", user=LEA, values={"m": [], "u": "U0NOBODY", "d": "soon"})
        assert set(wrong["client_errors"]) == {"m", "u", "d"}
        values = {"m": ["Two"], "u": MARC, "d": "2026-12-24"}
        assert (await slack.people.call("submit", user=LEA, values=values))["ok"]
        state = (await app.next())["payload"]["view"]["state"]["values"]
        assert state["m"]["m"]["selected_options"][0]["value"] == "two"
        assert (state["u"]["u"]["selected_user"], state["d"]["d"]["selected_date"]) == (MARC, "2026-12-24")


async def test_a_home_page_is_guarded_by_its_hash_and_pressed_without_a_response_url(slack: Caller) -> None:
    async with App(slack) as app:
        await slack.people.call("open_home", user=LEA)
        event = await app.next_event()
        assert (event["type"], event["tab"], "view" in event) == ("app_home_opened", "home", False)
        first = (await slack("views.publish", user_id=LEA, view=HOME))["view"]
        second = (await slack("views.publish", user_id=LEA, view=HOME, hash=first["hash"]))["view"]
        assert second["id"] == first["id"]
        assert (await slack("views.publish", user_id=LEA, view=HOME, hash=first["hash"]))["error"] == "hash_conflict"
        await slack.people.call("press_home", user=LEA, action_id="b")
        payload = (await app.next())["payload"]
        assert (payload["container"]["view_id"], payload["view"]["hash"]) == (first["id"], second["hash"])
        assert not {"response_url", "message", "channel"} & set(payload)
    for view, error in (
        (HOME | {"title": TEXT}, "invalid_arguments"),
        (fields(MANY), "invalid_arguments"),
        (HOME | {"blocks": [{"type": "divider"}] * 101}, "invalid_arguments"),
        (HOME | {"blocks": [{"type": "section", "text": TEXT | {"text": "x" * 3000}}] * 100}, "view_too_large"),
    ):  # fmt: skip
        assert (await slack("views.publish", user_id=LEA, view=view))["error"] == error
    slack.slack.app.setup.home_enabled = False
    assert (await slack("views.publish", user_id=LEA, view=HOME))["error"] == "not_enabled"


async def test_a_messages_menu_has_the_apps_own_entries_only(slack: Caller) -> None:
    async with App(slack) as app:
        said = await slack.people.call("say", user=LEA, channel=ELSEWHERE, text="x")
        menu = {"channel": ELSEWHERE, "ts": said["ts"]}
        other = await slack.people.call("shortcut", **menu, user=LEA, callback_id="other")
        assert "no_such_shortcut" in other["error"]
        assert (await slack.people.call("shortcut", **menu, user=LEA, callback_id="quote"))["ok"]
        payload = (await app.next())["payload"]
        assert (payload["type"], payload["message"]["text"], payload["callback_id"]) == ("message_action", "x", "quote")
        outside = await slack.people.call("shortcut", **menu, user=MARC, callback_id="quote")
        assert outside["error"] == "not_in_channel"  # who is not there does not see it


async def respond(slack: Caller, url: str, **body: Any) -> int:
    async with slack.session.post(url, json=body) as answer:
        return answer.status


async def test_a_response_url_works_five_times_for_half_an_hour(slack: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    async with App(slack) as app:
        await slack.people.call("command", user=LEA, command="/ticket", channel=ELSEWHERE)
        url = (await app.next())["payload"]["response_url"]
        assert [await respond(slack, url, text="x") for _ in range(6)] == [200] * 5 + [404]
        assert await respond(slack, f"{slack.slack.app.base}/response/other", text="x") == 404
        monkeypatch.setattr("sandbox.slack.app.RESPONSE_URL_LIFE", -1.0)
        await slack.people.call("command", user=LEA, command="/ticket", channel=ELSEWHERE)
        assert await respond(slack, (await app.next())["payload"]["response_url"], text="x") == 404
    assert len(await slack.people.call("ephemerals", user=LEA)) == 5


async def test_a_response_url_replaces_and_deletes_what_was_pressed(slack: Caller) -> None:
    async with App(slack) as app:
        await slack("chat.postEphemeral", channel=SUPPORT, user=LEA, text="psst", blocks=actions(BUTTON))
        (told,) = await slack.people.call("ephemerals", user=LEA)
        said = await slack("chat.postMessage", channel=SUPPORT, text="loud", blocks=actions(BUTTON))
        await app.next()
        for ts, whispered in ((told["ts"], True), (said["ts"], False)):
            await slack.people.call("press", user=LEA, channel=SUPPORT, ts=ts, action_id="b")
            payload = (await app.next())["payload"]
            assert payload["container"]["is_ephemeral"] is whispered
            assert ("message" in payload) is not whispered
            assert await respond(slack, payload["response_url"], text="new", replace_original=True) == 200
            if not whispered:
                assert (await app.next_event())["subtype"] == "message_changed"
            verb, args = ("ephemerals", {"user": LEA}) if whispered else ("messages", {"channel": SUPPORT})
            shown = await slack.people.call(verb, **args)
            assert [message["text"] for message in shown] == ["new"]
            assert await respond(slack, payload["response_url"], blocks=[{"type": "nothing"}]) == 404
            assert await respond(slack, payload["response_url"], delete_original=True) == 200
    assert await slack.people.call("ephemerals", user=LEA) == []
    assert await slack.people.call("messages", channel=SUPPORT) == []


async def test_a_whisper_in_a_thread_without_replies_is_seen_by_nobody(slack: Caller) -> None:
    said = await slack("chat.postMessage", channel=SUPPORT, text="root")
    args = {"channel": SUPPORT, "user": LEA, "text": "psst", "thread_ts": said["ts"]}
    assert (await slack("chat.postEphemeral", **args))["ok"]
    assert await slack.people.call("ephemerals", user=LEA) == []
    await slack.people.call("say", user=LEA, channel=SUPPORT, text="reply", thread_ts=said["ts"])
    await slack("chat.postEphemeral", **args)
    assert len(await slack.people.call("ephemerals", user=LEA)) == 1


async def test_reactions_come_and_go(slack: Caller) -> None:
    async with App(slack) as app:
        ts = (await slack.people.call("say", user=MARC, channel=SUPPORT, text="x"))["ts"]
        await app.next()
        await slack.people.call("react", user=LEA, channel=SUPPORT, ts=ts, name="ticket")
        event = await app.next_event()
        assert (event["type"], event["reaction"], event["user"], event["item_user"]) == (
            "reaction_added", "ticket", LEA, MARC,
        )  # fmt: skip
        where = {"channel": SUPPORT, "timestamp": ts}
        for name, error in (("Ticket!", "invalid_name"), ("eyes", None), ("eyes", "already_reacted")):
            assert (await slack("reactions.add", **where, name=name)).get("error") == error
        assert (await app.next_event())["user"] == "U0BOT"
        for name, error in (("eyes", None), ("eyes", "no_reaction")):
            assert (await slack("reactions.remove", **where, name=name)).get("error") == error
        assert (await app.next_event())["type"] == "reaction_removed"
        await slack.people.call("unreact", user=LEA, channel=SUPPORT, ts=ts, name="ticket")
        assert (await slack("reactions.get", **where))["message"]["reactions"] == []


async def test_pins_and_permalinks(slack: Caller) -> None:
    root = (await slack("chat.postMessage", channel=SUPPORT, text="root"))["ts"]
    reply = (await slack("chat.postMessage", channel=SUPPORT, text="reply", thread_ts=root))["ts"]
    link = (await slack("chat.getPermalink", channel=SUPPORT, message_ts=reply))["permalink"]
    assert link.endswith(f"/archives/{SUPPORT}/p{reply.replace('.', '')}?thread_ts={root}&cid={SUPPORT}")
    for error in (None, "already_pinned"):
        assert (await slack("pins.add", channel=SUPPORT, timestamp=root)).get("error") == error
    assert [message["ts"] for message in await slack.people.call("pins", channel=SUPPORT)] == [root]
    for error in (None, "no_pin"):
        assert (await slack("pins.remove", channel=SUPPORT, timestamp=root)).get("error") == error


async def test_a_deleted_root_leaves_a_tombstone_while_it_has_replies(slack: Caller) -> None:
    async with App(slack) as app:
        root = (await slack.people.call("say", user=LEA, channel=SUPPORT, text="root"))["ts"]
        reply = (await slack.people.call("say", user=LEA, channel=SUPPORT, text="reply", thread_ts=root))["ts"]
        await app.next()
        await app.next()
        await slack.people.call("delete", user=LEA, channel=SUPPORT, ts=root)
        event = await app.next_event()
        assert (event["subtype"], event["message"]["subtype"]) == ("message_changed", "tombstone")
        assert event["previous_message"]["text"] == "root"
        shown = await slack("conversations.replies", channel=SUPPORT, ts=root)
        assert [message.get("subtype") for message in shown["messages"]] == ["tombstone", None]
        assert (await slack("chat.postMessage", channel=SUPPORT, text="on", thread_ts=root))["ok"]
        await app.next()
        await slack.people.call("delete", user=LEA, channel=SUPPORT, ts=reply)
        assert (await app.next_event())["subtype"] == "message_deleted"


async def test_names_in_a_commands_words_become_ids(slack: Caller) -> None:
    async with App(slack) as app:
        await slack.people.call("command", user=LEA, command="/ticket", text="for @marc in #support, not @you a@marc")
        words = (await app.next())["payload"]["text"]
        assert words == f"for <@{MARC}|marc> in <#{SUPPORT}|support>, not @you a@marc"


async def test_an_app_hears_only_what_it_subscribed_to_and_may_read() -> None:
    subscribed = setup(events=("message.groups", "reaction_added", "user_change"), scopes=("users:read",))
    async with (
        SlackSandbox(subscribed) as sandbox,
        aiohttp.ClientSession() as session,
        People(sandbox.control_url) as people,
        App(Caller(sandbox, session, people)) as app,
    ):
        said = await people.call("say", user=LEA, channel=SUPPORT, text="x")
        await people.call("react", user=LEA, channel=SUPPORT, ts=said["ts"], name="eyes")
        await people.call("open_home", user=LEA)
        await people.call("change_person", user=LEA, locale="en-GB")
        event = await app.next_event()
        assert (event["type"], event["user"]["locale"]) == ("user_change", "en-GB")
        for method, needed in (("conversations.history", "channels:history"), ("conversations.info", "channels:read")):
            answer = await app.caller(method, channel=SUPPORT)
            assert (answer["error"], answer["needed"]) == ("missing_scope", needed)


async def test_people_come_go_and_change_groups(slack: Caller) -> None:
    async with App(slack) as app:
        await slack.people.call("change_group", group="S1", users=[MARC])
        event = await app.next_event()
        assert (event["added_users"], event["removed_users"]) == ([MARC], [LEA])
        assert (await slack("usergroups.users.list", usergroup="S1"))["users"] == [MARC]
        await slack.people.call("leave", user=LEA, channel=SUPPORT)
        assert (await app.next_event())["type"] == "member_left_channel"
        await slack.people.call("remove_bot", channel=SUPPORT)
        assert (await app.next_event())["user"] == "U0BOT"
        await slack.people.call("say", user=MARC, channel=SUPPORT, text="<@U0BOT> there?")
        await slack.people.call("join", user="U0BOT", channel=SUPPORT)
        assert (await app.next_event())["type"] == "member_joined_channel"
        await slack.people.call("say", user=MARC, channel=SUPPORT, text="<@U0BOT> there?")
        assert {(await app.next_event())["type"] for _ in range(2)} == {"message", "app_mention"}


async def test_an_event_whose_acknowledgement_is_lost_comes_again(slack: Caller) -> None:
    async with App(slack) as app:
        await slack.people.call("fault", kind="lost_ack", match="event:message", times=1)
        await slack.people.call("say", user=LEA, channel=SUPPORT, text="once")
        first, again = await app.next(), await app.next()
        assert (first["retry_attempt"], again["retry_attempt"]) == (0, 1)
        assert first["payload"]["event_id"] == again["payload"]["event_id"]


async def test_a_links_preview_changes_a_message_that_nobody_edited(slack: Caller) -> None:
    async with App(slack) as app:
        ts = (await slack.people.call("say", user=LEA, channel=SUPPORT, text="<https://example.com>"))["ts"]
        await app.next()
        await slack.people.call("unfurl", channel=SUPPORT, ts=ts)
        event = await app.next_event()
        assert (event["subtype"], event["message"]["text"]) == ("message_changed", event["previous_message"]["text"])
        assert ("edited" in event["message"], len(event["message"]["attachments"])) == (False, 1)


async def test_a_revoked_token_is_none_any_more(slack: Caller) -> None:
    async with App(slack) as app:
        await slack.people.call("revoke")
        assert (await app.next())["reason"] == "link_disabled"
        assert (await slack("auth.test"))["error"] == "token_revoked"
        await slack.people.call("revoke", revoked=False)
        assert (await slack("auth.test"))["ok"]


async def test_a_disabled_group_is_listed_only_where_asked_for(slack: Caller) -> None:
    await slack.people.call("disable_group", group="S1")
    assert (await slack("usergroups.list"))["usergroups"] == []
    (group,) = (await slack("usergroups.list", include_disabled=True))["usergroups"]
    assert group["date_delete"] > 0


async def test_a_forms_files_are_ten_megabytes_at_most_and_of_its_types(slack: Caller) -> None:
    async with App(slack) as app:
        await opened(slack, app, fields({"type": "file_input", "action_id": "f", "filetypes": ["png"], "max_files": 1}))
        for files in (
            [upload("a.txt", b"x")],
            [upload("a.png", b"x" * (10 * 1024 * 1024 + 1))],
            [upload("a.png", b"x"), upload("b.png", b"x")],
        ):
            assert "f" in (await slack.people.call("submit", user=LEA, values={"f": files}))["client_errors"]
        assert (await slack.people.call("submit", user=LEA, values={"f": [upload("a.png", b"x")]}))["ok"]


async def test_an_external_id_names_one_view(slack: Caller) -> None:
    assert (await slack("views.publish", user_id=LEA, view=HOME | {"external_id": "one"}))["ok"]
    assert (await slack("views.publish", user_id=LEA, view=HOME | {"external_id": "one"}))["ok"]
    answer = await slack("views.publish", user_id=MARC, view=HOME | {"external_id": "one"})
    assert answer["error"] == "duplicate_external_id"


async def test_a_messages_metadata_has_its_limit(slack: Caller) -> None:
    metadata = {"event_type": "x", "event_payload": {"key": "x" * 16_000}}
    answer = await slack("chat.postMessage", channel=SUPPORT, text="x", metadata=metadata)
    assert answer["error"] == "metadata_too_large"
