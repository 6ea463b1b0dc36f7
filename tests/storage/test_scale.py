"""The benchmark of a million tickets, small: what it makes is a desk, every question of it has an answer, for which no
whole table is read.
"""

from __future__ import annotations

import re
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

import pytest

from benchmarks.bare import bare_of
from benchmarks.filling import make
from benchmarks.scale import claims, questions, recorded
from desk.access import Sight
from desk.listing import Tab
from storage import open_storage, paging

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.both

LARGE = "tickets|messages|threads|events|deliveries|ticket_words|ticket_tags"
# PostgreSQL says so; SQLite "scans" an index in its order as well, and says which.
WHOLE = re.compile(rf"Seq Scan on ({LARGE})\b|SCAN ({LARGE})$", re.MULTILINE)


async def test_a_generated_desk_answers_every_question_of_the_benchmark(where: Path | str) -> None:
    world = make(where, tickets=1500)
    storage = open_storage(where)
    counts = await storage.read(lambda tx: tx.tab_counts(Sight(None, None)))
    assert counts[Tab.ALL] == 1500
    assert 0 < counts[Tab.OPEN] < 300
    found = 0
    for make_query in questions(world).values():
        for _ in range(5):
            answer = await storage.read(make_query())
            found += len(getattr(answer, "hits", ()))
    assert found > 50
    assert (await claims(storage, 3)).p50 > 0
    await storage.close()


async def test_no_question_reads_a_whole_table(where: Path | str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOOKS", "HITS"):
        monkeypatch.setattr(paging, name, (5, 50))  # as small a part of the desk as it is of a million
    world = make(where, tickets=20_000)
    storage = open_storage(where)
    with closing(bare_of(where)) as bare:
        for name, make_query in questions(world).items():
            for _ in range(12):
                for statement in await storage.read(partial(recorded, make_query())):
                    plan = bare.plan(statement)
                    assert not WHOLE.search(plan), f"{name}: {statement}\n{plan}"
    await storage.close()
