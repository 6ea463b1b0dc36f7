"""config.toml read again whenever it changes, without a restart.

What tickets are about and who is agent counts from then on; a mistake is logged and told to the admins, and what was
read before stays.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from typing import TYPE_CHECKING

from adapters.ui import Card
from bot import admins
from bot.cards import literal
from bot.config import ConfigError, load
from bot.house import Rules
from desk.text import cut

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.config import Config
    from bot.house import House
    from desk.ports import Transaction

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0  # seconds between two looks at the file's time
AT_START_ONLY = (
    "desk",
    "storage",
    "http",
    "log",
    "backup",
    "slack",
    "workspaces",
    "discord",
    "servers",
)  # they count from the next start
TOLD_AGAIN = 600  # seconds in which the same is told once, whichever instances read it
TOLD = 2000  # characters of a mistake

Stamp = tuple[int, int, int]


class Reloading:
    """Watches one file for one house. `look_again` need not wait for the next look."""

    def __init__(self, house: House, config: Config, path: Path, then: Callable[[], None] = lambda: None) -> None:
        """`then` is called when something else counts than before."""
        self._house = house
        self._then = then
        self._config = config
        self._path = path
        self.current = config  # as the file said last, without a mistake
        self._stamp = _stamp(path)
        self._asked = asyncio.Event()

    def look_again(self) -> None:
        """Read the file now, changed or not (SIGHUP)."""
        self._asked.set()

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await self._asked.wait()
            stamp = _stamp(self._path)
            if self._asked.is_set() or stamp not in (self._stamp, None):
                self._asked.clear()
                self._stamp = stamp
                try:
                    await self.reload()
                except Exception:  # the desk goes on with what it has
                    log.exception("%s was not read again", self._path)

    async def reload(self) -> bool:
        """Take over what the file says now. False where it holds a mistake: then nothing changes."""
        try:
            config = load(self._path)
        except ConfigError as error:
            log.error("the configuration was not taken over: %s", error)
            await self._tell_admins("reload.refused", str(error))
            return False
        later = [name for name in AT_START_ONLY if getattr(config, name) != getattr(self._config, name)]
        if later:
            log.warning("changed, but read at the next start only: %s", ", ".join(f"[{name}]" for name in later))
        self.current = config.model_copy(update={"desk": self._config.desk})  # language, time zone: at the next start
        new = self.current.with_installed(self._house.installed)
        rules = Rules(new.catalogue(), new.access(), new.terms(), new.becoming(), new.nudges.made())
        if rules != self._house.rules:
            held = self._house.rules
            held.catalogue, held.access = rules.catalogue, rules.access
            held.terms, held.lifecycle, held.nudges = rules.terms, rules.lifecycle, rules.nudges
            log.info("the catalogue and the people of %s were read again", self._path)
            self._then()
            await self._tell_admins("reload.done", "")
        return True

    async def _tell_admins(self, key: str, what: str) -> None:
        """Once, though each instance reads a file of its own that says the same."""
        try:
            content = await asyncio.to_thread(self._path.read_bytes)
        except OSError:  # an editor is replacing it: what it will say comes with the next look
            content = b""
        said = hashlib.sha256(content + what.encode()).hexdigest()[:20]

        def first(tx: Transaction) -> bool:
            return tx.told_once(f"config:{key}:{said}:{tx.now.timestamp() // TOLD_AGAIN:.0f}")

        if not await self._house.storage.write(first):
            return
        key_ = f"config-{(self._stamp or (0,))[0] % 10**12}"
        await admins.tell(self._house, lambda words: Card(words(key), literal(cut(what, TOLD))), key=key_)


def _stamp(path: Path) -> Stamp | None:
    """What changes when the file does. None while there is none (an editor may be replacing it)."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
