"""Several archives at once: what each comes to, how far all are, and what ends them."""

from __future__ import annotations

from itertools import count
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from backup.bringing import Errand, run
from backup.port import Damaged, Stopped, unheard
from backup.vault import Part

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup.port import Heard


def errand(name: str, act: Callable[[Heard], None]) -> Errand:
    return Errand(Part(name, 0, ""), act)


def damaged(name: str) -> Callable[[Heard], None]:
    def act(_: Heard) -> None:
        raise Damaged(name)

    return act


def reading(*steps: int) -> Callable[[Heard], None]:
    def act(heard: Heard) -> None:
        for step in steps:
            heard(step)

    return act


def test_they_are_under_way_at_the_same_time_and_what_they_read_adds_up() -> None:
    both = Barrier(2, timeout=30)

    def act(heard: Heard) -> None:
        heard(1)
        both.wait()
        heard(5)

    told: list[int] = []
    assert run([errand("a", act), errand("b", act)], told.append, at_once=2) == []
    assert told == sorted(told)
    assert told[-1] == 10


def test_all_of_them_are_looked_at_and_named_in_their_order() -> None:
    errands = [errand("a", damaged("a")), errand("b", reading(1)), errand("c", damaged("c"))]
    found = run(errands, unheard, at_once=2, all_of_them=True)
    assert [(part.name, str(error)) for part, error in found] == [("a", "a"), ("c", "c")]


def test_the_first_that_is_damaged_ends_the_others() -> None:
    done: list[str] = []
    errands = [errand("a", damaged("a")), errand("b", lambda _: done.append("b"))]
    with pytest.raises(Damaged, match="a"):
        run(errands, unheard, at_once=1)
    assert done == []


def test_one_that_is_under_way_ends_at_its_next_step() -> None:
    begun = Barrier(2, timeout=30)
    steps: list[int] = []

    def going_on(heard: Heard) -> None:
        begun.wait()
        for step in count():
            heard(step)
            steps.append(step)

    def failing(_: Heard) -> None:
        begun.wait()
        raise OSError("the disk")

    with pytest.raises(OSError, match="the disk"):
        run([errand("a", failing), errand("b", going_on)], unheard, at_once=2)
    assert steps == list(range(len(steps)))


def test_whoever_watches_ends_them_all() -> None:
    def stop(_: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        run([errand("a", reading(1, 2)), errand("b", reading(1, 2))], stop, at_once=2, all_of_them=True)
