"""The command line: `python -m bot` (or `helpthread`) runs the desk; `demo` plays it on this machine."""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bot import cli, logs, supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

YOUNG = 10_000  # things made and not yet let go, after which garbage is looked for (Python's own: 700)
FAULT = 1  # exit status: starting again may help
MISTAKE = 2  # exit status: the config or a token is wrong, and trying again is of no use


def parser(loaded: Collection[str] = tuple(cli.VERBS)) -> argparse.ArgumentParser:
    """What may be typed; of verbs that are not `loaded` only the name and what they are for."""
    made = argparse.ArgumentParser(
        prog="helpthread",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="The support desk that lives inside Slack and Discord.",
        epilog="""examples:
  helpthread demo                       try it: both networks and a desk on this machine, in a browser
  helpthread setup                      ten minutes to a desk of your own: config.toml and .env
  helpthread doctor                     what is wrong, why it matters, the one thing to do
  helpthread run                        run the desk of ./config.toml
  helpthread --config /etc/helpthread/config.toml backup now""",
    )
    made.add_argument("--config", type=Path, default=Path("config.toml"), help="the desk's config.toml (%(default)s)")
    made.add_argument("--debug", action="store_true", help="log everything, and show tracebacks")
    verbs = made.add_subparsers(dest="verb", metavar="VERB")
    verbs.add_parser(
        "run",
        help="run the desk (what happens without a verb)",
        description="Until SIGTERM or SIGINT: what is in hand is finished then. SIGHUP reads config.toml again. "
        "Exit status: 0 ended as asked, 1 a fault after which starting again may help, 2 config or a token is wrong.",
        epilog="examples:  helpthread run  |  helpthread --config /etc/helpthread/config.toml run",
    )
    for name, (_, what) in cli.VERBS.items():
        if name in loaded:
            cli.verb(name).add(verbs)
        else:
            verbs.add_parser(name, help=what)
    return made


def main(arguments: list[str] | None = None) -> int:
    """Run what the arguments ask for; gives the exit status."""
    typed = sys.argv[1:] if arguments is None else arguments
    options = parser([name for name in cli.VERBS if name in typed]).parse_args(typed)
    logs.set_up(debug=options.debug)
    try:
        if options.verb in cli.WITHOUT_SECRETS:
            return cli.verb(options.verb).run(options)
        from bot.config import secrets  # config's classes are not loaded for who only wants help

        secrets.take(options.config, os.environ)
        if options.verb in cli.VERBS:
            return cli.verb(options.verb).run(options)
        with asyncio.Runner(loop_factory=_fast_loop()) as runner:
            return runner.run(_serve(options.config, debug=options.debug))
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        from adapters.port import TokenRefused
        from bot.config import ConfigError
        from storage import NoAnswer, StorageError

        if options.debug:
            raise
        theirs = isinstance(error, ConfigError | TokenRefused | StorageError)
        if not theirs and options.verb not in cli.VERBS:  # nobody watches a desk that serves: its log has the whole
            logging.getLogger("bot").critical("the desk ends by a fault of its own", exc_info=error)
        said = str(error) if theirs else f"a fault of its own, {type(error).__name__}: {error}; --debug shows where"
        print(f"helpthread: {said}", file=sys.stderr)  # noqa: T201 - the one line for the person who started us
        return MISTAKE if theirs and not isinstance(error, NoAnswer) else FAULT


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, which takes an eighth off what a relayed message costs; None where it is missing, for asyncio's own."""
    try:
        import uvloop  # it is not made for Windows
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _serve(path: Path, *, debug: bool) -> int:
    from bot.app import open_desk
    from bot.config import load

    config = load(path)
    logs.set_up(config.log.format, debug=debug, stream="stdout")
    desk = open_desk(config, dict(os.environ), path)
    loop = asyncio.get_running_loop()

    def stop() -> None:
        supervisor.tell("STOPPING=1")
        desk.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGHUP, desk.reload)
    logging.getLogger("bot").info("the desk is open")
    supervisor.tell("READY=1")
    _leave_alone()
    await desk.run()
    return 0


def _leave_alone() -> None:
    """What was loaded until now stays to the end: looking through it for garbage again and again only holds everybody
    up. What comes from now on is looked through less often, as nearly all of it goes without that.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 20)


if __name__ == "__main__":
    sys.exit(main())
