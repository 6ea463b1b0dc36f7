"""config.toml as a whole: its tables, what must hang together in them, and what the desk works with."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import AfterValidator, BaseModel, Field, PrivateAttr, model_validator

from adapters.discord.config import DiscordConfig, DiscordServer
from adapters.slack.config import ADDRESS, OAuthConfig, SlackConfig
from backup.config import BackupConfig
from bot.config.hours import HoursSection, NudgesSection, ServiceLevelSection, calendars, known_zone, misplaced, policy
from bot.config.keys import Language, Misplaced, Name, Section
from bot.config.lifecycle import LifecycleSection
from bot.config.sections import CatalogueSections
from desk.access import Access
from desk.figures import Terms
from desk.model import PlaceRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from desk.catalogue import Catalogue
    from desk.lifecycle import Lifecycle

INSTALLED = re.compile(r"slack-[te][a-z0-9]{2,11}")  # networks of workspaces that came by themselves


def _database(url: str) -> str:
    if url.startswith("sqlite:///") and url != "sqlite:///":
        return url
    if not url.startswith("postgresql+psycopg://"):
        raise ValueError('it begins with "sqlite:///" or "postgresql+psycopg://"')
    if urlsplit(url).password is not None or "password=" in urlsplit(url).query:
        raise ValueError("no secret stands here: put the password into the variable that password_env names")
    return url


class DeskSection(Section):
    """[desk]"""

    name: Name = "Helpthread"
    language: Language = "en"
    timezone: Annotated[str, AfterValidator(known_zone)] = "UTC"
    data: Path = Path("var")
    file_limit: int = Field(default=100_000_000, gt=0)  # bytes of one attachment that the desk keeps
    old_after: int = Field(default=7, gt=0)  # days
    tickets_a_minute: int = Field(default=10, ge=0)  # that one client may open; 0: any number


class StorageSection(Section):
    """[storage]"""

    url: Annotated[str, AfterValidator(_database)] = "sqlite:///{data}/desk.sqlite3"
    password_env: str = "HELPTHREAD_DATABASE_PASSWORD"  # noqa: S105 - the variable's name


class HttpSection(Section):
    """[http]: the desk's own server, for health, figures of its work, and Slack in HTTP mode."""

    listen: str = Field(default="", pattern=ADDRESS)  # "host:port"; "" for none


class LogSection(Section):
    """[log]: what the desk tells on standard output."""

    format: Literal["text", "json"] = "text"


class PeopleSection(Section):
    """[people]: by network, ids of accounts, Slack user groups or Discord roles."""

    agents: dict[str, list[str]] = Field(default_factory=dict)
    admins: dict[str, list[str]] = Field(default_factory=dict)


class ApartSection(BaseModel):
    """What is said of each Slack workspace and Discord server."""

    name: Annotated[str, Field(pattern=r"^[\w .,&'’-]{0,40}$")] = ""
    apart: bool = False


class SlackSection(SlackConfig, ApartSection):
    """[slack]"""

    oauth: OAuthConfig | None = None


class DiscordSection(DiscordConfig, ApartSection):
    """[discord]"""


class WorkspaceSection(SlackConfig, ApartSection):
    """[[workspaces]]: a Slack workspace beside that of [slack], with an app of its own; "slack-ID" elsewhere."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]{1,12}$")]


class ServerSection(DiscordServer, ApartSection):
    """[[servers]]: a Discord server beside that of [discord], with the same bot; "discord-ID" elsewhere."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]{1,12}$")]


