"""The story by clicks and keys, on both sides of the page."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from bot.demo.picture import screenshot

if TYPE_CHECKING:
    from playwright.async_api import Locator

    from tests.page.conftest import Open

pytestmark = pytest.mark.asyncio(loop_scope="module")  # in which the browser was opened
DROP = """async (zone, [name, data]) => {
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  const given = new DataTransfer();
  given.items.add(new File([bytes], name, {type: "image/png"}));
  const how = {bubbles: true, cancelable: true, dataTransfer: given};
  for (const kind of ["dragenter", "dragover", "drop"]) zone.dispatchEvent(new DragEvent(kind, how));
}"""


async def test_a_ticket_from_slack_to_discord_and_back(opened: Open) -> None:
    slack, discord = opened.slack, opened.discord
    await opened.be(slack, "Marc")
    await opened.write(slack, "/ticket Intranet injoignable")
    form = slack.get_by_role("dialog", name="Nouveau ticket")
    assert await form.get_by_label("Sujet").input_value() == "Intranet injoignable"

    # What is wrong is told by the field, and nothing that was typed is lost.
    await form.get_by_label("Service").select_option(label="Informatique")
    await form.get_by_label("Produit").select_option(label="Paie")
    await form.get_by_role("button", name="Ouvrir le ticket").click()
    await form.get_by_text("Please complete this required field.").wait_for()
    missing = form.get_by_text("Please complete this required field.")
    await form.get_by_label("Description").fill("Depuis ce matin **rien** ne s'ouvre : erreur `503` !")
    await form.get_by_role("button", name="Ouvrir le ticket").click()
    await form.get_by_text("ne s’occupe pas de ce produit").wait_for()
    assert await form.get_by_label("Produit").get_attribute("aria-invalid") == "true"
    assert "503" in await form.get_by_label("Description").input_value()
    assert await missing.count() == 0
    await opened.picture("form")

    await form.get_by_label("Produit").select_option(label="Intranet")
    await form.get_by_label("Priorité").select_option(label="🔴 Urgente")
    await form.locator(".file-field").evaluate(DROP, ["capture.png", base64.b64encode(screenshot()).decode()])
    await form.get_by_text("capture.png").wait_for()
    await form.get_by_role("button", name="Ouvrir le ticket").click()
    await form.wait_for(state="detached")

    # Both sides, live.
    await opened.go(slack, "Helpthread")
    await slack.locator(".replies").click()
    theirs = slack.locator(".thread")
    await theirs.get_by_role("heading", name="#1 · Intranet injoignable").wait_for()
    await opened.be(discord, "Léa")
    await opened.go(discord, "#1 ")
    ours = discord.locator(".main")
    await ours.get_by_role("heading", name="#1 · Intranet injoignable", level=3).wait_for()
    assert await ours.locator(".embed b", has_text="rien").count() == 1  # formatting survives
    await ours.locator("img[alt='capture.png']").first.wait_for()
    await ours.get_by_role("button", name="Claim").click()
    await theirs.get_by_text("s’occupe de ce ticket").wait_for()

    # What a press is answered with, for her alone, stands where she pressed: on the card at the head of the thread.
    await ours.get_by_role("button", name="More…").click()
    whisper = ours.locator("article.ephemeral")
    await whisper.get_by_text("#1 · plus").wait_for()
    await whisper.hover()
    await whisper.get_by_role("button", name="Dismiss message").click()
    await whisper.wait_for(state="detached")

    await _talk(opened, theirs, ours)
    await _note(opened, theirs, ours)

    await ours.get_by_role("button", name="Close").click()
    await theirs.get_by_role("button", name="★★★★★").click()
    await ours.get_by_text("rated this ticket: ★★★★★").wait_for()


async def _talk(opened: Open, theirs: Locator, ours: Locator) -> None:
    """Formatting from the keyboard, an emoji from the window, an edit, a reaction, a deletion."""
    box = ours.get_by_role("combobox").last
    await box.type("Please ")
    await box.press("Control+b")
    await box.type("restart")
    await box.press("End")
    await box.type(" the VPN")
    await box.press("Enter")
    await theirs.locator("b", has_text="restart").wait_for()

    await theirs.get_by_role("button", name="Pick an emoji").click()
    window = opened.tab.get_by_role("dialog", name="Pick an emoji")
    await window.get_by_role("searchbox").fill("disappointed")
    await window.get_by_role("searchbox").press("Enter")
    await theirs.get_by_role("combobox").last.press("Enter")
    await ours.get_by_text("😞").wait_for()

    await opened.write(theirs, "toujuors pareil")
    await ours.get_by_text("toujuors pareil").wait_for()
    mine = theirs.locator("article", has_text="toujuors")
    await mine.focus()
    await mine.get_by_role("button", name="More actions").click()
    await opened.tab.get_by_role("menuitem", name="Edit message").press("Enter")
    await theirs.get_by_role("textbox", name="Edit message").fill("toujours pareil")
    await theirs.get_by_role("textbox", name="Edit message").press("Enter")
    await ours.get_by_text("toujours pareil").wait_for()
    await ours.get_by_text("toujuors").wait_for(state="detached")

    mine = theirs.locator("article", has_text="toujours pareil")
    await mine.hover()
    await mine.get_by_role("button", name="Add reaction").click()
    await opened.tab.get_by_role("dialog", name="Pick an emoji").get_by_role("button", name="eyes", exact=True).click()
    await mine.locator(".reactions button", has_text="👀").wait_for()
    await opened.picture("conversation")

    await mine.hover()
    await mine.get_by_role("button", name="More actions").click()
    await opened.tab.get_by_role("menuitem", name="Delete message").click()
    await ours.get_by_text("toujours pareil").wait_for(state="detached")
    await mine.wait_for(state="detached")


async def _note(opened: Open, theirs: Locator, ours: Locator) -> None:
    """A note by the keyboard alone; its form is Discord's. The client does not see it, and the bot's JSON is shown."""
    button = ours.get_by_role("button", name="Note")
    await button.focus()
    await button.press("Enter")
    form = opened.discord.get_by_role("dialog", name="Note aux agents")
    await form.get_by_role("textbox").fill("Son mot de passe a expiré.")
    await form.get_by_role("textbox").press("Tab")
    await form.get_by_role("button", name="Send").press("Enter")
    await form.wait_for(state="detached")
    said = ours.locator("article", has_text="a expiré").last
    await said.wait_for()
    assert await theirs.get_by_text("a expiré").count() == 0

    card = ours.locator("article", has=ours.page.locator(".embed")).first
    await card.hover()
    await card.get_by_role("button", name="Show the JSON that was sent").click()
    raw = opened.tab.get_by_role("dialog", name="Discord")
    assert '"custom_id": "ticket.note|1"' in await raw.locator("pre").inner_text()
    await opened.tab.keyboard.press("Escape")
    await raw.wait_for(state="detached")


async def test_the_keyboard_alone_opens_fills_and_leaves_a_form(opened: Open) -> None:
    tab = opened.tab
    await opened.be(opened.discord, "Ben")
    box = opened.discord.get_by_role("combobox").last
    await box.focus()
    await tab.keyboard.type("/tick")
    await opened.discord.get_by_role("option", name="/ticket ").first.wait_for()
    await tab.keyboard.press("Enter")  # takes the suggestion
    assert await box.input_value() == "/ticket "
    await tab.keyboard.type("My pay")
    await opened.go(opened.discord, "Helpthread")
    await opened.go(opened.discord, "help")
    assert await box.input_value() == "/ticket My pay"  # what was begun is there still
    await box.press("End")
    await tab.keyboard.type("slip")
    await tab.keyboard.press("Enter")
    form = opened.discord.get_by_role("dialog", name="New ticket")
    await form.wait_for()
    await tab.keyboard.press("Escape")
    await form.wait_for(state="detached")
    assert await box.evaluate("(box) => document.activeElement === box")  # the focus is where it was
    await tab.keyboard.type("/ticket My payslip")
    await tab.keyboard.press("Enter")
    await form.wait_for()
    for _ in range(30):  # the focus never leaves the form
        await tab.keyboard.press("Tab")
        assert await form.evaluate("(form) => form.contains(document.activeElement)")


async def test_in_a_thread_slack_has_no_commands_and_nothing_typed_is_lost(opened: Open) -> None:
    await opened.be(opened.slack, "Nora")
    await opened.write(opened.slack, "/nonsense at all")
    await opened.slack.get_by_text("/nonsense is not a valid command.").wait_for()
    assert await opened.slack.get_by_role("combobox").last.input_value() == "/nonsense at all"
