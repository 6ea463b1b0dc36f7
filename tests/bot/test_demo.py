"""The demo: the scene really happens, in processes of their own, and a step that does not is told and counted."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bot.demo import play as playing
from bot.demo.scene import SceneFailed, Step

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest

    from bot.demo.processes import Company
    from bot.demo.scene import Cast

ROOT = Path(__file__).parents[2]


def test_the_scene_is_played_in_french_to_its_end() -> None:
    environment = {**os.environ, "LANG": "fr_FR.UTF-8", "COLUMNS": "160", "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "bot", "demo", "--once"]
    played = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert played.returncode == 0, played.stdout[-3000:] + played.stderr[-3000:]
    assert "Chaque étape a eu lieu." in played.stdout
    assert "Le processus du support est tué" in played.stdout
    assert "tape  /backup now" in played.stdout
    assert ".manifest.json" in played.stdout
    assert "Slack · Marc" in played.stdout
    assert "Discord · Léa" in played.stdout


async def test_a_step_that_does_not_happen_is_told_and_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(company: Company, _: Cast) -> AsyncIterator[Step]:
        del company
        yield Step({"en": "It begins."})
        raise SceneFailed("the card never came")

    monkeypatch.setattr(playing, "opened", broken)
    assert await playing.play(once=True, language="en") == 1
    told = capsys.readouterr().out
    assert "It begins." in told
    assert "This step did not happen: the card never came" in told
