"""`python -m sandbox.slack --setup FILE.json --port N`: the stand-in as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import signal
from pathlib import Path

from sandbox.faults import Faults
from sandbox.slack.server import SlackSandbox
from sandbox.slack.setup import SlackSetup


async def serve(setup: SlackSetup, port: int, seed: int) -> None:
    """Until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with SlackSandbox(setup, port=port, faults=Faults(seed)) as slack:
        print(slack.url, flush=True)  # noqa: T201 - the line that whoever started us waits for
        await stop.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="A Slack workspace on loopback.")
    parser.add_argument("--setup", type=Path, help="a JSON file with the keys of SlackSetup")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0, help="of the faults' chances")
    options = parser.parse_args()
    setup = SlackSetup.load(options.setup) if options.setup else SlackSetup()
    asyncio.run(serve(setup, options.port, options.seed))


if __name__ == "__main__":
    main()
