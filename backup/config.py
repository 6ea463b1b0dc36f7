"""What an operator writes under [backup]: who can open the copies, and the destinations with their schedules."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

KINDS = ("file", "drive", "ftp", "sftp", "s3")


class Section(BaseModel):
    """A table of config.toml: unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class KeepSection(Section):
    """`keep` of a destination: how many backups stay."""

    last: int = Field(default=7, ge=1)
    daily: int = Field(default=0, ge=0)
    weekly: int = Field(default=0, ge=0)
    monthly: int = Field(default=0, ge=0)
    yearly: int = Field(default=0, ge=0)


class DestinationSection(Section):
    """[[backup.destinations]]"""

    id: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")]
    address: str
    schedule: str = ""  # cron's five fields, or "every 6h"; "" = only by hand
    keep: KeepSection = KeepSection()
    credentials_env: str = ""  # environment variable of the password, key or service account
    endpoint: str = ""  # another address of the service itself

    @field_validator("address")
    @classmethod
    def _known_kind(cls, value: str) -> str:
        if urlsplit(value).scheme not in KINDS:
            raise ValueError(
                f"an address begins with {', '.join(f'{kind}://' for kind in KINDS)}, such as file:///srv/backups"
            )
        if urlsplit(value).password:
            raise ValueError("a password does not stand in an address: name its variable in `credentials_env`")
        return value

    @field_validator("schedule")
    @classmethod
    def _readable(cls, value: str) -> str:
        from backup.schedule import Timed, next_time  # slow to load: only where there is a destination

        try:
            if value:
                next_time(Timed("", value, None), UTC, datetime.now(UTC))
        except ValueError as error:
            raise ValueError('a schedule is five fields as of cron ("30 3 * * *") or "every 6h" (m, h, d)') from error
        return value


class BackupConfig(Section):
    """[backup]"""

    recipients: list[str] = Field(default_factory=list)
    passphrase_env: str = "HELPTHREAD_BACKUP_PASSPHRASE"  # noqa: S105 - the variable's name
    identity_env: str = "HELPTHREAD_BACKUP_IDENTITY"
    proven_within_days: float = Field(default=8, gt=0)
    destinations: list[DestinationSection] = Field(default_factory=list)

    @model_validator(mode="after")
    def _each_once(self) -> BackupConfig:
        ids = [place.id for place in self.destinations]
        if twice := sorted({name for name in ids if ids.count(name) > 1}):
            raise ValueError(f"backup.destinations: the id {twice[0]!r} stands twice; give each its own")
        return self
