"""`python -m sandbox.drive --setup FILE.json --port N`: the stand-in as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import signal
from pathlib import Path

from sandbox.drive.server import DriveSandbox
from sandbox.drive.setup import DriveSetup
from sandbox.faults import Faults


async def serve(setup: DriveSetup, port: int, seed: int) -> None:
    """Until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with DriveSandbox(setup, port=port, faults=Faults(seed)) as drive:
        print(drive.url, flush=True)  # noqa: T201 - the line that whoever started us waits for
        await stop.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="A Google Drive on loopback.")
    parser.add_argument("--setup", type=Path, help="a JSON file with the keys of DriveSetup")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0, help="of the faults' chances")
    options = parser.parse_args()
    setup = DriveSetup.load(options.setup) if options.setup else DriveSetup()
    asyncio.run(serve(setup, options.port, options.seed))


if __name__ == "__main__":
    main()