class Config(CatalogueSections):
    """The whole of config.toml."""

    desk: DeskSection = DeskSection()
    storage: StorageSection = StorageSection()
    http: HttpSection = HttpSection()
    log: LogSection = LogSection()
    people: PeopleSection = PeopleSection()
    slack: SlackSection | None = None
    workspaces: list[WorkspaceSection] = Field(default_factory=list)
    discord: DiscordSection | None = None
    servers: list[ServerSection] = Field(default_factory=list)
    backup: BackupConfig = BackupConfig()
    hours: HoursSection | None = None
    service_levels: list[ServiceLevelSection] = Field(default_factory=list)
    lifecycle: LifecycleSection = LifecycleSection()
    nudges: NudgesSection = NudgesSection()
    _installed: frozenset[str] = PrivateAttr(default=frozenset())

    @model_validator(mode="after")
    def _hangs_together(self) -> Config:
        if not self.networks:
            raise ValueError("a desk needs a network: add a [slack] or a [discord] table")
        self._apps_hang_together()
        self._servers_hang_together()
        self._oauth_hangs_together()
        self.hang_together(self._known_networks())
        self.keep_apart(self.apart, self.people.agents)
        rooms = {each.id: each.networks for each in self.departments}
        for place, level in enumerate(self.service_levels):
            for written in level.tell:
                network = written.partition(":")[0]
                if network in self.apart and network not in rooms.get(level.department or "", ()):
                    text = f"service_levels: {network} is kept apart, so it is told of its own departments only"
                    raise Misplaced(text, "service_levels", place, "tell")
        departments = {department.id for department in self.departments}
        if wrong := misplaced(self.service_levels, departments, {priority.id for priority in self.priorities}):
            raise Misplaced(wrong[0], *wrong[1])
        self.becoming()
        for network in sorted(self.apart & self.people.admins.keys()):
            text = f"people.admins: {network} is kept apart, and admins see the whole desk; make its people agents"
            raise Misplaced(text, "people", "admins")
        for kind in ("agents", "admins"):
            for network in getattr(self.people, kind):
                if network not in {"slack", "discord", *self._known_networks()}:
                    raise Misplaced(f"people.{kind}: no network {network!r}", "people", kind)
        return self

    def _apps_hang_together(self) -> None:
        taken: dict[tuple[str, ...], str] = {}
        for number, (network, app) in enumerate(self.slack_apps.items(), start=-1 if self.slack else 0):
            at: tuple[str | int, ...] = ("workspaces", number) if network != "slack" else ("slack",)
            if app.mode == "http" and not (app.listen or self.http.listen):
                text = f"{network}: over HTTP an address to listen at is needed; set its listen or http.listen"
                raise Misplaced(text, *at, "mode")
            owned = [("bot_token_env", app.bot_token_env)]
            if app.mode == "http":
                owned += [("signing_secret_env", app.signing_secret_env)]
                owned += [("path", f"{app.listen or self.http.listen}{app.path}")]
            else:
                owned += [("app_token_env", app.app_token_env)]
            for key, value in owned:
                if (other := taken.setdefault((key, value), network)) != network:
                    raise Misplaced(f"{network}: its {key} is that of {other}; each app has its own", *at, key)

    def _oauth_hangs_together(self) -> None:
        if self.oauth is None:
            return
        if not (self.oauth.listen or self.http.listen):
            text = "slack.oauth: its pages need an address to listen at; set its listen or http.listen"
            raise Misplaced(text, "slack", "oauth")
        if taken := next((each.id for each in self.workspaces if INSTALLED.fullmatch(f"slack-{each.id}")), None):
            text = f"workspaces {taken!r}: such ids are those of workspaces that install the app; take another"
            raise Misplaced(text, "workspaces")

    def _servers_hang_together(self) -> None:
        if self.servers and self.discord is None:
            raise Misplaced("servers: they share the bot of a [discord] table; add it", "servers")
        taken = {self.discord.guild: "discord"} if self.discord else {}
        for place, server in enumerate(self.servers):
            if any(other.id == server.id for other in self.servers[:place]):
                text = f"servers: the id {server.id!r} stands twice; give each its own"
                raise Misplaced(text, "servers", place, "id")
            if server.guild in taken:
                text = f"servers {server.id!r}: its guild is that of {taken[server.guild]}; each server stands once"
                raise Misplaced(text, "servers", place, "guild")
            taken[server.guild] = f"discord-{server.id}"

    @property
    def called(self) -> dict[str, str]:
        """What people call networks, where config says it."""
        said: dict[str, Any] = self.networks
        return {name: network.name for name, network in said.items() if network.name}

    @property
    def oauth(self) -> OAuthConfig | None:
        """How other workspaces install the app by themselves."""
        return self.slack.oauth if self.slack else None

    def with_installed(self, networks: Iterable[str]) -> Config:
        """The same where these networks have come by themselves: workspaces in which the app was installed."""
        found = self.model_copy()
        found._installed = frozenset(networks)  # noqa: SLF001 - a copy of our own
        return found

    def _known_networks(self) -> set[str]:
        """Those of the tables; and those which may have come, or may yet come, by themselves."""
        known = {*self.networks, *self._installed}
        if self.oauth is not None:
            named = [written.partition(":")[0] for each in self.departments for written in each.places]
            named += [network for each in self.departments for network in (*each.networks, *each.agents)]
            named += [*self.people.agents, *self.people.admins]
            known |= {network for network in named if INSTALLED.fullmatch(network)}
        return known

    @property
    def apart(self) -> frozenset[str]:
        """The networks whose people and tickets are kept from the agents of the others."""
        said: dict[str, Any] = self.networks
        installed = self._known_networks() - said.keys() if self.oauth and self.oauth.apart else ()
        return frozenset(name for name, network in said.items() if network.apart).union(installed)

    @property
    def slack_apps(self) -> dict[str, SlackConfig]:
        """Every Slack app of the desk by the name of its network."""
        first: dict[str, SlackConfig] = {"slack": self.slack} if self.slack else {}
        return first | {f"slack-{workspace.id}": workspace for workspace in self.workspaces}

    @property
    def discord_servers(self) -> dict[str, DiscordServer]:
        """Every Discord server of the desk by the name of its network."""
        first: dict[str, DiscordServer] = {"discord": self.discord} if self.discord else {}
        return first | {f"discord-{server.id}": server for server in self.servers}

    @property
    def networks(self) -> dict[str, SlackConfig | DiscordServer]:
        """Every network of the desk by its name: a Slack workspace, a Discord server."""
        return {**self.slack_apps, **self.discord_servers}

    @property
    def database(self) -> Path:
        """Where the SQLite file is."""
        return Path(self.storage.url.removeprefix("sqlite:///").format(data=self.desk.data))

    def leftovers(self) -> tuple[tuple[Path, str], ...]:
        """Where upgrades and restores leave older copies of the database on this machine: folders, with patterns."""
        own = (
            [(self.database.parent, f"{self.database.name}.before-*")] if self.storage.url.startswith("sqlite") else []
        )
        return (*own, (self.before_restore, "*.sqlite3"))

    @property
    def before_restore(self) -> Path:
        """The folder of the copies that a restore makes first."""
        return self.desk.data / "before-restore"

    def stored_at(self, environ: Mapping[str, str]) -> Path | str:
        """What `storage.open_storage` takes: the SQLite file, or PostgreSQL's address with its password."""
        if self.storage.url.startswith("sqlite:"):
            return self.database
        password = environ.get(self.storage.password_env, "")
        if not password:  # the server may know us without one, or libpq find it in its own ways (~/.pgpass)
            return self.storage.url
        parts = urlsplit(self.storage.url)
        user, _, server = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{server}"))

    def access(self) -> Access:
        """Who is agent, of which departments, and who is admin."""
        catalogue = self.catalogue()
        return Access(
            agents={network: frozenset(ids) for network, ids in self.people.agents.items()},
            admins={network: frozenset(ids) for network, ids in self.people.admins.items()},
            departments={department.id: department.agents for department in catalogue.departments},
            apart=self.apart,
        )

    def becoming(self) -> Lifecycle:
        """What becomes of tickets by themselves."""
        dropping = frozenset(each.id for each in self.departments if each.delete_attachments_on_close)
        return self.lifecycle.made(self.catalogue(), dropping)

    def pinned(self) -> tuple[PlaceRef, ...]:
        """The places in which the card to open tickets is pinned."""
        return tuple(PlaceRef(name, id_) for name, network in self.networks.items() for id_ in network.pinned)

    def terms(self) -> Terms:
        """When departments work, and what is promised."""
        own = {department.id: department.hours for department in self.departments}
        return Terms(calendars(self.hours, own, self.desk.timezone), policy(self.service_levels), self.desk.timezone)

    def catalogue(self) -> Catalogue:
        """What tickets can be about."""
        return self.made(self.desk.language, self.apart, self.people.agents)
