"""Slack looked at from outside: tokens, scopes, channels, user groups and accounts, each with what is found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from adapters.findings import Finding, Level, Wanted
from adapters.slack.api import Api
from adapters.slack.config import SCOPES, SlackTokens
from adapters.slack.oauth import SealBroken, Sealer, token_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from adapters.slack.config import SlackConfig

AREA = "slack"


async def examined(config: SlackConfig, tokens: SlackTokens, wanted: Wanted) -> AsyncIterator[Finding]:
    """What is found, in the order of looking; ends where looking further is of no use."""
    api = Api(config, tokens)
    try:
        async for finding in _looked(api, config, tokens, wanted):
            yield finding
    except (aiohttp.ClientError, SlackClientError, TimeoutError, OSError) as error:
        yield _problem("unreachable", address=config.api_url, error=str(error) or type(error).__name__)
    finally:
        await api.close()


async def _looked(api: Api, config: SlackConfig, tokens: SlackTokens, wanted: Wanted) -> AsyncIterator[Finding]:
    about, error = await _asked(api, "auth.test")
    if error:
        yield _problem("token", error=error, variable=config.bot_token_env)
        return
    yield _ok("token", team=str(about["team"]), bot=str(about["user"]))
    granted = {scope.strip() for scope in str(about["scopes"]).split(",")}
    missing = [scope for scope in SCOPES if scope not in granted]
    for scope in missing:
        yield _problem("scope", scope=scope, purpose=SCOPES[scope])
    if not missing:
        yield _ok("scope", count=str(len(SCOPES)))
    if config.mode == "socket":
        _, error = await _asked(api, "apps.connections.open", token=tokens.app)
        yield _problem("socket", error=error, variable=config.app_token_env) if error else _ok("socket")
    for place in wanted.places:
        yield await _place(api, place)
    async for finding in _people(api, wanted.people):
        yield finding


async def examined_installed(
    config: SlackConfig, keys: Sequence[str], houses: Iterable[tuple[str, str]]
) -> AsyncIterator[Finding]:
    """Workspaces that installed the app by themselves, each by its name and what is sealed of it."""
    sealer = Sealer(keys)
    for team, sealed in houses:
        try:
            tokens = SlackTokens(token_in(sealer, sealed))
        except SealBroken:
            yield _problem("sealed", team=team)
            continue
        api = Api(config, tokens)
        try:
            about, error = await _asked(api, "auth.test")
            granted = {scope.strip() for scope in str(about.get("scopes", "")).split(",")}
            missing = [scope for scope in SCOPES if scope not in granted]
            if error:
                yield _problem("installed", team=team, error=error)
            elif missing:
                yield _problem("installed_scope", team=team, scopes=", ".join(missing))
            else:
                yield _ok("installed", team=team)
        except (aiohttp.ClientError, SlackClientError, TimeoutError, OSError) as error:
            yield _problem("unreachable", address=config.api_url, error=str(error) or type(error).__name__)
            return
        finally:
            await api.close()


async def _place(api: Api, place: str) -> Finding:
    answer, error = await _asked(api, "conversations.info", channel=place)
    if error:
        return _problem("channel", channel=place, error=error)
    channel = answer["channel"]
    name = str(channel.get("name") or place)
    if channel.get("is_archived"):
        return _problem("archived", channel=name)
    if not channel.get("is_member"):
        return _problem("outside", channel=name)
    return _ok("channel", channel=name)


async def _people(api: Api, ids: tuple[str, ...]) -> AsyncIterator[Finding]:
    groups: dict[str, Any] = {}
    if any(id_.startswith("S") for id_ in ids):
        answer, error = await _asked(api, "usergroups.list", include_users="true")
        if error:
            yield _problem("groups", error=error)
            return
        groups = {group["id"]: group for group in answer["usergroups"]}
    for id_ in ids:
        if not id_.startswith("S"):
            answer, error = await _asked(api, "users.info", user=id_)
            gone = error or answer["user"].get("deleted")
            yield _problem("account", id=id_) if gone else _ok("account", name=str(answer["user"].get("real_name")))
        elif id_ not in groups:
            yield _problem("group", id=id_)
        elif not groups[id_].get("users"):
            yield Finding(AREA, "slack_empty_group", Level.WARNING, {"group": groups[id_]["handle"]})
        else:
            yield _ok("group", group=groups[id_]["handle"], count=str(len(groups[id_]["users"])))


async def _asked(api: Api, method: str, *, token: str = "", **args: str) -> tuple[dict[str, Any], str]:
    """The answer and "", or nothing and Slack's error code."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        answer = await api.web.api_call(method, data=args, headers=headers)
    except SlackApiError as error:
        return {}, str(error.response.get("error", error))
    granted = {name.lower(): value for name, value in answer.headers.items()}.get("x-oauth-scopes", "")
    data = answer.data if isinstance(answer.data, dict) else {}
    return {**data, "scopes": granted}, ""


def _ok(key: str, **facts: str) -> Finding:
    return Finding(AREA, f"slack_{key}", Level.OK, facts)


def _problem(key: str, **facts: str) -> Finding:
    return Finding(AREA, f"slack_{key}", Level.PROBLEM, facts)
