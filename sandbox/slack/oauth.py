"""One app installed in many workspaces: the page on which somebody allows it, codes for tokens, and leaving again.

docs.slack.dev/authentication/installing-with-oauth
"""

from __future__ import annotations

import base64
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from sandbox.slack.workspace import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.slack.app import App


@dataclass(frozen=True, slots=True)
class Code:
    """What a code stands for, until it is used or too old."""

    team: str
    user: str
    scopes: tuple[str, ...]
    redirect: str
    until: float


class Installing:
    """For the app of `apps[""]`, in whatever workspace."""

    def __init__(self, apps: Mapping[str, App]) -> None:
        self._apps = apps
        self._setup = apps[""].setup
        self._codes: dict[str, Code] = {}
        self._used: set[str] = set()

    def allow(self, url: str, team: str, user: str, *, denied: bool = False) -> str:
        """Somebody opens the address to which the app sent them, and presses Allow (or Cancel) in that workspace; gives
        where their browser is sent. Refused where Slack shows an error instead.
        """
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        if asked.get("client_id") != self._setup.client_id:
            raise Refused("invalid_client_id")
        redirect = asked.get("redirect_uri") or next(iter(self._setup.redirect_urls), "")
        if not any(redirect.startswith(known) for known in self._setup.redirect_urls):
            raise Refused("bad_redirect_uri")
        scopes = tuple(scope for scope in asked.get("scope", "").split(",") if scope)
        if not scopes:
            raise Refused("invalid_scope")
        told = {"state": asked.get("state", "")}
        if denied:
            return f"{redirect}?{urlencode({'error': 'access_denied'} | told)}"
        code = f"{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        until = time.monotonic() + self._setup.code_life
        self._codes[code] = Code(self._team(team), user, scopes, asked.get("redirect_uri", ""), until)
        return f"{redirect}?{urlencode({'code': code} | told)}"

    def _team(self, team: str) -> str:
        if team not in {each.setup.team_id for each in self._apps.values()}:
            raise Refused("team_not_found")
        return team

    def access(self, args: dict[str, Any], authorization: str) -> dict[str, Any]:
        """oauth.v2.access"""
        if authorization.startswith("Basic "):
            args["client_id"], _, args["client_secret"] = (
                base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
            )
        if args.get("client_id") != self._setup.client_id:
            raise Refused("invalid_client_id")
        if args.get("client_secret") != self._setup.client_secret:
            raise Refused("bad_client_secret")
        code = str(args.get("code") or "")
        if code in self._used:
            raise Refused("code_already_used")
        given = self._codes.pop(code, None)
        if given is None or time.monotonic() > given.until:
            raise Refused("invalid_code")
        if (args.get("redirect_uri") or "") != given.redirect:
            raise Refused("bad_redirect_uri")
        self._used.add(code)
        app = next(app for app in self._apps.values() if app.setup.team_id == given.team)
        app.setup.bot_token = app.setup.bot_token or f"xoxb-{secrets.token_hex(12)}"
        app.scopes, app.revoked = set(given.scopes), False
        return {
            "access_token": app.setup.bot_token,
            "token_type": "bot",
            "scope": ",".join(given.scopes),
            "bot_user_id": app.setup.bot_user,
            "app_id": app.setup.app_id,
            "team": {"id": app.setup.team_id, "name": app.setup.team_name},
            "enterprise": None,
            "authed_user": {"id": given.user},
            "is_enterprise_install": False,
        }

    def uninstall(self, team: str) -> None:
        """An admin of the workspace takes the app out: it is told, and its token is none any more."""
        app = next(app for app in self._apps.values() if app.setup.team_id == team)
        app.delivery.event({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [app.setup.bot_user]}})
        app.delivery.event({"type": "app_uninstalled"})
        app.revoked, app.setup.bot_token = True, ""
