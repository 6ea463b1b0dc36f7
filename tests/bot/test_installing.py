"""Workspaces install the desk's app by themselves, and their people are served while the desk runs on."""

from __future__ import annotations

import asyncio
import html
import re
import socket
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from bot import examination
from bot.app import open_desk
from bot.config import ConfigError, load
from bot.demo import stage as company
from bot.demo.side import wait_line
from bot.demo.slack_side import SlackSide
from desk.model import AccountRef
from sandbox.control import People
from sandbox.discord import DiscordSandbox
from sandbox.slack import SlackSandbox, SlackSetup
from tests.bot.conftest import PATIENT, Stage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ACME, BETA = "T0ACME", "T0BETA"
DESK = "C0DESK"  # a channel in each
KEY = "0f" * 32
FORM = {"subject": "Payslip", "description": "It is wrong.", "priority": "low"}
TO_HR = {"department": "hr", "product": "payroll"}


def team(id_: str) -> SlackSetup:
    """A customer's workspace: Marc is there too, with the id that he has elsewhere, and Zoé answers."""
    return replace(
        company.slack_setup(),
        team_id=id_,
        team_name=id_.removeprefix("T0").capitalize(),
        bot_token="",
        users={
            company.MARC: {"name": "marc", "real_name": f"Marc of {id_}", "locale": "en-US"},
            "U0ZOE": {"name": "zoe", "real_name": "Zoé", "locale": "en-US"},
        },
        groups={"S0STAFF": {"handle": "staff", "users": ["U0ZOE"]}},
        channels={DESK: {"name": "desk", "members": ["U0ZOE", company.SLACK_BOT]}},
        trigger_life=PATIENT,
    )


class Customers(Stage):
    """The stage with a front at `url`, and two customers' workspaces."""

    def __init__(
        self, slack: SlackSandbox, discord: DiscordSandbox, folder: Path, where: Path | str, port: int
    ) -> None:
        super().__init__(slack, discord, folder, where)
        self.url = f"http://127.0.0.1:{port}"
        self.environment |= {"SLACK_CLIENT_SECRET": "sandbox-client-secret", "SLACK_INSTALL_KEY": KEY}
        self.sides = {
            id_: SlackSide(People(slack.control_of(id_)), company.SLACK_BOT, "set when it is known")
            for id_ in (ACME, BETA)
        }
        self.session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        self.write()

    def write(self, more: str = "apart = false", departments: str = "") -> None:
        text = self.config.read_text(encoding="utf-8").partition("\n[http]")[0]
        self.config.write_text(
            f"""{text}
[http]
listen = "{self.url.removeprefix("http://")}"
[slack.oauth]
client_id = "111.222"
url = "{self.url}"
authorize_url = "{self.slack_sandbox.url.removesuffix("/api/")}/oauth/v2/authorize"
{more}
{departments}""",
            encoding="utf-8",
        )

    async def sent(self) -> tuple[str, str]:
        """Where the install page leads, and the cookie that it left."""
        async with self.session.get(f"{self.url}/slack/install") as page:
            assert page.status == 200
            found = re.search(r'href="([^"]+/oauth/v2/authorize[^"]+)"', await page.text())
            assert found is not None
            return html.unescape(found[1]), page.headers["Set-Cookie"].partition(";")[0]

    async def back(self, url: str, cookie: str = "") -> int:
        async with self.session.get(url, headers={"Cookie": cookie} if cookie else {}) as answer:
            return answer.status

    async def allowed(self, id_: str, link: str, *, denied: bool = False) -> str:
        """Where somebody is sent who pressed Allow, or Cancel, in that workspace."""
        people = self.sides[id_].people
        return str((await people.call("allow", url=link, user="U0ZOE", denied=denied))["url"])

    async def install(self, id_: str) -> int:
        link, cookie = await self.sent()
        return await self.back(await self.allowed(id_, link), cookie)

    async def heard(self, id_: str) -> None:
        """Until that workspace is a channel of the desk that listens."""
        name = f"slack-{id_.lower()}"

        async def listens() -> bool:
            channel = self.desk.channels.get(name) if self.desk else None
            return channel is not None and await channel.health() == "connected"

        await self.sides[id_].people.until(listens, f"{name} is heard")

    async def gone(self, id_: str) -> None:
        async def left() -> bool:
            return self.desk is not None and f"slack-{id_.lower()}" not in self.desk.channels

        await self.sides[id_].people.until(left, f"{id_} is left")

    async def kept(self) -> set[str]:
        assert self.desk is not None
        return {each.house for each in await self.desk.house.storage.read(lambda tx: tx.installations())}

    async def __aexit__(self, *error: object) -> None:
        await super().__aexit__(*error)
        await self.session.close()
        for side in self.sides.values():
            await side.people.__aexit__()


