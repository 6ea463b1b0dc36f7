"""What is given up while a line is cut never arrives, however late the line is mended."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from aiohttp import web

from adapters.sockets import connector, says_anything
from tests.chaos.cables import Cable


@pytest.mark.parametrize("is_ours", (True, False))
async def test_a_message_that_was_given_up_does_not_arrive_when_the_line_is_mended(*, is_ours: bool) -> None:
    said: list[str] = []
    heard = asyncio.Event()

    async def hear(request: web.Request) -> web.Response:
        said.append(await request.text())
        heard.set()
        return web.Response()

    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=500)

    server = web.Application()
    server.router.add_post("/", hear)
    server.router.add_get("/", refuse)
    runner = web.AppRunner(server)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    cable = await Cable(("127.0.0.1", runner.addresses[0][1])).open()
    url = f"http://127.0.0.1:{cable.port}/"
    async with aiohttp.ClientSession(connector=connector() if is_ours else aiohttp.TCPConnector()) as session:
        async with session.post(url, data="first"):
            pass
        assert await says_anything(session, url)  # a refusal is an answer
        heard.clear()
        cable.cut()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1), session.post(url, data="given up"):
                pass
        while not cable.is_left:  # noqa: ASYNC110 - a socket tells nobody that it is closed
            await asyncio.sleep(0)
        cable.mend()
        if not is_ours:  # as sockets are by themselves, which shows that the cable tells them apart
            await heard.wait()
        async with session.post(url, data="again"):
            pass
    await cable.close()
    await runner.cleanup()
    assert said == (["first", "again"] if is_ours else ["first", "given up", "again"])
