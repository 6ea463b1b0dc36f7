"""`helpthread doctor`: what is wrong with the desk, why it matters, and the one thing to do."""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from adapters.findings import Level
from bot.examination import examined
from bot.words import Library

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from adapters.findings import Finding
    from bot.words import Words

ILL = 1  # exit status: something keeps the desk, or a part of it, from working
MARKS = {Level.OK: ("✓", "green"), Level.WARNING: ("!", "yellow"), Level.PROBLEM: ("✗", "bold red")}


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The verb and its words."""
    doctor = verbs.add_parser(
        "doctor",
        help="look at everything that the desk needs, and say what to do",
        description="Config, secrets, disk, database, clock, backups, and on each network tokens, scopes, intents, "
        "channels, roles and groups. Nothing is changed. Exit status: 0 all is well or only warnings, 1 a problem.",
        epilog="examples:  helpthread doctor  |  helpthread doctor --json | jq '.[] | select(.level == \"problem\")'",
    )
    doctor.add_argument("--json", action="store_true", help="for machines: a list of findings")


def run(options: argparse.Namespace) -> int:
    """Look at everything; gives the exit status."""
    return asyncio.run(told(options.config, as_json=options.json))


async def told(path: Path, *, as_json: bool = False) -> int:
    """Look, and say what is found as it is found."""
    words = Library("en").of(os.environ.get("LANG", ""))
    console = Console(highlight=False)
    findings: list[Finding] = []
    area = ""
    async for finding in examined(path, dict(os.environ)):
        findings.append(finding)
        if not as_json:
            if finding.area != area:
                area = finding.area
                console.print(Text(words(f"doctor.area.{area}"), style="bold"))
            _show(console, words, finding)
    if as_json:
        console.print_json(json.dumps([as_plain(finding, words) for finding in findings], ensure_ascii=False))
    else:
        _sum(console, words, findings)
    return ILL if any(finding.level is Level.PROBLEM for finding in findings) else 0


def as_plain(finding: Finding, words: Words) -> dict[str, str]:
    """A finding with its sentences, as JSON shows it."""
    made = {"area": finding.area, "check": finding.key, "level": str(finding.level)}
    names = ("ok",) if finding.level is Level.OK else ("what", "why", "fix")
    return made | {name: words(f"doctor.{finding.key}.{name}", **finding.facts) for name in names}


def _show(console: Console, words: Words, finding: Finding) -> None:
    mark, style = MARKS[finding.level]
    plain = as_plain(finding, words)
    line = Text.assemble(("  "), (mark, style), " ", plain.get("ok") or plain["what"])
    console.print(line)
    for name in ("why", "fix"):
        if name in plain:
            console.print(Padding(Text.assemble((f"{words(f'doctor.{name}')}: ", "dim"), plain[name]), (0, 0, 0, 4)))


def _sum(console: Console, words: Words, findings: Sequence[Finding]) -> None:
    problems = sum(finding.level is Level.PROBLEM for finding in findings)
    warnings = sum(finding.level is Level.WARNING for finding in findings)
    if problems or warnings:
        console.print(words("doctor.found", problems=problems, warnings=warnings), style="bold")
    else:
        console.print(words("doctor.all_well"), style="bold green")
