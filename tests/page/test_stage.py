"""What stands above both sides: the scene step by step, the desk killed and started, faults, and the proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from bot.demo import stage
from tests.page.conftest import WIDE

if TYPE_CHECKING:
    from tests.page.conftest import Open

pytestmark = pytest.mark.asyncio(loop_scope="module")  # in which the browser was opened


async def test_the_scene_is_played_step_by_step(opened: Open) -> None:
    """Over a ticket that somebody has opened by hand before."""
    tab, side = opened.tab, opened.company.slack
    await side.call(stage.NORA)
    form = {"subject": "Badge", "description": "Lost.", "department": "hr", "product": "payroll", "priority": "low"}
    assert (await side.fill(stage.NORA, form)).ok
    await side.agents_thread(stage.HR_DESK, 1)
    caption = tab.locator(".caption")
    await tab.get_by_role("button", name="Play the scene").click()
    await caption.get_by_text("Step 1").wait_for()
    await tab.get_by_role("button", name="Next step").click()
    await caption.get_by_text("Step 2").wait_for()
    window = opened.slack.get_by_role("dialog", name="Nouveau ticket")
    await window.get_by_text("Merci de décrire").wait_for()
    await tab.get_by_role("button", name="Play the rest").click()
    await caption.get_by_text("Every step happened.").wait_for(timeout=60_000)
    assert [step.last for step in opened.director.steps][-2:] == [False, True]
    # The page follows: the last step is seen through Ben's and Tom's eyes.
    await opened.discord.get_by_role("heading", name="#4 · My payslip").first.wait_for()
    await opened.slack.locator(".thread").get_by_text("Got it, thank you!").wait_for()
    await tab.get_by_role("button", name="Start over").click()
    await tab.get_by_role("button", name="Play the scene").wait_for(timeout=60_000)
    await opened.slack.get_by_text("Nothing has been said here yet.").wait_for()


async def test_faults_and_a_kill_lose_nothing(opened: Open) -> None:
    tab = opened.tab
    for _ in range(3):
        await opened.director.act("next", {})
    await tab.get_by_role("button", name="Faults").click()
    window = tab.get_by_role("dialog", name="Make the networks misbehave")
    for network in ("slack", "discord"):
        await window.get_by_label(f"{network}: Refuse every third call (429)").check()
        await window.get_by_label(f"{network}: Deliver every event twice").check()
    await window.get_by_label("discord: Do it, but lose every third answer").check()
    await opened.picture("faults")
    await window.get_by_role("button", name="Prove that nothing is lost").click()
    await tab.locator(".proof.ok").wait_for(timeout=90_000)
    for side in (opened.company.slack, opened.company.discord):
        assert (await side.people.call("faults"))["happened"]["duplicate"] > 0

    await tab.get_by_role("button", name="Faults").click()
    await window.get_by_role("button", name="Switch all off").click()
    await tab.keyboard.press("Escape")
    await window.wait_for(state="detached")
    await tab.get_by_role("button", name="Kill it").click()
    await tab.get_by_text("The desk: killed").wait_for()
    await opened.be(opened.slack, "Marc")
    await opened.go(opened.slack, "Helpthread")
    await opened.slack.locator(".replies").last.click()
    await opened.write(opened.slack.locator(".thread"), "Is anybody there?")
    await tab.get_by_role("button", name="Start it").click()
    await tab.get_by_text("The desk: running").wait_for()
    await opened.be(opened.discord, "Léa")
    await opened.go(opened.discord, "#2 ")
    await opened.discord.get_by_text("Is anybody there?").wait_for(timeout=30_000)
    assert await opened.discord.get_by_text("Is anybody there?").count() == 1


async def test_on_a_phone_one_side_at_a_time_fits(opened: Open) -> None:
    tab = opened.tab
    for _ in range(4):
        await opened.director.act("next", {})
    await opened.discord.get_by_text("redémarrer").first.wait_for()
    await opened.picture("scene")
    await tab.emulate_media(color_scheme="dark")
    await opened.picture("scene-dark")
    await tab.emulate_media(color_scheme="light")
    await tab.set_viewport_size({"width": 390, "height": 780})
    for name in ("Discord", "Slack"):
        await tab.get_by_role("tab", name=name, exact=True).click()
        side = tab.locator(f"#{name.lower()}")
        assert await side.is_visible()
        assert await tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await side.get_by_role("button", name="Channels and threads").click()
        await side.locator(".sidebar").get_by_role("button", name="Helpthread").wait_for()
        await side.get_by_role("button", name="Channels and threads").click()
    await opened.picture("phone")
    await tab.set_viewport_size(WIDE)


async def test_the_page_speaks_french(opened: Open) -> None:
    await opened.tab.get_by_label("Language").select_option("fr")
    await opened.tab.get_by_role("button", name="Jouer la scène").wait_for()
    assert await opened.tab.locator("html").get_attribute("lang") == "fr"


async def test_no_barrier_is_found(opened: Open) -> None:
    """axe-core: every control is named, colours have contrast, roles are used as they are meant; light and dark."""
    from axe_playwright_python.async_playwright import Axe  # only where there is a browser to try it in

    for _ in range(4):
        await opened.director.act("next", {})
    await opened.discord.get_by_text("redémarrer").first.wait_for()
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        await opened.tab.emulate_media(color_scheme=scheme)
        found = await Axe().run(opened.tab, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]})
        told = [
            f"{entry['id']}: {node['target']}: {node['failureSummary']}"
            for entry in found.response["violations"]
            for node in entry["nodes"]
        ]
        assert told == [], f"{scheme}:\n" + "\n".join(told)
