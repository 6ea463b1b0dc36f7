"""Misbehaviour on demand: which call or event goes wrong, how, and how often; the same for every network.

A stand-in asks `Faults.pick(name)` once for each thing that it is about to do. Chances are drawn from one
seeded generator, so a run with the same seed and the same order of calls meets the same faults.
"""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any


class Kind(StrEnum):
    """What goes wrong. The first five happen to calls from the bot, the others to events sent to it, SLOW to both."""

    RATE_LIMITED = "rate_limited"  # refused with 429 and `retry_after` seconds; nothing is done
    SERVER_ERROR = "server_error"  # refused with a 5xx; nothing is done
    LOST_ANSWER = "lost_answer"  # done, and then the connection drops before the answer
    LATE = "late"  # done, and answered only after `delay` seconds
    SLOW = "slow"  # done after `delay` seconds
    DUPLICATE = "duplicate"  # the event is delivered twice
    WITHHELD = "withheld"  # this delivery of the event is lost (Slack tries again, Discord replays on resume)
    LOST_ACK = "lost_ack"  # the event arrives, its acknowledgement does not: it comes again (Slack)
    DISCONNECT = "disconnect"  # the socket is dropped just after the event was sent


@dataclass(slots=True)
class Fault:
    """One rule: `match` is a shell pattern over call names ("chat.postMessage", "POST /channels/*/messages")
    or event names ("event:message", "event:MESSAGE_CREATE").
    """

    kind: Kind
    match: str = "*"
    chance: float = 1.0  # 0 to 1
    times: int | None = None  # how often it may still happen; None = without end
    retry_after: float = 1.0  # seconds, for RATE_LIMITED
    delay: float = 1.0  # seconds, for SLOW and LATE
    status: int = 503  # for SERVER_ERROR


@dataclass(slots=True)
class Faults:
    """The switchboard of one stand-in."""

    seed: int = 0
    rules: list[Fault] = field(default_factory=list)
    happened: dict[str, int] = field(default_factory=dict)  # kind → how often
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - a repeatable run is wanted, not secrecy

    def pick(self, name: str) -> Fault | None:
        """The first rule that strikes this call or event, or None. Counts what it hands out."""
        for rule in self.rules:
            if rule.times == 0 or not fnmatchcase(name, rule.match):
                continue
            if rule.chance < 1.0 and self._random.random() >= rule.chance:
                continue
            if rule.times is not None:
                rule.times -= 1
            self.happened[rule.kind] = self.happened.get(rule.kind, 0) + 1
            return rule
        return None

    def add(self, **rule: Any) -> None:
        """Add a rule from plain JSON values. ValueError or TypeError where they make none."""
        self.rules.append(Fault(**(rule | {"kind": Kind(rule["kind"])})))

    def clear(self) -> None:
        self.rules.clear()

    def as_json(self) -> dict[str, Any]:
        return {"rules": [asdict(rule) for rule in self.rules], "happened": dict(self.happened)}
