"""`python -m sandbox.discord --setup FILE.json --port N`: the stand-in as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import signal
from pathlib import Path

from sandbox.discord.server import DiscordSandbox
from sandbox.discord.setup import DiscordSetup
from sandbox.faults import Faults


async def serve(setup: DiscordSetup, port: int, seed: int, openapi: Path | None, *, check: bool) -> None:
    """Until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with DiscordSandbox(setup, port=port, faults=Faults(seed), openapi=openapi, check=check) as discord:
        print(discord.api_url, discord.gateway_url, flush=True)  # noqa: T201 - the line that whoever started us waits for
        await stop.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="A Discord server on loopback.")
    parser.add_argument("--setup", type=Path, help="a JSON file with the keys of DiscordSetup")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0, help="of the faults' chances")
    parser.add_argument("--openapi", type=Path, help="Discord's OpenAPI document, to hold requests against")
    parser.add_argument("--no-openapi", action="store_true", help="do not hold requests against it")
    options = parser.parse_args()
    setup = DiscordSetup.load(options.setup) if options.setup else DiscordSetup()
    asyncio.run(serve(setup, options.port, options.seed, options.openapi, check=not options.no_openapi))


if __name__ == "__main__":
    main()
