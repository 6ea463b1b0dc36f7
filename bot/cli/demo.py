"""`helpthread demo`: the whole desk on this machine, with a page to try it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse


def add(verbs: argparse._SubParsersAction[Any]) -> None:
    """Say what the verb takes."""
    demo = verbs.add_parser(
        "demo",
        help="the whole desk on this machine: no accounts, no network",
        epilog="examples:  helpthread demo  |  helpthread demo --once --lang fr  |  "
        "helpthread demo --no-browser --port 8080",
    )
    demo.add_argument("--once", action="store_true", help="end after the scene: 0 if every step happened, 1 if not")
    demo.add_argument("--terminal", action="store_true", help="play it in the terminal only: no page")
    demo.add_argument("--port", type=int, default=0, help="of the page on 127.0.0.1 (else any that is free)")
    demo.add_argument("--no-browser", action="store_true", help="print the page's address, open nothing")
    demo.add_argument("--lang", choices=("en", "fr"), help="the narrator's language (else from LANG)")


def run(options: argparse.Namespace) -> int:
    from bot.demo.play import play  # the demo's drawing is not loaded for real work

    playing = play(
        once=options.once,
        terminal=options.terminal,
        language=options.lang,
        port=options.port,
        browser=not options.no_browser,
    )
    return asyncio.run(playing)
