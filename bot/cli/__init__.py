"""The command line's verbs, a file each: `add` names the words, `run` does it and gives the exit status.

Only the verb that was typed is loaded: a desk that starts does not load what draws tables, and the help is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    import argparse

# By the order of --help: where each is, and what it is for in one line (a test holds it to what the verb itself says).
VERBS = {
    "demo": ("demo", "the whole desk on this machine: no accounts, no network"),
    "setup": ("setup", "a walk through both networks; writes config.toml and .env"),
    "completion": ("completion", "verbs and options completed by your shell"),
    "backup": ("backup", "copies of the desk: now, list, verify, prune, restore"),
    "deliveries": ("deliveries", "what a network refused for good: look at it, try it once more, or let it go"),
    "doctor": ("doctor", "look at everything that the desk needs, and say what to do"),
    "export": ("transfer:Out", "write the whole desk to one file (encrypted where its name ends with .age)"),
    "import": ("transfer:In", "take over a desk from an export, on a fresh installation; or tickets of another desk"),
    "stats": ("stats", "the figures of /stats, made anew from the event log (with the desk stopped)"),
}
WITHOUT_SECRETS = frozenset({"demo", "setup", "completion"})  # the others take those of the .env beside config.toml


class Verb(Protocol):
    """A module of this package, or a class in one."""

    def add(self, verbs: argparse._SubParsersAction[argparse.ArgumentParser], /) -> None: ...
    def run(self, options: argparse.Namespace, /) -> int: ...


def verb(name: str) -> Verb:
    """Loaded now. KeyError where there is none of that name."""
    module, _, part = VERBS[name][0].partition(":")
    found = import_module(f"bot.cli.{module}")
    return cast("Verb", getattr(found, part) if part else found)
