"""The demo in the terminal: the scene narrated step by step with both threads side by side, then the desk is yours.

Beside it a page opens in the browser, where the same scene is played and everything can be tried by hand.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import sys
import tempfile
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

from rich.columns import Columns
from rich.console import Console, Group
from rich.panel import Panel
from rich.rule import Rule
from rich.text import Text

from bot.demo import stage
from bot.demo.director import Director
from bot.demo.processes import Company, DidNotStart
from bot.demo.scene import Cast, answered, colleague, kept, opened
from bot.demo.side import NotPossible
from sandbox.page import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.demo.scene import Step, View
    from bot.demo.side import Line, Side, Where

NAMES = {
    stage.MARC: "Marc", stage.NORA: "Nora", stage.LEA: "Léa", stage.TOM: "Tom", stage.ADA: "Ada",
    stage.INES: "Inès", stage.BEN: "Ben", stage.LEA_DISCORD: "Léa", stage.SAM: "Sam", stage.ADA_DISCORD: "Ada",
    stage.SLACK_BOT: "Helpthread", stage.DISCORD_BOT: "Helpthread",
}  # fmt: skip
COLOURS = {"slack": "magenta", "discord": "blue"}
SHOWN = 9  # messages of a thread, the card beside
NARROW = 100  # columns below which the threads stand under each other

SAYINGS = {
    "en": {
        "opening": "Opening a Slack workspace, a Discord server and a desk between them, all on this machine …",
        "page": "Open  {url}  in a browser: Slack and Discord side by side.",
        "page_how": "Enter plays the next step of the scene, here and there. quit (or Ctrl-C) ends.",
        "taken": "Port {port} is taken: choose another with --port, or leave it out for any that is free.",
        "missed": "This step did not happen: {what}",
        "done": "Every step happened. ",
        "yours": "The desk is still open. Write  marc: …  or  lea: …  to speak in ticket #2,  kill  to kill and restart the "
        "desk,  show  to look again,  quit  to end.",
        "unknown": "marc: words | lea: words | kill | show | quit",
    },
    "fr": {
        "opening": "Un espace Slack, un serveur Discord et le support entre les deux s'ouvrent sur cette machine …",
        "page": "Ouvrez  {url}  dans un navigateur : Slack et Discord côte à côte.",
        "page_how": "Entrée joue l'étape suivante de la scène, ici et là-bas. quit (ou Ctrl-C) termine.",
        "taken": "Le port {port} est pris : choisissez-en un autre avec --port, ou n'en donnez pas.",
        "missed": "Cette étape n'a pas eu lieu : {what}",
        "done": "Chaque étape a eu lieu. ",
        "yours": "Le support reste ouvert. Écrivez  marc: …  ou  lea: …  pour parler dans le ticket n° 2,  kill  pour tuer et "
        "relancer le support,  show  pour revoir,  quit  pour finir.",
        "unknown": "marc: texte | lea: texte | kill | show | quit",
    },
}


async def play(*, once: bool, language: str | None, terminal: bool = False, port: int = 0, browser: bool = True) -> int:
    """Play the scene; 0 if every step happened, 1 if not. Unless `once`, the desk then stays open for more.

    Unless `once` or `terminal`, the page is served on that port (0 = any) and opened, and the scene waits to be played.
    """
    language = language or ("fr" if os.environ.get("LANG", "").lower().startswith("fr") else "en")
    console = Console()
    say = SAYINGS[language]
    console.print(Rule("Helpthread"))
    console.print(say["opening"], style="dim")
    with tempfile.TemporaryDirectory(prefix="helpthread-demo-") as name:
        try:
            async with Company(Path(name), language) as company:
                if not once and not terminal:
                    await _beside_the_page(console, company, language, port=port, browser=browser)
                    return 0
                last = await _scene(console, company, language)
                console.print(say["done"], style="bold green")
                if not once and last is not None:
                    await _yours(console, company, last, say)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            console.print(say["taken"].format(port=port), style="bold red")
            return 1
        except (AssertionError, DidNotStart) as missed:
            console.print(say["missed"].format(what=missed), style="bold red")
            return 1
    return 0


async def _beside_the_page(console: Console, company: Company, language: str, *, port: int, browser: bool) -> None:
    """The page leads; Enter in the terminal plays the next step too. Until `quit`, SIGINT or SIGTERM."""
    say = SAYINGS[language]

    async def told(step: Step, number: int) -> None:
        await _show(console, step, number, language)
        if step.last:
            console.print(say["done"], style="bold green")

    director = Director(company, told=told)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    controls = company.controls
    async with Page(
        slack=controls["slack"],
        discord=controls["discord"],
        drive=controls["drive"],
        stage=director,
        port=port,
        language=language,
    ) as page:
        console.print(say["page"].format(url=page.url), style="bold green", soft_wrap=True)
        console.print(say["page_how"], style="dim")
        if browser:
            await asyncio.to_thread(webbrowser.open, page.url)  # where there is none, the address stands above
        with typed(stop) as lines:
            stopping = asyncio.create_task(stop.wait())
            while not stop.is_set():
                line = asyncio.create_task(lines.get())
                await asyncio.wait({line, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if line.done() and line.result() == "":
                    await director.act("next", {})
                line.cancel()


@contextlib.contextmanager
def typed(stop: asyncio.Event) -> Iterator[asyncio.Queue[str]]:
    """Lines from the terminal as they come, without a thread that would outlive us; `quit` sets `stop`."""
    lines: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def readable() -> None:
        line = sys.stdin.readline()
        if not line:
            loop.remove_reader(sys.stdin)  # nobody types: the page alone leads
        elif line.strip() in {"quit", "exit", "q"}:
            stop.set()
        else:
            lines.put_nowait(line.strip())

    try:
        loop.add_reader(sys.stdin, readable)
    except (OSError, ValueError):  # a file or nothing at all stands where a terminal would
        yield lines
        return
    try:
        yield lines
    finally:
        loop.remove_reader(sys.stdin)


async def _scene(console: Console, company: Company, language: str) -> View | None:
    """Tell it; gives what the salesman's part ended with."""
    last: View | None = None
    number, cast = 0, Cast()
    for part in (opened, answered, kept, colleague):
        async for step in part(company, cast):
            number += 1
            await _show(console, step, number, language)
            if part in (opened, answered):
                last = step.view
    return last


