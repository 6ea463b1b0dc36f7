"""Which backups stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backup.retention import Keep, Made, kept

START = datetime(2026, 1, 1, 3, 0, tzinfo=UTC)  # a Thursday


def made(*days: float) -> list[Made]:
    return [Made(f"{day:g}", number, START + timedelta(days=day)) for number, day in enumerate(days)]


@pytest.mark.parametrize(
    ("days", "keep", "stays"),
    (
        ((), Keep(), set()),
        ((0, 1, 2), Keep(last=2), {"1", "2"}),
        ((0, 0.1, 0.2, 1, 1.1), Keep(last=1, daily=2), {"0.2", "1.1"}),
        ((0, 5, 9), Keep(last=1, daily=3), {"0", "5", "9"}),  # days without a backup do not count
        ((0, 3, 4, 10, 11), Keep(last=1, weekly=2), {"10", "11"}),  # Sunday 4 January + 10 is in the week before 11
        ((0, 30, 31, 58, 59), Keep(last=1, monthly=3), {"30", "58", "59"}),
        ((0, 364, 365, 400), Keep(last=1, yearly=2), {"364", "400"}),
        ((0, 1, 2, 3), Keep(last=1, daily=2, yearly=1), {"2", "3"}),
    ),
)
def test_the_newest_of_each_period_stays(days: tuple[float, ...], keep: Keep, stays: set[str]) -> None:
    assert kept(made(*days), keep) == stays


def test_the_proven_one_is_spared() -> None:
    assert kept(made(0, 1, 2), Keep(last=1), spared=["0"]) == {"0", "2"}


def test_a_clock_that_was_moved_back_does_not_make_the_newest_the_oldest() -> None:
    future = [Made(f"f{number}", number, START + timedelta(days=4000 + number)) for number in range(3)]
    now = [Made("now", 3, START)]
    assert kept(future + now, Keep(last=2)) == {"now", "f2"}


@given(
    st.lists(st.floats(0, 3000), max_size=40),
    st.builds(Keep, st.integers(1, 5), *[st.integers(0, 5)] * 4),
)
def test_the_newest_always_stays_and_no_more_than_asked_for(days: list[float], keep: Keep) -> None:
    all_ = [Made(str(number), number, START + timedelta(days=day)) for number, day in enumerate(days)]
    stays = kept(all_, keep)
    assert len(stays) <= keep.last + keep.daily + keep.weekly + keep.monthly + keep.yearly
    assert not all_ or all_[-1].name in stays
    again = kept([one for one in all_ if one.name in stays], keep)
    assert again == stays  # pruning twice takes nothing more
