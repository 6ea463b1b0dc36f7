"""What people said, changed and took back, and how it must stand on the other side and on record in the end."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.demo.side import Line, Side, Where
    from tests.chaos.record import Record

FILLER = "filler"  # long texts are made of it
_WORD = re.compile(r"w(\d+)([ca])(\d+)v(\d+)x")
_END = re.compile(r"e(\d+)([ca])(\d+)v(\d+)x")
_EPOCH = 1_420_070_400_000  # milliseconds: Discord's first of January 2015


@dataclass(slots=True)
class Word:
    """One message as it should be now."""

    number: int
    id: str
    length: int = 0  # how many fillers
    file: str = ""
    version: int = 1
    deleted: bool = False


@dataclass(slots=True)
class Way:
    """One direction of one ticket: who says it where, and where it must be read."""

    ticket: int
    letter: str  # c: the client speaks; a: the agent
    person: str
    side: Side
    where: Where
    other: Side
    there: Where
    words: list[Word] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.ticket}{self.letter}"

    def text(self, word: Word) -> str:
        """What the person types: recognisable at both ends, and as a whole."""
        token = f"{self.name}{word.number}v{word.version}x"
        return f"w{token} *really* " + f"{FILLER} " * word.length + f"e{token}"

    @property
    def standing(self) -> list[Word]:
        return [word for word in self.words if not word.deleted]


@dataclass(slots=True)
class Verdict:
    """What is wrong, in words; and the longest time from said to shown."""

    wrong: list[str] = field(default_factory=list)
    duplicates: int = 0
    losses: int = 0
    longest_delay: float = 0.0  # seconds
    slowest: str = ""  # which word that was, and when it was said


def judge(way: Way, lines: list[Line], verdict: Verdict) -> None:
    """Hold the other side's thread, as it is read there, against the ledger."""
    ours = [line for line in lines if line.author == way.other.bot]
    whole = "\n".join(line.text for line in ours)
    seen = [match.groups() for match in _WORD.finditer(whole)]
    ends = Counter(match.groups() for match in _END.finditer(whole))
    mine = [(int(number), int(version)) for ticket, letter, number, version in seen if f"{ticket}{letter}" == way.name]
    wanted = [(word.number, word.version) for word in way.standing]
    counts = Counter(number for number, _ in mine)
    again = sum(count - 1 for count in counts.values())
    lost = [number for number, _ in wanted if number not in counts]
    verdict.duplicates += again
    verdict.losses += len(lost)
    if mine != wanted:
        verdict.wrong.append(f"{way.name}: {_difference(mine, wanted)}{_when(way, mine)}")
    tokens = [(str(way.ticket), way.letter, str(number), str(version)) for number, version in wanted]
    if not again and not lost and any(ends[token] != 1 for token in tokens):
        verdict.wrong.append(f"{way.name}: a text is not whole")
    fillers = sum(word.length for word in way.standing)
    if mine == wanted and whole.count(FILLER) != fillers:
        verdict.wrong.append(f"{way.name}: {whole.count(FILLER)} of {fillers} words of long texts")
    files = Counter(name for line in ours for name in line.files)
    names = Counter(word.file for word in way.standing if word.file)
    if files != names:
        verdict.wrong.append(f"{way.name}: files {files - names or names - files}")
    _delays(way, ours, verdict)


def _difference(mine: list[tuple[int, int]], wanted: list[tuple[int, int]]) -> str:
    if sorted(mine) == sorted(wanted):
        return f"the order is {[number for number, _ in mine]}"
    return f"shown {sorted(set(mine) - set(wanted))}, not shown {sorted(set(wanted) - set(mine))}, {len(mine)} in all"


def _when(way: Way, mine: list[tuple[int, int]]) -> str:
    """When those were said that stand before an older one: for the logs."""
    said = {word.number: word for word in way.words}
    numbers = [number for number, _ in mine]
    early = [one for one, next_ in pairwise(numbers) if next_ < one]
    told = [f"{one} said {datetime.fromtimestamp(_moment(said[one].id), UTC):%H:%M:%S.%f} ({said[one].id})"
            for number in early for one in (number - 1, number) if one in said]  # fmt: skip
    return "; ".join(["", *told])


def _delays(way: Way, lines: list[Line], verdict: Verdict) -> None:
    said = {str(word.number): _moment(word.id) for word in way.standing}
    for line in lines:
        match = _WORD.search(line.text)
        if match and f"{match[1]}{match[2]}" == way.name and match[3] in said:
            delay, at = _moment(line.id) - said[match[3]], datetime.fromtimestamp(said[match[3]], UTC)
            if delay > verdict.longest_delay:
                verdict.longest_delay, verdict.slowest = delay, f"{way.name} {match[3]}, said {at:%H:%M:%S.%f}"


def _moment(id_: str) -> float:
    """When a message was made, in seconds since 1970: a Slack time stamp says it, and so does a snowflake."""
    return float(id_) if "." in id_ else ((int(id_) >> 22) + _EPOCH) / 1000


def on_record(way: Way, record: Record, verdict: Verdict) -> None:
    """Hold the desk's own record against the ledger: each message once, in order, in its last version."""
    said = record.rows("SELECT body, deleted_at FROM messages WHERE body LIKE ? ORDER BY id", f"%w{way.name}%")
    found = []
    for body, deleted_at in said:
        match = _WORD.search(body)
        if match and f"{match[1]}{match[2]}" == way.name and deleted_at is None:
            found.append((int(match[3]), int(match[4])))
    wanted = [(word.number, word.version) for word in way.standing]
    if found != wanted:
        verdict.wrong.append(f"{way.name} on record: {_difference(found, wanted)}")