async def _show(console: Console, step: Step, number: int, language: str) -> None:
    console.print()
    console.print(Text(f"{number}. {step.caption[language]}", style="bold"))
    if step.view is not None:
        await _draw(console, step.view)


async def _draw(console: Console, view: View) -> None:
    sides = [view.left, *([view.right] if view.right else [])]
    width = console.width if len(sides) == 1 or console.width < NARROW else console.width // 2 - 1
    panels = [await _thread(*side, width=width) for side in sides]
    console.print(Columns(panels, padding=(0, 1)) if width < console.width else Group(*panels))


async def _thread(side: Side, person: str, where: Where, *, width: int) -> Panel:
    lines = await side.read(where)
    left_out = max(0, len(lines) - 1 - SHOWN)
    body: list[Text] = [_line(lines[0])]
    if left_out:
        body.append(Text(f"  … {left_out} …", style="dim"))
    body += [_line(line) for line in lines[1 + left_out :]]
    colour = COLOURS[side.name]
    return Panel(Group(*body), title=f"{side.name.capitalize()} · {NAMES[person]}", border_style=colour, width=width)


def _line(line: Line) -> Text:
    who = NAMES.get(line.author, line.author)
    text = Text()
    text.append(f"{who}: ", style="bold cyan" if who == "Helpthread" else "bold yellow")
    text.append(line.text.replace("\u200b", ""))
    for name in line.files:
        text.append(f"\n  📎 {name}", style="green")
    if line.buttons:
        text.append("\n  ")
        for label in line.buttons:
            text.append(f"[{label}]", style="reverse")
            text.append(" ")
    return text


async def _yours(console: Console, company: Company, view: View, say: dict[str, str]) -> None:
    """What the person at the terminal types, until they have had enough."""
    speakers = {"marc": (view.left[0], stage.MARC, view.left[2])}
    if view.right is not None:
        speakers["lea"] = speakers["léa"] = (view.right[0], stage.LEA_DISCORD, view.right[2])
    console.print(say["yours"], style="green")
    while True:
        console.print("> ", end="")
        typed = (await asyncio.to_thread(sys.stdin.readline)).strip()
        who, colon, words = typed.partition(":")
        speaker = speakers.get(who.strip().lower())
        match typed:
            case "quit" | "":
                return
            case "kill":
                await company.kill_desk()
                await company.open_desk()
            case "show":
                pass
            case _ if speaker and colon and words.strip():
                side, person, where = speaker
                with contextlib.suppress(NotPossible):
                    await side.say(person, where, words.strip())
                await asyncio.sleep(0.5)  # the other side sees it in a moment
            case _:
                console.print(say["unknown"], style="yellow")
                continue
        await _draw(console, view)