@asynccontextmanager
async def open_customers(tmp_path: Path, where: Path | str) -> AsyncIterator[Customers]:
    """The desk is not open yet."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    setup = replace(
        company.slack_setup(), ack_within=PATIENT, trigger_life=PATIENT, redirect_urls=(f"http://127.0.0.1:{port}/",)
    )
    async with (
        SlackSandbox(setup, teams=(team(ACME), team(BETA))) as slack,
        DiscordSandbox(replace(company.discord_setup(), answer_within=PATIENT)) as discord,
        Customers(slack, discord, tmp_path, where, port) as made,
    ):
        yield made


@pytest.fixture
async def customers(tmp_path: Path, where: Path | str) -> AsyncIterator[Customers]:
    async with open_customers(tmp_path, where) as made:
        yield made


async def doctored(customers: Customers) -> dict[str, dict[str, str]]:
    """What the doctor finds of workspaces that installed the app by themselves."""
    found = [each async for each in examination.examined(customers.config, customers.environment)]
    keys = {"slack_installed", "slack_installed_scope", "slack_sealed", "slack_install_key"}
    return {each.key: dict(each.facts) for each in found if each.key in keys}


async def test_two_workspaces_install_the_app_and_each_is_served_as_itself(customers: Customers) -> None:
    await customers.start()
    home = customers.slack
    for number, id_ in enumerate((ACME, BETA), start=1):
        assert await customers.install(id_) == 200
        await customers.heard(id_)
        side = customers.sides[id_]
        await side.call(company.MARC)
        assert (await side.fill(company.MARC, FORM | TO_HR | {"subject": f"Payslip of {id_}"})).ok
        ours = await home.agents_thread(company.HR_DESK, number)
        theirs = await side.clients_thread(company.MARC, number)
        await home.say(company.TOM, ours, f"Hello {id_}")
        await wait_line(side, theirs, f"Hello {id_}")
        await side.say(company.MARC, theirs, f"Thanks from {id_}")
        await wait_line(home, ours, f"Thanks from {id_}")
    for id_, other in ((ACME, BETA), (BETA, ACME)):  # the same id in two workspaces is not the same person
        shown = await customers.sides[id_].call(company.MARC, command="tickets")
        assert (f"Payslip of {id_}" in shown, f"Payslip of {other}" in shown) == (True, False)
    desk = customers.desk
    assert desk is not None
    marcs = [AccountRef(name, company.MARC) for name in ("slack-t0acme", "slack-t0beta")]
    people = {await desk.house.storage.read(lambda tx, each=each: tx.person_of(each)) for each in marcs}
    assert len(people) == 2

    # Its token is in the database only as nobody can use it; the next start finds it there.
    token = customers.slack_sandbox.apps[ACME].setup.bot_token
    sealed = await desk.house.storage.read(lambda tx: [each.sealed for each in tx.installations()])
    assert token not in "".join(sealed)
    await customers.stop()
    if not isinstance(customers.where, str):
        stored = b"".join(path.read_bytes() for path in customers.where.parent.glob("desk.sqlite3*"))
        assert b"slack-t0acme" in stored
        assert token.encode() not in stored
    await customers.start()
    await customers.heard(ACME)
    await customers.sides[ACME].call(company.MARC, "1")


async def test_over_http_one_door_hears_for_all_workspaces(customers: Customers) -> None:
    text = customers.config.read_text(encoding="utf-8").replace("[slack]\n", '[slack]\nmode = "http"\n')
    customers.config.write_text(text, encoding="utf-8")
    customers.desk = desk = open_desk(load(customers.config), customers.environment, customers.config)
    customers._running = asyncio.create_task(desk.run())
    customers.slack_sandbox.app.setup.request_url = f"{customers.url}/slack/events"

    async def listens() -> bool:
        return await desk.channels["slack"].health() == "connected"

    await customers.slack.people.until(listens, "the door is open")
    assert await customers.install(ACME) == 200
    await customers.heard(ACME)
    for number, side in enumerate((customers.sides[ACME], customers.slack), start=1):
        await side.call(company.MARC)
        assert (await side.fill(company.MARC, FORM | TO_HR)).ok
        ours = await customers.slack.agents_thread(company.HR_DESK, number)
        await customers.slack.say(company.TOM, ours, f"Hello number {number}")
        await wait_line(side, await side.clients_thread(company.MARC, number), f"Hello number {number}")
    await customers.sides[ACME].people.call("uninstall")
    await customers.gone(ACME)


async def test_a_workspace_that_takes_the_app_out_is_left_and_the_others_go_on(customers: Customers) -> None:
    await customers.start()
    for id_ in (ACME, BETA):
        assert await customers.install(id_) == 200
        await customers.heard(id_)
    await customers.sides[ACME].people.call("uninstall")
    await customers.gone(ACME)
    assert await customers.kept() == {BETA}
    side = customers.sides[BETA]
    await side.call(company.MARC)
    assert (await side.fill(company.MARC, FORM | TO_HR)).ok
    assert await customers.install(ACME) == 200  # and may come again
    await customers.heard(ACME)


async def test_one_that_took_it_out_while_the_desk_was_away_is_left_at_the_next_start(customers: Customers) -> None:
    await customers.start()
    assert await customers.install(ACME) == 200
    await customers.heard(ACME)
    await customers.stop()
    assert await doctored(customers) == {"slack_installed": {"team": "Acme"}}
    customers.slack_sandbox.apps[ACME].scopes.discard("files:write")
    assert await doctored(customers) == {"slack_installed_scope": {"team": "Acme", "scopes": "files:write"}}
    customers.slack_sandbox.installing.uninstall(ACME)
    assert await doctored(customers) == {"slack_installed": {"team": "Acme", "error": "invalid_auth"}}
    await customers.start()
    await customers.gone(ACME)

    async def forgotten() -> bool:
        return not await customers.kept()

    await customers.sides[ACME].people.until(forgotten, "it is forgotten")


async def test_nobody_comes_in_by_a_way_on_which_we_did_not_send_them(customers: Customers) -> None:
    customers.write(f'teams = ["{ACME}"]')
    await customers.start()
    link, cookie = await customers.sent()
    back = await customers.allowed(ACME, link)
    assert await customers.back(back) == 400  # another browser than the one that was sent
    assert await customers.back(re.sub("state=[^&]+", "state=forged", back), "slack-app-oauth-state=forged") == 401
    denied = await customers.allowed(ACME, link, denied=True)
    assert (await customers.back(denied, cookie), await customers.kept()) == (200, set())
    assert await customers.back(back, cookie) == 200
    assert await customers.kept() == {ACME}
    assert await customers.back(back, cookie) == 401  # a state is good once
    assert await customers.back(f"{customers.url}/slack/oauth_redirect?code=x&state=", cookie) == 400

    customers.slack_sandbox.app.setup.code_life = -1.0
    link, cookie = await customers.sent()
    assert await customers.back(await customers.allowed(ACME, link), cookie) == 401  # its code is too old
    customers.slack_sandbox.app.setup.code_life = 600.0
    assert await customers.install(BETA) == 500  # none of those that may
    assert await customers.kept() == {ACME}


async def test_a_workspace_that_came_by_itself_is_kept_apart_unless_config_says_otherwise(customers: Customers) -> None:
    department = f"""
