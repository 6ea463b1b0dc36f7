"""A listener for tests of channels: it remembers what it heard, and answers as it is told."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from adapters.port import Answer, Heard

H = TypeVar("H")
WITHIN = 20.0  # seconds until a test that waits is given up


@dataclass
class Ear:
    """`answer` may be a function or a coroutine function."""

    heard: list[Heard] = field(default_factory=list)
    answer: Callable[[Heard], Answer | Awaitable[Answer]] = lambda _heard: None
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _taken: set[int] = field(default_factory=set)

    async def __call__(self, heard: Heard) -> Answer:
        try:
            answer = self.answer(heard)
            return await answer if asyncio.iscoroutine(answer) else answer  # type: ignore[return-value]
        finally:
            async with self._changed:
                self.heard.append(heard)
                self._changed.notify_all()

    async def next(self, kind: type[H]) -> H:
        """The oldest of this kind that was not asked for yet."""
        async with asyncio.timeout(WITHIN), self._changed:
            while True:
                for number, heard in enumerate(self.heard):
                    if isinstance(heard, kind) and number not in self._taken:
                        self._taken.add(number)
                        return heard
                await self._changed.wait()

    def all(self, kind: type[H]) -> list[H]:
        return [heard for heard in self.heard if isinstance(heard, kind)]
