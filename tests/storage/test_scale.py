"""The benchmark of a million tickets, small: what it makes is a desk, and every question of it has an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.filling import make
from benchmarks.scale import claims, questions
from desk.access import Sight
from desk.listing import Tab
from storage import open_storage

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.both
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
