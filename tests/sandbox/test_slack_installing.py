"""The stand-in's app in many workspaces: it gives tokens as Slack does, and to nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest

from sandbox.control import People
from sandbox.slack import SlackSandbox, SlackSetup

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HOME = "https://desk.example/back"
CLIENT = {"client_id": "111.222", "client_secret": "sandbox-client-secret"}


class Caller:
    def __init__(self, slack: SlackSandbox, session: aiohttp.ClientSession, acme: People) -> None:
        self.slack, self.session, self.acme = slack, session, acme

    async def call(self, method: str, token: str = "", **args: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self.session.post(f"{self.slack.url}{method}", data=args, headers=headers) as answer:
            found: dict[str, Any] = await answer.json()
            return found

    async def allow(self, **changes: str) -> dict[str, Any]:
        asked = {"client_id": "111.222", "scope": "chat:write,users:read", "redirect_uri": HOME, "state": "s"} | changes
        denied = bool(asked.pop("denied", ""))
        url = f"https://slack.com/oauth/v2/authorize?{urlencode(asked)}"
        answer: dict[str, Any] = await self.acme.call("allow", url=url, user="U1", denied=denied)
        return answer

    async def code(self, **changes: str) -> str:
        url = str((await self.allow(**changes))["url"])
        return parse_qs(urlsplit(url).query)["code"][0]


@pytest.fixture
async def slack() -> AsyncIterator[Caller]:
    users = {"U1": {"name": "ada", "real_name": "Ada"}}
    acme = SlackSetup(team_id="T0ACME", team_name="Acme", bot_token="", users=users)
    async with (
        SlackSandbox(SlackSetup(users=users, redirect_urls=(HOME,)), teams=(acme,)) as made,
        aiohttp.ClientSession() as session,
        People(made.control_of("T0ACME")) as people,
    ):
        yield Caller(made, session, people)


async def test_a_code_becomes_a_token_of_its_workspace_once(slack: Caller) -> None:
    code = await slack.code()
    assert (await slack.call("auth.test", "xoxb-sandbox"))["team_id"] == "T0TEAM"
    given = await slack.call("oauth.v2.access", code=code, redirect_uri=HOME, **CLIENT)
    assert (given["team"], given["scope"], given["token_type"]) == (
        {"id": "T0ACME", "name": "Acme"}, "chat:write,users:read", "bot",
    )  # fmt: skip
    assert (await slack.call("auth.test", given["access_token"]))["team_id"] == "T0ACME"
    assert (await slack.call("pins.list", given["access_token"]))["error"] == "unknown_method"
    assert (await slack.call("usergroups.list", given["access_token"]))["error"] == "missing_scope"
    again = await slack.call("oauth.v2.access", code=code, redirect_uri=HOME, **CLIENT)
    assert again["error"] == "code_already_used"


@pytest.mark.parametrize(
    ("changes", "error"),
    (
        ({"client_id": "x"}, "invalid_client_id"),
        ({"client_secret": "x"}, "bad_client_secret"),
        ({"code": "x"}, "invalid_code"),
        ({"redirect_uri": "https://elsewhere.example"}, "bad_redirect_uri"),
    ),
)
async def test_what_slack_refuses_is_refused(slack: Caller, changes: dict[str, str], error: str) -> None:
    asked = {"code": await slack.code(), "redirect_uri": HOME, **CLIENT, **changes}
    assert (await slack.call("oauth.v2.access", **asked))["error"] == error


async def test_a_code_is_too_old_by_and_by_and_an_odd_address_is_not_shown(slack: Caller) -> None:
    slack.slack.app.setup.code_life = -1.0
    asked = {"code": await slack.code(), "redirect_uri": HOME, **CLIENT}
    assert (await slack.call("oauth.v2.access", **asked))["error"] == "invalid_code"
    for changes, error in (
        ({"client_id": "x"}, "invalid_client_id"),
        ({"redirect_uri": "https://elsewhere.example"}, "bad_redirect_uri"),
        ({"scope": ""}, "invalid_scope"),
    ):
        assert (await slack.allow(**changes))["error"] == error
    assert "error=access_denied" in (await slack.allow(denied="yes"))["url"]


async def test_a_workspace_that_takes_the_app_out_tells_it_and_its_token_is_none(slack: Caller) -> None:
    given = await slack.call("oauth.v2.access", code=await slack.code(), redirect_uri=HOME, **CLIENT)
    opened = await slack.call("apps.connections.open", "xapp-sandbox")
    async with slack.session.ws_connect(opened["url"]) as socket:
        assert (await socket.receive_json())["type"] == "hello"
        await slack.acme.call("uninstall")
        told = [(await socket.receive_json())["payload"] for _ in range(2)]
    assert {(each["team_id"], each["event"]["type"]) for each in told} == {
        ("T0ACME", "tokens_revoked"), ("T0ACME", "app_uninstalled"),
    }  # fmt: skip
    assert (await slack.call("auth.test", given["access_token"]))["error"] == "invalid_auth"
