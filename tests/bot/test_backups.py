"""/backup as admins use it, told on both networks; and what the desk does and says by itself."""

from __future__ import annotations

import asyncio
import fcntl
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from bot.clockwork.backups import Backups
from bot.demo import stage as company
from bot.demo.side import wait_for, wait_line
from bot.keeper import Keeper
from storage import StorageError
from tests.backup.spoiling import spoil

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from backup.schedule import Timed
    from bot.demo.side import Line, Side
    from tests.bot.conftest import Stage

BACKUP = """
[backup]
[[backup.destinations]]
id = "disk"
address = "file:../copies"
keep = {{ last = 3 }}
{more}
"""
ADMINS = {"slack": company.ADA, "discord": company.SAM}
FORM = {"subject": "Intranet", "description": "Not there.", "priority": "low", "department": "it", "product": "laptop"}


@dataclass
class Admin:
    """Somebody who may."""

    side: Side
    id: str

    async def asks(self, words: str = "") -> str:
        return await self.side.call(self.id, words, command="backup")

    async def told(self, words: str) -> Line:
        return await wait_line(self.side, await self.side.direct(self.id), words)


@pytest.fixture
def passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that costs no time: how slow age makes it is tried elsewhere."""
    monkeypatch.setattr("backup.keys.age_passphrase.encrypt", lambda content, _: content)
    monkeypatch.setattr("backup.keys.age_passphrase.decrypt", lambda content, _: content)


async def opened(stage: Stage, more: str = "") -> None:
    text = stage.config.read_text(encoding="utf-8")
    text = text.replace(f'discord = ["{company.ADMINS_ROLE}"] }}', f'discord = ["{company.SAM}"] }}')
    stage.config.write_text(text + BACKUP.format(more=more), encoding="utf-8")
    stage.environment["HELPTHREAD_BACKUP_PASSPHRASE"] = "correct horse"
    await stage.start()


@pytest.fixture(params=("slack", "discord"))
async def admin(request: pytest.FixtureRequest, idle_stage: Stage, passphrase: None) -> Admin:
    await opened(idle_stage)
    return Admin(getattr(idle_stage, request.param), ADMINS[request.param])


async def test_an_admin_makes_one_and_sees_it_proven(admin: Admin, tmp_path: Path) -> None:
    assert "No copy is proven yet" in await admin.asks()
    assert "has begun" in await admin.asks("now")
    done = await admin.told("is made and proven")
    assert done.edited
    assert [path for path in (tmp_path / "copies").iterdir() if path.name.endswith(".manifest.json")]
    assert "Newest proven copy" in await admin.asks()
    assert "1 · " in await admin.asks("list")
    assert "Only by hand" in await admin.asks("schedule")
    assert "Nothing failed" in await admin.asks("failures")


async def test_a_damaged_copy_is_found_and_named(admin: Admin, tmp_path: Path) -> None:
    await admin.asks("now")
    await admin.told("is made and proven")
    await admin.asks("verify")
    await admin.told("is whole")
    part = next((tmp_path / "copies").glob("*.database.zst.age"))
    spoil(part)
    await admin.asks("verify disk 1")
    assert part.name in (await admin.told("is damaged")).text
    assert part.name in await admin.asks("failures")
    assert "No copy is proven" in await admin.asks()


async def test_a_run_that_falls_over_says_so_to_whoever_asked(
    idle_stage: Stage, passphrase: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    await opened(idle_stage)
    ada = Admin(idle_stage.slack, company.ADA)
    monkeypatch.setattr("backup.job.make", None)  # calling it is a TypeError
    await ada.asks("now")
    await ada.told("❌ TypeError")


async def test_each_destination_has_a_card_of_its_own(idle_stage: Stage, passphrase: None) -> None:
    await opened(idle_stage, more='[[backup.destinations]]\nid = "shelf"\naddress = "file:../shelf"')
    sam = Admin(idle_stage.discord, company.SAM)
    await sam.asks("now")
    await sam.told("Backup at shelf\n✅")
    await sam.told("Backup at disk\n✅")


async def test_the_list_says_what_was_seen_last_of_each_copy(admin: Admin, tmp_path: Path) -> None:
    for number in range(1, 4):
        await admin.asks("now")
        await admin.told(f"00000{number}")
    listed = await admin.asks("list")
    assert listed.count("✅ proven") == 3
    part = next((tmp_path / "copies").glob("000002-*.database.zst.age"))
    spoil(part)
    assert "has begun" in await admin.side.choose(admin.id, await admin.side.direct(admin.id), "Verify one", "2 · ")
    await admin.told("is damaged")
    await admin.side.call(admin.id, "fr", command="language")
    listed = await admin.asks("list")
    assert (listed.count("✅ prouvée le"), listed.count("❌ sa dernière preuve a échoué, le")) == (2, 1)


async def test_the_buttons_do_the_same(admin: Admin) -> None:
    direct = await admin.side.direct(admin.id)
    await admin.asks()
    assert "has begun" in await admin.side.press(admin.id, direct, "Back up now")
    await admin.told("is made and proven")
    await admin.asks()
    assert "Backups at disk" in await admin.side.press(admin.id, direct, "List")
    assert "Newest proven copy" in await admin.side.press(admin.id, direct, "Back")
    assert "Nothing failed" in await admin.side.press(admin.id, direct, "Last failures")


@pytest.mark.parametrize(
    ("side", "person", "refused"),
    (
        ("slack", company.TOM, "Only admins"),
        ("slack", company.MARC, "Seuls les administrateurs"),
        ("discord", company.BEN, "Only admins"),
    ),
)
async def test_nobody_else_may(
    idle_stage: Stage, passphrase: None, tmp_path: Path, side: str, person: str, refused: str
) -> None:
    await opened(idle_stage)
    for words in ("", "now", "list", "verify"):
        assert refused in await getattr(idle_stage, side).call(person, words, command="backup")
    assert not (tmp_path / "copies").exists()


async def test_words_that_mean_nothing_are_said_to(admin: Admin) -> None:
    assert "one of: now, list" in await admin.asks("everything")
    assert "no destination tape" in await admin.asks("now tape")


async def test_a_desk_without_destinations_says_so(stage: Stage) -> None:
    assert "no destination for backups" in await stage.slack.call(company.ADA, command="backup")


async def test_the_schedule_makes_one_and_failures_are_told_to_admins_in_their_language(
    idle_stage: Stage, passphrase: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([StorageError("away")])
    timed = Keeper.timed

    async def away_at_first(keeper: Keeper) -> Sequence[Timed]:
        for error in answers:
            raise error
        return await timed(keeper)

    monkeypatch.setattr("bot.clockwork.backups.ASKED_AGAIN", 0.0)
    monkeypatch.setattr(Keeper, "timed", away_at_first)
    await opened(idle_stage, more='schedule = "every 1h"')
    ada = Admin(idle_stage.slack, company.ADA)
    async with asyncio.timeout(10):  # a first backup by itself
        while not list((tmp_path / "copies").glob("*.manifest.json")):  # noqa: ASYNC110 - nobody else could tell
            await asyncio.sleep(0.02)
    await ada.asks()  # from now on the desk knows her
    house = idle_stage.desk.house  # type: ignore[union-attr]
    assert house.keeper is not None
    (tmp_path / "copies").rename(tmp_path / "elsewhere")
    (tmp_path / "copies").write_text("not a folder", encoding="utf-8")
    backups = Backups(house, house.keeper)
    await backups.act("disk")
    assert "The backup at disk failed" in (await ada.told("failed")).text
    monkeypatch.delattr(house.keeper, "_work")  # a mistake of ours: the schedule goes on, and it is told as well
    await backups.act("disk")
    await ada.told("AttributeError")


async def test_an_old_proven_copy_is_told_once_a_day(idle_stage: Stage, passphrase: None) -> None:
    await opened(idle_stage)
    ada = Admin(idle_stage.slack, company.ADA)
    await ada.asks("now")
    await ada.told("is made and proven")
    house = idle_stage.desk.house  # type: ignore[union-attr]
    keeper = house.keeper
    assert keeper is not None
    backups = Backups(house, keeper)
    await backups.look()
    config = keeper._config
    keeper._config = config.model_copy(update={"backup": config.backup.model_copy(update={"proven_within_days": 1e-9})})
    await backups.look()
    await backups.look()
    await ada.told("No fresh proven copy")
    direct = await ada.side.direct(ada.id)
    assert sum("No fresh proven copy" in line.text for line in await ada.side.read(direct)) == 1


async def test_closing_the_desk_stops_a_backup_and_leaves_no_half_one(
    idle_stage: Stage, passphrase: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await opened(idle_stage)
    ada = Admin(idle_stage.slack, company.ADA)
    monkeypatch.setattr("backup.archive.CHUNK", 1)  # a byte at a time: it would take minutes
    await ada.asks("now")
    await wait_for(ada.side, await ada.side.direct(ada.id), lambda line: "⏳" in line.text, "its progress")
    await idle_stage.stop()
    assert not list((tmp_path / "copies").glob("*.manifest.json"))


async def test_who_waits_for_another_run_says_so_and_does_not_hold_up_the_end(
    idle_stage: Stage, passphrase: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.keeper.BUSY_PAUSE", 3600.0)
    await opened(idle_stage)
    ada = Admin(idle_stage.slack, company.ADA)
    (tmp_path / "var" / "backup").mkdir(exist_ok=True)
    with (tmp_path / "var" / "backup" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as another process has it that makes a backup
        await ada.asks("now")
        await ada.told("Waiting until another run has ended")
        async with asyncio.timeout(60):
            await idle_stage.stop()
    assert not list((tmp_path / "copies").glob("*.manifest.json"))
