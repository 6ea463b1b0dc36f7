"""How the desk is, for whoever runs it: `/healthz` and `/metrics`."""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from bot.condition import Look

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from adapters.port import Channel
    from bot.front import Front
    from bot.gauges import Gauges
    from bot.turns import Turns
    from desk.ports import Storage

log = logging.getLogger(__name__)

ANSWERS_WITHIN = 5.0  # seconds; a database that takes longer is as good as none


class Health:
    """Answers at a front, within a block."""

    def __init__(self, channels: Mapping[str, Channel], storage: Storage, gauges: Gauges, turns: Turns) -> None:
        self._channels = channels
        self._storage = storage
        self._gauges = gauges
        self._turns = turns

    @contextmanager
    def at(self, front: Front) -> Iterator[None]:
        with front.at("/healthz", self._healthz), front.at("/metrics", self._metrics):
            yield

    async def look(self) -> Look:
        """Never raises: what cannot be asked is not well."""
        channels = self._channels
        states = await asyncio.gather(*(channel.health() for channel in channels.values()))
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                backlog = await self._storage.read(lambda tx: tx.backlog())
        except Exception:  # whatever is wrong with it: this is where it is told
            log.exception("the database does not answer")
            backlog = None
        networks = dict(zip(channels, states, strict=True))
        return Look(networks, backlog, len(self._storage.others()), tuple(sorted(self._turns.held)))

    async def _healthz(self, _request: web.Request) -> web.Response:
        """200 where somebody can be served, 503 where nobody can."""
        look = await self.look()
        return web.json_response(look.as_json(), status=503 if look.status == "failing" else 200)

    async def _metrics(self, _request: web.Request) -> web.Response:
        text = self._gauges.text(await self.look())
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST})