[[departments]]
id = "acme"
name = "Acme's own"
networks = ["slack-t0acme"]
places = ["slack-t0acme:{DESK}"]
agents = {{ slack-t0acme = ["S0STAFF"] }}
"""
    customers.write("", department)
    await customers.start()
    for id_ in (ACME, BETA):
        assert await customers.install(id_) == 200
        await customers.heard(id_)
    acme, beta, home = customers.sides[ACME], customers.sides[BETA], customers.slack
    await acme.call(company.MARC)
    assert (await acme.fill(company.MARC, FORM | {"subject": "Secret plan", "product": "laptop"})).ok
    ours = await acme.agents_thread(DESK, 1)
    await acme.say("U0ZOE", ours, "We see it")
    await wait_line(acme, await acme.clients_thread(company.MARC, 1), "We see it")
    assert "Secret plan" in await acme.call("U0ZOE", command="tickets")
    assert "Secret" not in await home.call(company.TOM, command="tickets")
    assert "No team takes tickets from here yet" in await beta.call(company.MARC)


async def test_what_is_sealed_with_another_key_is_named_and_the_rest_is_served(
    customers: Customers, caplog: pytest.LogCaptureFixture
) -> None:
    await customers.start()
    assert await customers.install(ACME) == 200
    await customers.heard(ACME)
    await customers.stop()
    customers.environment["SLACK_INSTALL_KEY"] = "short"
    assert "SLACK_INSTALL_KEY is too short" in (await doctored(customers))["slack_install_key"]["error"]
    customers.environment["SLACK_INSTALL_KEY"] = "a5" * 32
    assert await doctored(customers) == {"slack_sealed": {"team": "Acme"}}
    await customers.start()
    assert await customers.install(BETA) == 200
    await customers.heard(BETA)
    assert "T0ACME is not heard: sealed with another key" in caplog.text
    await customers.stop()
    customers.environment["SLACK_INSTALL_KEY"] += f" {KEY}"  # the old one still opens what it has sealed
    await customers.start()
    await customers.heard(ACME)
    await customers.heard(BETA)


@pytest.mark.parametrize(
    ("change", "wrong"),
    (
        ({"SLACK_INSTALL_KEY": ""}, "SLACK_INSTALL_KEY is not set"),
        ({"SLACK_INSTALL_KEY": "short"}, "SLACK_INSTALL_KEY is too short"),
        ({"SLACK_CLIENT_SECRET": ""}, "SLACK_CLIENT_SECRET is not set"),
    ),
)
async def test_a_missing_secret_is_named(customers: Customers, change: dict[str, Any], wrong: str) -> None:
    customers.environment |= change
    with pytest.raises(ConfigError, match=wrong):
        await customers.start()


def test_pages_need_an_address(customers: Customers) -> None:
    text = customers.config.read_text(encoding="utf-8")
    customers.config.write_text(re.sub(r'\[http\]\nlisten = "[^"]+"', "", text), encoding="utf-8")
    with pytest.raises(ConfigError, match="need an address to listen at"):
        load(customers.config)
