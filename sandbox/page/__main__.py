"""`python -m sandbox.page --slack CONTROL_URL --discord CONTROL_URL`: the page beside stand-ins that run already."""

from __future__ import annotations

import argparse
import asyncio
import signal

from sandbox.page.server import Page


async def serve(slack: str, discord: str, port: int) -> None:
    """Until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Page(slack=slack, discord=discord, port=port) as page:
        print(page.url, flush=True)  # noqa: T201 - the line that whoever started us waits for
        await stop.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="Both stand-ins in a browser.")
    parser.add_argument(
        "--slack", required=True, help="the Slack stand-in's control address (http://127.0.0.1:…/_control)"
    )
    parser.add_argument("--discord", required=True, help="the Discord stand-in's")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    asyncio.run(serve(options.slack, options.discord, options.port))


if __name__ == "__main__":
    main()
