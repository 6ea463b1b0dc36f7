"""Installations and the states of who is about to make one, on record."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from desk.ports import Installation

if TYPE_CHECKING:
    from desk.ports import Storage

ACME = Installation("slack", "T1", "Acme", "sealed")


@pytest.mark.both
async def test_an_installation_is_kept_once_for_each_house_until_it_is_dropped(storage: Storage) -> None:
    for made in (ACME, Installation("slack", "T2", "Beta", "x"), Installation("slack", "T1", "Acme Ltd", "again")):
        await storage.write(lambda tx, made=made: tx.keep_installation(made))
    found = await storage.read(lambda tx: tx.installations())
    assert [(each.house, each.name, each.sealed) for each in found] == [
        ("T1", "Acme Ltd", "again"),
        ("T2", "Beta", "x"),
    ]
    for _ in range(2):
        await storage.write(lambda tx: tx.drop_installation("slack", "T1"))
    assert [each.house for each in await storage.read(lambda tx: tx.installations())] == ["T2"]


@pytest.mark.both
async def test_a_state_is_good_once_and_not_for_ever(storage: Storage) -> None:
    await storage.write(lambda tx: tx.issue_state("a", until=tx.now + timedelta(minutes=10)))
    assert [await storage.write(lambda tx: tx.consume_state("a")) for _ in range(2)] == [True, False]
    assert not await storage.write(lambda tx: tx.consume_state("b"))
    await storage.write(lambda tx: tx.issue_state("c", until=tx.now))
    assert not await storage.write(lambda tx: tx.consume_state("c"))
