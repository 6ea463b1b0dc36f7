"""What an operator writes under [slack], the secrets from outside, and what the app's manifest must ask for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from adapters.port import TokenRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

# Scope of the bot token → why the desk needs it. docs.slack.dev/reference/scopes
SCOPES: dict[str, str] = {
    "chat:write": "opens threads, relays replies, edits and withdraws them",
    "commands": "slash commands and the forms that they open",
    "im:write": "opens the direct messages in which clients have their tickets",
    "im:history": "hears what clients say in direct messages, and reads what was missed",
    "channels:history": "hears what agents say in threads of public channels, and reads what was missed",
    "groups:history": "the same in private channels",
    "channels:read": "shows the names of mentioned public channels",
    "groups:read": "the same for private channels",
    "users:read": "names, pictures and languages of people",
    "dnd:read": "passes over agents who asked for quiet when tickets are assigned",
    "usergroups:read": "user groups and who is in them, which makes people agents or admins",
    "pins:write": "pins the card by which people open tickets in a channel",
    "reactions:read": "hears 🎫 below a message, which opens a ticket from it",
    "files:read": "copies attachments into the desk",
    "files:write": "relays attachments, and withdraws them",
}

ADDRESS = r"^$|^(?:[\w.-]+|\[[0-9a-fA-F:]+\]):\d{1,5}$"  # "host:port"

# Scope of the app-level token: it opens the socket.
APP_SCOPES: dict[str, str] = {"connections:write": "Socket Mode: the desk needs no public address"}

# Events API subscription → why. docs.slack.dev/reference/events
EVENTS: dict[str, str] = {
    "message.im": "what clients say, change and delete in direct messages",
    "message.channels": "what agents say, change and delete in threads of public channels",
    "message.groups": "the same in private channels",
    "reaction_added": "🎫 below a message opens a ticket from it",
    "app_uninstalled": "a workspace that has taken the app out is left at once",
    "tokens_revoked": "the same",
    "app_home_opened": "the home page is drawn when somebody looks at it",
    "user_change": "a changed name or language is shown at once",
    "subteam_created": "a new user group counts at once",
    "subteam_updated": "a renamed or disabled user group counts at once",
    "subteam_members_changed": "who became an agent, or is none any more, counts at once",
}


class OAuthConfig(BaseModel):
    """[slack.oauth] of config.toml: other workspaces install the app of [slack] by themselves."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    client_id: str = Field(min_length=1)
    client_secret_env: str = "SLACK_CLIENT_SECRET"  # noqa: S105 - the variable's name
    key_env: str = "SLACK_INSTALL_KEY"
    url: str  # by which the desk is reached from outside
    listen: str = Field(default="", pattern=ADDRESS)  # "host:port", "" for that of [http]
    teams: list[Annotated[str, Field(pattern=r"^[TE][A-Z0-9]{2,11}$")]] = Field(default_factory=list)
    apart: bool = True
    authorize_url: str = "https://slack.com/oauth/v2/authorize"

    @field_validator("url", "authorize_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if not value.startswith(("https://", "http://")):
            raise ValueError("an address that begins with https:// is needed")
        return value.rstrip("/")


class SlackConfig(BaseModel):
    """[slack] of config.toml. Secrets are named here by their environment variable, never written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Literal["socket", "http"] = "socket"
    listen: str = Field(default="", pattern=ADDRESS)  # HTTP mode: "host:port", "" for that of [http]
    path: str = Field(default="/slack/events", pattern=r"^/[\w/.-]+$")  # HTTP mode: of the app's request URLs
    api_url: str = "https://slack.com/api/"
    bot_token_env: str = "SLACK_BOT_TOKEN"  # noqa: S105 - the variable's name
    app_token_env: str = "SLACK_APP_TOKEN"  # noqa: S105 - the variable's name
    signing_secret_env: str = "SLACK_SIGNING_SECRET"  # noqa: S105 - the variable's name

    pinned: list[Annotated[str, Field(pattern=r"^\w{1,100}$")]] = Field(default_factory=list)  # ids of channels

    @field_validator("api_url")
    @classmethod
    def _http_address(cls, value: str) -> str:
        if not value.startswith(("https://", "http://")):
            raise ValueError("an address that begins with https:// is needed")
        return value if value.endswith("/") else f"{value}/"

    def tokens(self, environment: Mapping[str, str]) -> SlackTokens:
        """The secrets that this config names. TokenRefused where one is missing."""
        needed = {self.bot_token_env: "xoxb-…"}
        needed |= {self.app_token_env: "xapp-…"} if self.mode == "socket" else {self.signing_secret_env: "32 signs"}
        for name, shape in needed.items():
            if not environment.get(name):
                raise TokenRefused(f"set {name} ({shape}; api.slack.com/apps shows it)")
        return SlackTokens(
            bot=environment[self.bot_token_env],
            app=environment.get(self.app_token_env, ""),
            signing=environment.get(self.signing_secret_env, ""),
        )


@dataclass(frozen=True, slots=True)
class SlackTokens:
    """The secrets. None of them is ever in a `repr`, and so in no log."""

    bot: str = field(repr=False)
    app: str = field(default="", repr=False)  # for Socket Mode only
    signing: str = field(default="", repr=False)  # for HTTP mode only: a socket is authenticated as a whole
