"""What else there is on a network, by hand: the home page, messages' menus, emoji, whispers, pictures and the Drive."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.async_api import Locator

    from tests.page.conftest import Open

pytestmark = pytest.mark.asyncio(loop_scope="module")  # in which the browser was opened


async def test_from_the_home_page(opened: Open) -> None:
    slack = opened.slack
    await opened.be(slack, "Nora")
    await opened.go(slack, "Helpthread")
    await slack.get_by_role("tab", name="Home").click()
    home = slack.get_by_role("region", name="App Home")
    await home.get_by_role("button", name="Open a ticket").click()
    form = slack.get_by_role("dialog", name="New ticket")
    await form.get_by_label("Subject").fill("My badge")
    await form.get_by_label("Description").fill("It does not open the door.")
    await form.get_by_label("Department").select_option(label="Human resources")
    await form.get_by_label("Product").select_option(label="Payroll")
    await form.get_by_role("button", name="Open the ticket").press("Enter")
    # From the home page, the answer is a window of its own.
    answer = slack.get_by_role("dialog", name="is open")
    await answer.get_by_text("It has a thread of its own now").wait_for()
    await answer.get_by_role("button", name="Close").first.press("Enter")
    await answer.wait_for(state="detached")
    # Whoever looks again sees it there, with a dot at the messages that have come.
    await slack.get_by_role("tab", name="Messages").click()
    await slack.get_by_role("heading", name="My badge").first.wait_for()
    await slack.get_by_role("tab", name="Home").click()
    await home.get_by_text("My badge").first.wait_for()
    await opened.picture("home")
    # An agent presses in the channel: the answer, in the card's thread, comes into sight.
    await opened.be(slack, "Tom")
    await opened.go(slack, "hr-desk")
    card = slack.locator(".main article", has_text="My badge")
    await card.get_by_role("button", name="Claim").click()
    await card.get_by_role("button", name="1 reply").wait_for()
    await card.get_by_role("button", name="More…").click()
    await slack.locator(".thread article.ephemeral").get_by_role("button", name="History").wait_for()


async def test_from_a_messages_menu_and_by_an_emoji(opened: Open) -> None:
    discord = opened.discord
    await opened.be(discord, "Ben")
    await opened.write(discord, "My mouse is **gone**")
    said = discord.locator("article", has_text="My mouse is gone")
    await said.focus()
    await said.get_by_role("button", name="More actions").press("Enter")
    await opened.tab.get_by_role("menuitem", name="Open a ticket").press("Enter")
    await _fill(discord.get_by_role("dialog", name="New ticket"), "My mouse")
    await discord.locator(".sidebar .channel", has_text="My mouse").wait_for()

    await opened.write(discord, "And the keyboard is wet")
    wet = discord.locator("article", has_text="And the keyboard is wet")
    await wet.hover()
    await wet.get_by_role("button", name="Add reaction").click()
    window = opened.tab.get_by_role("dialog", name="Pick an emoji")
    await window.get_by_role("button", name="ticket", exact=True).click()
    await wet.locator(".reactions", has_text="🎫").wait_for()
    # The bot answers in a direct message, which is marked as unread.
    direct = discord.locator(".sidebar .channel.unread", has_text="Helpthread")
    await direct.click()
    await discord.locator(".main").get_by_text("And the keyboard is wet").first.wait_for()


async def test_a_whisper_is_seen_by_one_and_put_away(opened: Open) -> None:
    discord = opened.discord
    await opened.be(discord, "Ben")
    await opened.write(discord, "/tickets")
    whisper = discord.locator("article.ephemeral")
    await whisper.get_by_text("Only visible to you").wait_for()
    await opened.be(discord, "Inès")
    await discord.get_by_text("Nothing has been said here yet.").wait_for()
    await opened.be(discord, "Ben")
    await whisper.hover()
    await whisper.get_by_role("button", name="Dismiss message").click()
    await whisper.wait_for(state="detached")


async def test_an_admin_sees_figures_and_the_drive(opened: Open) -> None:
    discord = opened.discord
    await opened.director.act("next", {})
    await opened.be(discord, "Ada")
    await opened.write(discord, "/stats month")
    await discord.get_by_role("button", name=re.compile("Pictures$")).click()
    direct = discord.locator(".sidebar .channel.unread", has_text="Helpthread")
    await direct.click(timeout=30_000)
    picture = discord.locator(".main img[src*='/discord/attachments/']").first
    await picture.wait_for()
    await discord.get_by_role("log").evaluate("(list) => { list.scrollTop = list.scrollHeight; }")
    await picture.evaluate("(image) => image.decode()")  # it is a picture that a browser can read
    await opened.picture("stats")

    await opened.go(discord, "help")
    await opened.write(discord, "/backup now")
    await opened.tab.get_by_role("button", name="Drive").click()
    window = opened.tab.get_by_role("dialog", name="The sandbox’s Google Drive")
    await window.get_by_text(".manifest.json").wait_for(timeout=60_000)
    await opened.picture("drive")
    await opened.tab.keyboard.press("Escape")
    await window.wait_for(state="detached")


async def _fill(form: Locator, subject: str) -> None:
    await form.get_by_label("Subject").fill(subject)
    if not await form.get_by_label("Description").input_value():
        await form.get_by_label("Description").fill("It happened this morning.")
    await form.get_by_label("Department and product").select_option(label="IT · Laptop")
    await form.get_by_role("button", name="Send").click()
    await form.wait_for(state="detached")
