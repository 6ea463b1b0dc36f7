"""Questions in the terminal: a line, yes or no, a secret, a choice from a list; answers may also come from a pipe."""

from __future__ import annotations

import getpass
import os
import sys
from typing import TYPE_CHECKING

from bot.config import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from adapters.findings import Choice
    from bot.words import Words


class Questions:
    """Enter takes what stands in brackets. Their words stand below `setup.` in the locales. ConfigError where the
    answers end before the questions.
    """

    def __init__(self, console: Console, words: Words) -> None:
        self._console = console
        self._words = words

    def say(self, key: str, **facts: str) -> None:
        self._console.print(self._words(f"setup.{key}", **facts), soft_wrap=True)

    def _line(self, text: str) -> str:
        self._console.print(text, end=" ", soft_wrap=True)
        line = sys.stdin.readline()
        if not line:
            raise ConfigError(self._words("setup.ended"))
        return line.strip()

    def ask(self, key: str, default: str, *, among: Sequence[str] = (), **facts: str) -> str:
        shown = f" ({', '.join(among)})" if among else ""
        while True:
            given = self._line(f"{self._words(f'setup.{key}', **facts)}{shown} \\[{default}]:") or default
            if not among or given in among:
                return given

    def yes(self, key: str, *, default: bool, **facts: str) -> bool:
        given = self._line(f"{self._words(f'setup.{key}', **facts)} \\[{'Y/n' if default else 'y/N'}]").lower()
        return given[0] in "yo" if given else default

    def secret(self, name: str) -> str:
        """Not shown while it is typed; what stands in the environment is taken."""
        if given := os.environ.get(name):
            return given
        if sys.stdin.isatty():
            return getpass.getpass(f"{name}: ").strip()
        return self._line(f"{name}:")

    def pick(self, key: str, choices: Sequence[Choice], *, several: bool = False, **facts: str) -> list[str]:
        """Ids, by number or by name; for `several` none or more, with commas."""
        self.say(key, **facts)
        for number, choice in enumerate(choices, 1):
            self._console.print(f"  {number}. {choice.label}", soft_wrap=True)
        while True:
            given = [part.strip() for part in self._line(">").split(",") if part.strip()]
            found = [_named(part, choices) for part in given]
            if all(found) and (several or len(found) == 1):
                return [id_ for id_ in found if id_]
            self.say("again")


def _named(given: str, choices: Sequence[Choice]) -> str | None:
    if given.isdecimal() and 1 <= int(given) <= len(choices):
        return choices[int(given) - 1].id
    wanted = given.lstrip("#@").lower()
    return next(
        (choice.id for choice in choices if wanted in {choice.id.lower(), choice.label.lstrip("#@").lower()}), None
    )
