"""Every element of Block Kit and of Discord's components that a bot can send: drawn, named, and used by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from bot.demo import stage as company

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from tests.page.conftest import Open

pytestmark = pytest.mark.asyncio(loop_scope="module")  # in which the browser was opened


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def option(value: str, text: str) -> dict[str, Any]:
    return {"value": value, "text": plain(text)}


TWO = [option("one", "First"), option("two", "Second")]
RICH = {
    "type": "rich_text",
    "elements": [
        {"type": "rich_text_section", "elements": [
            {"type": "text", "text": "bold", "style": {"bold": True}},
            {"type": "text", "text": "code", "style": {"code": True}}, {"type": "emoji", "name": "tada"},
            {"type": "user", "user_id": company.NORA},
            {"type": "link", "url": "https://example.com/", "text": "a link"},
            {"type": "usergroup", "usergroup_id": "S0AGENTS"}, {"type": "broadcast", "range": "here"},
        ]},
        {"type": "rich_text_list", "style": "ordered", "elements": [
            {"type": "rich_text_section", "elements": [{"type": "text", "text": "first of a list"}]},
        ]},
        {"type": "rich_text_quote", "elements": [{"type": "text", "text": "quoted"}]},
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "as it\n  stands"}]},
    ],
}  # fmt: skip
BLOCKS: list[dict[str, Any]] = [
    {"type": "header", "text": plain("A header :ticket:")},
    {"type": "section",
     "text": {"type": "mrkdwn", "text": "*strong* _soft_ ~gone~ `code` <https://example.com|there>\n>said"},
     "accessory": {"type": "overflow", "action_id": "over", "options": TWO}},
    {"type": "section",
     "fields": [{"type": "mrkdwn", "text": "*Status*\nNew"}, {"type": "mrkdwn", "text": "*Agent*\nLéa"}]},
    {"type": "divider"},
    RICH,
    {"type": "actions", "elements": [
        {"type": "button", "action_id": "go", "text": plain("Go"), "style": "primary"},
        {"type": "button", "action_id": "sure", "text": plain("Sure?"), "style": "danger", "value": "1",
         "confirm": {"title": plain("Really?"), "text": plain("It cannot be undone."), "confirm": plain("Yes"),
                     "deny": plain("No")}},
        {"type": "datepicker", "action_id": "day", "placeholder": plain("A day")},
        {"type": "users_select", "action_id": "who", "placeholder": plain("Somebody")},
        {"type": "multi_static_select", "action_id": "some", "placeholder": plain("Several"), "options": TWO},
        {"type": "static_select", "action_id": "grouped", "placeholder": plain("Grouped"),
         "option_groups": [{"label": plain("A group"), "options": TWO}]},
        {"type": "radio_buttons", "action_id": "radio", "options": [option("r1", "Left"), option("r2", "Right")]},
        {"type": "checkboxes", "action_id": "boxes", "options": [option("c1", "Up"), option("c2", "Down")]},
    ]},
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "a *small* word"}]},
]  # fmt: skip

EMBED = {
    "title": "An embed",
    "description": "**strong** *soft* ~~gone~~ __under__ ||hidden|| `code`\n> said\n- a list\n-# small",
    "color": 0xE01E5A,
    "fields": [{"name": "Status", "value": "New", "inline": True}, {"name": "Agent", "value": "Léa", "inline": True}],
    "footer": {"text": "at the foot"},
}  # fmt: skip
ROWS: list[dict[str, Any]] = [
    {"type": 1, "components": [
        {"type": 2, "style": 1, "label": "Go", "custom_id": "go", "emoji": {"name": "🎫"}},
        {"type": 2, "style": 2, "label": "Off", "custom_id": "off", "disabled": True},
        {"type": 2, "style": 5, "label": "There", "url": "https://example.com/"},
    ]},
    {"type": 1, "components": [{"type": 3, "custom_id": "some", "placeholder": "Several", "max_values": 2, "options": [
        {"value": "one", "label": "First", "description": "the best"}, {"value": "two", "label": "Second"}]}]},
    {"type": 1, "components": [{"type": 5, "custom_id": "who", "placeholder": "Somebody"}]},
    {"type": 1, "components": [{"type": 6, "custom_id": "role", "placeholder": "A role"}]},
    {"type": 1, "components": [{"type": 8, "custom_id": "where", "placeholder": "A channel"}]},
]  # fmt: skip


async def test_block_kit_is_drawn_and_used(opened: Open) -> None:
    url = opened.company.controls["slack"].replace("_control", "api/chat.postMessage")
    headers = {"Authorization": f"Bearer {company.ENVIRONMENT['SLACK_BOT_TOKEN']}"}
    body = {"channel": company.HR_DESK, "text": "all", "blocks": BLOCKS}
    async with aiohttp.ClientSession() as web:
        async with web.post(url, json=body, headers=headers) as answer:
            said = await answer.json()
        where = {"channel": company.HR_DESK, "timestamp": said["ts"]}
        async with web.post(url.replace("chat.postMessage", "pins.add"), json=where, headers=headers) as answer:
            assert (await answer.json())["ok"], await answer.text()
    slack = opened.slack
    await opened.be(slack, "Léa")
    await opened.go(slack, "hr-desk")
    message = slack.locator("article", has=opened.tab.get_by_role("heading", name="A header 🎫"))
    await message.get_by_role("heading", name="A header 🎫").wait_for()
    await message.get_by_text("Pinned by Helpthread").wait_for()
    for tag, text in (
        ("b", "strong"),
        ("i", "soft"),
        ("s", "gone"),
        ("blockquote", "said"),
        ("code", "code"),
        ("pre", "as it"),
        ("ol", "first of a list"),
    ):
        assert await message.locator(tag, has_text=text).count() >= 1, tag
    for mention in ("@Nora Weiss", "@support", "@here"):
        await message.locator(".mention", has_text=mention).wait_for()
    assert await message.get_by_role("link", name="a link").get_attribute("href") == "https://example.com/"

    await message.get_by_role("button", name="Sure?").click()
    await slack.get_by_role("dialog", name="Really?").get_by_role("button", name="No").click()
    menu = opened.tab.get_by_role("menuitem", name="Second")
    await message.get_by_role("button", name="More actions").first.click()
    several = opened.tab.get_by_role("dialog", name="Several")
    assert await _sent(opened, menu.click()) == ("over", "two")
    assert await _sent(opened, message.get_by_label("A day").fill("2026-12-24")) == ("day", "2026-12-24")
    assert await _sent(opened, message.get_by_label("Somebody").select_option(label="Nora Weiss")) == ("who", "U0NORA")
    assert await _sent(opened, message.get_by_label("Grouped").select_option(label="Second")) == ("grouped", "two")
    assert await _sent(opened, message.get_by_role("radio", name="Right").check()) == ("radio", "r2")
    assert await _sent(opened, message.get_by_role("checkbox", name="Down").check()) == ("boxes", ["c2"])
    await message.get_by_role("button", name="Several").click()
    assert await _sent(opened, several.get_by_role("option", name="Second").click()) == ("some", ["two"])
    await opened.tab.keyboard.press("Escape")
    await message.get_by_role("button", name="Second").wait_for()  # it says what is chosen


async def _sent(opened: Open, act: Awaitable[Any]) -> tuple[str, Any]:
    """What the page sends for it; the stand-in, which lets nobody choose what is not offered, takes it."""
    async with opened.tab.expect_response("**/slack/press") as heard:
        await act
    answer = await heard.value
    assert (await answer.json()).get("ok"), await answer.text()
    body: Any = answer.request.post_data_json
    return body["action_id"], body["value"]


async def test_discords_components_are_drawn_and_used(opened: Open) -> None:
    host = opened.company.controls["discord"].removesuffix("/_control")
    headers = {"Authorization": f"Bot {company.ENVIRONMENT['DISCORD_TOKEN']}"}
    body = {"content": "Hello <@601> in <#201>, <t:1700000000:D>", "embeds": [EMBED], "components": ROWS}
    url = f"{host}/api/v10/channels/{company.HELP}/messages"
    async with aiohttp.ClientSession() as web:
        async with web.post(url, json=body, headers=headers) as answer:
            said = await answer.json()
        async with web.put(f"{url}/pins/{said['id']}", headers=headers) as answer:
            assert answer.status == 204, await answer.text()
    discord = opened.discord
    await opened.be(discord, "Ben")
    message = discord.locator("article", has=opened.tab.get_by_role("heading", name="An embed"))
    await message.get_by_role("heading", name="An embed").wait_for()
    for tag, text in (
        ("b", "strong"),
        ("i", "soft"),
        ("s", "gone"),
        ("u", "under"),
        ("blockquote", "said"),
        ("li", "a list"),
        ("small", "small"),
    ):
        assert await message.locator(f".embed {tag}", has_text=text).count() >= 1, tag
    await message.get_by_text("Pinned").wait_for()
    await discord.get_by_text("Helpthread pinned a message to this channel.").wait_for()
    await message.locator(".mention", has_text="@Inès Moreau").wait_for()
    await message.locator(".mention", has_text="#help").wait_for()
    assert await message.get_by_role("button", name="Off").is_disabled()
    assert await message.get_by_role("link", name="There").get_attribute("href") == "https://example.com/"
    assert await message.get_by_label("Somebody").locator("option").all_inner_texts() == [
        "Somebody", "Inès Moreau", "Ben Carter", "Léa Martin", "Sam Rivers", "Ada Byron",
    ]  # fmt: skip
    assert "@IT team" in await message.get_by_label("A role").locator("option").all_inner_texts()
    await message.get_by_role("button", name="Several").click()
    several = opened.tab.get_by_role("dialog", name="Several")
    await several.get_by_role("searchbox").or_(several.get_by_role("combobox")).fill("sec")
    await opened.tab.keyboard.press("Enter")
    await opened.tab.keyboard.press("Escape")
    await message.get_by_role("button", name="Second").wait_for()
