"""The edges of the Discord adapter: pace, error classes, config, nonces, lanes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters.discord.config import INTENTS, PERMISSIONS, DiscordConfig
from adapters.discord.errors import of
from adapters.discord.gateway import Gateway
from adapters.discord.invitation import intents, invitation
from adapters.discord.lanes import Lanes
from adapters.discord.pacing import Pacing, Refusals
from adapters.discord.posting import nonce
from adapters.discord.refs import spot
from adapters.port import ChannelError, Denied, Gone, Rejected, Throttled, TokenRefused, Unavailable
from desk.model import MessageRef
from tests.adapters.discord.conftest import listening

if TYPE_CHECKING:
    from tests.adapters.discord.conftest import Server
    from tests.adapters.ear import Ear


class Answer:
    """What discord.py reads of an HTTP answer."""

    reason = "because"

    def __init__(self, status: int, **headers: str) -> None:
        self.status = status
        self.headers = headers


def raised(status: int, code: int = 0, headers: dict[str, str] | None = None) -> ChannelError:
    answer: Any = Answer(status, **(headers or {}))
    return of(discord.HTTPException(answer, {"code": code, "message": "words"}))


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    (
        (404, 10008, Gone),
        (404, 0, Gone),
        (403, 50013, Denied),
        (403, 99999, Denied),
        (400, 50035, Rejected),
        (400, 99999, Rejected),
        (400, 160006, Unavailable),
        (401, 0, TokenRefused),
        (408, 0, Unavailable),
        (500, 0, Unavailable),
        (503, 130000, Unavailable),
        (429, 0, Throttled),
    ),
)
def test_each_refusal_has_its_class(status: int, code: int, kind: type[ChannelError]) -> None:
    assert type(raised(status, code)) is kind


def test_a_ban_by_cloudflare_waits_as_long_as_it_says() -> None:
    error = raised(429, headers={"Retry-After": "120"})
    assert isinstance(error, Throttled)
    assert error.retry_after == 120


@given(st.lists(st.floats(0, 0.2), min_size=60, max_size=200))
async def test_never_more_than_fifty_calls_in_a_second(gaps: list[float]) -> None:
    now = 0.0
    sent: list[float] = []

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    pacing = Pacing(45, clock=lambda: now, sleep=sleep)
    for gap in gaps:
        now += gap
        await pacing.turn()
        sent.append(now)
    for start in sent:
        assert sum(start <= at < start + 1 for at in sent) <= 50


@given(st.integers(1, 5), st.lists(st.floats(0, 0.2), min_size=60, max_size=150))
async def test_instances_that_share_a_pace_keep_to_it_together(instances: int, gaps: list[float]) -> None:
    sent: list[float] = []
    for _ in range(instances):
        now = 0.0

        async def sleep(seconds: float) -> None:
            nonlocal now
            now += seconds

        pacing = Pacing(45, clock=lambda: now, sleep=sleep)  # noqa: B023 - the clock of this turn of the loop
        pacing.share(instances)
        for gap in gaps:
            now += gap
            await pacing.turn()
            sent.append(now)
    for start in sent:
        assert sum(start <= at < start + 1 for at in sent) <= 50


async def test_a_queue_that_is_too_long_is_throttled() -> None:
    async def sleep(_: float) -> None:
        return

    pacing = Pacing(10, clock=lambda: 0.0, sleep=sleep)

    async def all_at_once() -> None:
        for _ in range(1000):
            await pacing.turn()

    with pytest.raises(Throttled):
        await all_at_once()


def test_too_many_refusals_stop_us_before_discord_does() -> None:
    now = 0.0
    refusals = Refusals(clock=lambda: now, limit=3)
    for _ in range(3):
        refusals.check()
        refusals.add()
    with pytest.raises(Throttled) as stopped:
        refusals.check()
    assert stopped.value.retry_after == 600
    now = 601.0
    refusals.check()


def test_nonces_fit_and_differ() -> None:
    keys = ["1", "12345678901234567890", "x" * 200, "x" * 201]
    made = {nonce(key, part) for key in keys for part in range(30)}
    assert len(made) == 120
    assert max(map(len, made)) <= 25


@pytest.mark.parametrize("key", ("", "1", "a:b", "1:", ":2", "1:2:3", "١:٢", "1" * 30 + ":2"))
def test_a_key_that_is_none_of_ours_is_gone(key: str) -> None:
    with pytest.raises(Gone):
        spot(MessageRef("discord", key))


def test_every_intent_and_permission_is_one_of_discords() -> None:
    assert all(getattr(intents(), name) for name in INTENTS)
    assert not intents().presences
    assert "permissions=" in invitation("900")
    assert set(PERMISSIONS) <= set(discord.Permissions.VALID_FLAGS)


@pytest.mark.parametrize(
    "change",
    ({"guild": "abc"}, {"requests_per_second": 0}, {"api_url": "ftp://x"}, {"gateway_url": "https://x"}, {"x": 1}),
)
def test_a_config_that_cannot_work_is_refused(change: dict[str, object]) -> None:
    good: dict[str, object] = {"guild": "1", "help_channel": "2"}
    assert DiscordConfig.model_validate(good).api_url == "https://discord.com/api/v10"
    with pytest.raises(ValidationError):
        DiscordConfig.model_validate(good | change)


async def test_lanes_keep_their_order_and_do_not_wait_for_each_other() -> None:
    done: list[str] = []
    gate = asyncio.Event()

    async def work(thing: str) -> None:
        if thing == "a1":
            await gate.wait()
        done.append(thing)
        if thing == "b2":
            gate.set()

    lanes: Lanes[str] = Lanes(work, lambda: None)
    for thing in ("a1", "a2", "b1", "b2"):
        lanes.put(thing[0], thing)
    await asyncio.wait_for(gate.wait(), 5)
    while len(done) < 4:  # noqa: ASYNC110 - the lanes tell nobody when they are empty
        await asyncio.sleep(0)
    assert done == ["b1", "b2", "a1", "a2"]
    await lanes.close()


async def test_lanes_that_are_full_say_so() -> None:
    lost: list[bool] = []

    async def work(_: int) -> None:
        await asyncio.Event().wait()

    lanes: Lanes[int] = Lanes(work, lambda: lost.append(True), limit=2)
    for number in range(3):
        lanes.put("a", number)
    assert lost == [True]
    await lanes.close()


async def test_a_connection_that_loses_a_cancellation_is_ended_all_the_same(
    server: Server, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancelled = 0
    trying = asyncio.Event()

    async def connect(_self: Gateway, *, reconnect: bool = True) -> None:
        """As discord.py's under Python 3.11, where a cancellation came in the moment of a refused connection."""
        nonlocal cancelled
        while True:
            trying.set()
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                cancelled += 1
                if cancelled > 1:
                    raise

    monkeypatch.setattr(Gateway, "connect", connect)
    async with listening(server.channel(), ear):
        await trying.wait()
    assert cancelled == 2
