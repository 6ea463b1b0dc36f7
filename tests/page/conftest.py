"""A real Chromium on the demo's page: the networks' stand-ins and the desk in processes of their own behind it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from bot.demo.director import Director
from bot.demo.processes import Company
from sandbox.page import Page
from tests.databases import empty

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, Locator, ViewportSize
    from playwright.async_api import Page as Tab

IMAGES = Path(__file__).parents[2] / "docs" / "images"
WIDE: ViewportSize = {"width": 1360, "height": 800}


def chromium() -> str:
    """The distribution's Chromium; skips with a clear word where there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if (found := shutil.which(name)) is not None:
            return found
    pytest.skip("no Chromium is installed (apt-get install chromium): the page is not tried in a browser")


class Open:
    """The page in one tab, and what both of its sides are called in tests."""

    def __init__(self, tab: Tab, url: str, company: Company, director: Director) -> None:
        self.tab = tab
        self.url = url
        self.company = company
        self.director = director
        self.slack = tab.locator("#slack")
        self.discord = tab.locator("#discord")

    async def be(self, side: Locator, name: str) -> None:
        """Choose who one is on a side."""
        picker = side.locator("select.who")
        option = await picker.locator("option", has_text=name).get_attribute("value")
        await picker.select_option(option)
        await self.tab.locator(f".side[data-me='{option}']").wait_for()

    async def go(self, side: Locator, name: str) -> None:
        """Open a channel or thread whose name begins so."""
        await side.locator(".sidebar .channel", has_text=name).first.click()

    async def write(self, where: Locator, text: str) -> None:
        """Type it and press Enter."""
        box = where.get_by_role("combobox").last
        await box.fill(text)
        await box.press("Escape")
        await box.press("Enter")

    async def picture(self, name: str) -> None:
        """Keep a screenshot for the docs, where HELPTHREAD_IMAGES asks for it (make pictures)."""
        if os.environ.get("HELPTHREAD_IMAGES"):
            IMAGES.mkdir(exist_ok=True)
            await self.tab.mouse.move(2, 2)
            await self.tab.screenshot(path=IMAGES / f"{name}.png", animations="disabled", caret="hide")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    path = chromium()
    playwright = pytest.importorskip(
        "playwright.async_api", reason="Playwright is not installed (make test installs it)"
    )
    async with playwright.async_playwright() as driver:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"] if os.geteuid() == 0 else []
        browser = await driver.chromium.launch(executable_path=path, args=arguments)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def opened(browser: Browser, tmp_path: Path) -> AsyncIterator[Open]:
    """At the end: no script failed, and nothing was asked of any other address."""
    empty(tmp_path / "var" / "desk.sqlite3")
    async with Company(tmp_path, "en") as company:
        director = Director(company)
        async with Page(
            slack=company.controls["slack"],
            discord=company.controls["discord"],
            drive=company.controls["drive"],
            stage=director,
            language="en",
        ) as page:
            tab = await browser.new_page(viewport=WIDE, color_scheme="light", locale="en-GB")
            tab.set_default_timeout(60_000)  # ms; only what does not come at all is late
            wrong: list[str] = []
            tab.on("pageerror", lambda error: wrong.append(str(error)))
            tab.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
            tab.on("request", lambda asked: wrong.append(asked.url) if _elsewhere(asked.url, page.url) else None)
            await tab.goto(page.url)
            await tab.wait_for_selector("html[data-ready]")
            yield Open(tab, page.url, company, director)
            assert wrong == []
            await tab.close()


def _elsewhere(url: str, page: str) -> bool:
    return urlsplit(url).scheme not in {"data", "blob"} and urlsplit(url).netloc != urlsplit(page).netloc
