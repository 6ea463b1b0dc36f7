"""The scene as a moving picture for the README: a frame for each step, as it stands on the page."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import pytest

from tests.page.conftest import IMAGES

if TYPE_CHECKING:
    from tests.page.conftest import Open

pytestmark = pytest.mark.asyncio(loop_scope="module")  # in which the browser was opened
SHOWN = 3500  # milliseconds that a step stays
LAST = 6000
LOADED = 1200  # milliseconds until pictures are in place: only the picture waits for them
WIDTH = 1100  # pixels
SETTLED = "document.getAnimations().every(one => one.playState !== 'running')"
STEPS = 24  # at most


@pytest.mark.skipif("HELPTHREAD_IMAGES" not in os.environ, reason="pictures are not asked for (make pictures)")
async def test_the_scene_as_a_moving_picture(opened: Open) -> None:
    from PIL import Image  # it comes with matplotlib; only pictures need it

    tab = opened.tab
    await tab.set_viewport_size({"width": 1280, "height": 760})
    await tab.get_by_role("button", name="Play the scene").click()
    frames = []
    for number in range(1, STEPS):
        await tab.locator(".caption").get_by_text(f"Step {number}").wait_for(timeout=60_000)
        await tab.wait_for_function(SETTLED)
        await tab.wait_for_timeout(LOADED)
        shot = Image.open(io.BytesIO(await tab.screenshot(animations="disabled", caret="hide"))).convert("RGB")
        frames.append(shot.resize((WIDTH, shot.height * WIDTH // shot.width), Image.Resampling.LANCZOS))
        if opened.director.steps and opened.director.steps[-1].last:
            break
        await tab.get_by_role("button", name="Next step").click()
    lengths = [SHOWN] * (len(frames) - 1) + [LAST]
    assert len(frames) > 5
    frames[0].save(
        IMAGES / "scene.webp", save_all=True, append_images=frames[1:], duration=lengths, loop=0, quality=70, method=6
    )
