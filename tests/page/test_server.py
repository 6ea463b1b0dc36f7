"""The page's server without a browser: what it lets through, what it keeps out, what one person's view holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import aiohttp
import pytest

from bot.demo import stage as company
from sandbox.control import People, upload
from sandbox.discord import DiscordSandbox
from sandbox.page import Page
from sandbox.slack import SlackSandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def networks() -> AsyncIterator[tuple[SlackSandbox, DiscordSandbox]]:
    async with SlackSandbox(company.slack_setup()) as slack, DiscordSandbox(company.discord_setup()) as discord:
        yield slack, discord


@pytest.fixture
async def page(networks: tuple[SlackSandbox, DiscordSandbox]) -> AsyncIterator[Page]:
    slack, discord = networks
    async with Page(slack=slack.control_url, discord=discord.control_url) as made:
        yield made


@pytest.fixture
async def web() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_the_browser_is_told_to_load_nothing_from_elsewhere(page: Page, web: aiohttp.ClientSession) -> None:
    async with web.get(page.url) as answer:
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        text = await answer.text()
    assert "http://" not in text
    assert "https://" not in text


@pytest.mark.parametrize("headers", ({"Origin": "https://evil.example"}, {"Host": "evil.example"}, {"Origin": "null"}))
async def test_other_sites_get_nothing(page: Page, web: aiohttp.ClientSession, headers: dict[str, str]) -> None:
    async with web.post(f"{page.url}slack/state", data="{}", headers=JSON | headers) as answer:
        assert answer.status == 403


async def test_what_a_foreign_form_could_post_is_refused(page: Page, web: aiohttp.ClientSession) -> None:
    async with web.post(f"{page.url}slack/say", data={"user": company.MARC}) as answer:
        assert answer.status == 415


@pytest.mark.parametrize("path", ("static/..%2fserver.py", "static/nothing.js", "slack/files/F404", "stage/kill"))
async def test_what_is_not_there_is_not_found(page: Page, web: aiohttp.ClientSession, path: str) -> None:
    async with web.request("POST" if "stage" in path else "GET", page.url + path, data="{}", headers=JSON) as answer:
        assert answer.status == 404


async def test_an_uploaded_page_is_handed_over_and_never_run(
    page: Page, web: aiohttp.ClientSession, networks: tuple[SlackSandbox, DiscordSandbox]
) -> None:
    bad = upload("evil.html", b"<script>alert(1)</script>", "text/html")
    async with People(networks[0].control_url) as slack, People(networks[1].control_url) as discord:
        said = await slack.call("say", user=company.MARC, channel=company.GENERAL, files=[bad])
        told = await discord.call("say", user=company.BEN, channel=company.HELP, files=[bad])
    attachment = told["attachments"][0]["url"].partition("/attachments/")[2]
    for path in (f"slack/files/{said['files'][0]['id']}", f"discord/attachments/{attachment}"):
        async with web.get(page.url + path) as answer:
            assert await answer.read() == b"<script>alert(1)</script>"
            assert answer.headers["Content-Disposition"] == "attachment"
            assert answer.headers["Content-Security-Policy"] == "sandbox"


async def test_a_change_is_pushed(
    page: Page, web: aiohttp.ClientSession, networks: tuple[SlackSandbox, DiscordSandbox]
) -> None:
    async with web.get(f"{page.url}watch") as stream, People(networks[0].control_url) as slack:
        heard: list[str] = []
        while len(heard) < 2:  # at first each side says that it is there
            line = (await stream.content.readline()).decode()
            if line.startswith("data: "):
                heard.append(json.loads(line[6:])["side"])
        assert sorted(heard) == ["discord", "slack"]
        said = await slack.call("say", user=company.MARC, channel=company.GENERAL, text="hello")
        while not (line := (await stream.content.readline()).decode()).startswith("data: "):
            pass
        pushed = json.loads(line[6:])
    assert pushed["side"] == "slack"
    assert pushed["changes"][0]["ts"] == said["ts"]


async def test_one_sees_what_is_ones_own_to_see(networks: tuple[SlackSandbox, DiscordSandbox]) -> None:
    async with People(networks[0].control_url) as slack, People(networks[1].control_url) as discord:
        await slack.call("say", user=company.TOM, channel=company.HR_DESK, text="secret")
        await discord.call("say", user=company.SAM, channel=company.IT_DESK, content="secret")
        assert "secret" not in json.dumps(await slack.call("view", user=company.MARC))
        assert "secret" in json.dumps(await slack.call("view", user=company.LEA))
        assert "secret" not in json.dumps(await discord.call("view", user=company.BEN))
        assert "secret" in json.dumps(await discord.call("view", user=company.LEA_DISCORD))
