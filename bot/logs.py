"""Log lines that say what they are about: the ticket, event and delivery in hand stand in each, as text or as JSON.

At level INFO and above no line holds a secret or anything that people wrote; a test watches over that.
"""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal

Facts = dict[str, str | int]
_facts: ContextVar[Facts] = ContextVar("facts", default={})  # noqa: B039 - it is replaced, never changed
# What the libraries tell matters to their developers only, and may quote what people wrote.
CHATTY = (
    "alembic",
    "slack_bolt",
    "slack_sdk",
    "discord",
    "adapters.slack.hearing",
    "asyncio",
    "aiohttp",
    "apscheduler",
)


class about:  # noqa: N801 - it reads as the function that it is to whoever uses it
    """Log lines within the block, also of tasks begun there, say this too: `ticket`, `event`, `delivery`, `heard`."""

    __slots__ = ("_facts", "_token")

    def __init__(self, **facts: str | int) -> None:
        self._facts = facts

    def __enter__(self) -> None:
        self._token = _facts.set(_facts.get() | self._facts)

    def __exit__(self, *_: object) -> None:
        _facts.reset(self._token)


def also(**facts: str | int) -> None:
    """The same from here to the end of the block that stands around this."""
    _facts.set(_facts.get() | facts)


class TextFormatter(logging.Formatter):
    """A line for people: the facts stand at its end in brackets."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s%(facts)s")

    def format(self, record: logging.LogRecord) -> str:
        told = " ".join(f"{name}={value}" for name, value in _facts.get().items())
        record.facts = f" [{told}]" if told else ""
        return super().format(record)


class JsonFormatter(logging.Formatter):
    """A line for machines: one JSON object with `at` (UTC), `level`, `logger`, `message`, the facts, and `error`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, str | int] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_facts.get(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class _ToStream(logging.Handler):
    """Wherever standard output or error leads at that moment."""

    def __init__(self, stream: Literal["stdout", "stderr"]) -> None:
        super().__init__()
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        try:
            print(self.format(record), file=getattr(sys, self._stream), flush=True)
        except Exception:  # noqa: BLE001 - as in logging's own handlers: a line must never end the work
            self.handleError(record)


def set_up(
    form: Literal["text", "json"] = "text", *, debug: bool = False, stream: Literal["stdout", "stderr"] = "stderr"
) -> None:
    """Log in this form, in the place of what was set up before: to standard error, where what a verb prints is not
    mixed with it; the desk itself prints nothing else, and logs to standard output.
    """
    handler = _ToStream(stream)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    logging.basicConfig(level=logging.DEBUG if debug else logging.INFO, handlers=[handler], force=True)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.NOTSET if debug else logging.ERROR)
