"""A bar for each stage of what takes a while, in the terminal."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TransferSpeedColumn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console
    from rich.progress import TaskID

    from backup import port
    from bot.words import Words


@contextmanager
def watched(console: Console, words: Words, title: str) -> Iterator[port.Report]:
    """Within it, what is reported is shown; afterwards the bars are gone."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def report(progress: port.Progress) -> None:
            stage = progress.stage
            if stage not in tasks:
                tasks[stage] = bars.add_task(f"{title}: {words(f'backup.stage.{stage}')}", total=None)
            bars.update(tasks[stage], completed=progress.done, total=progress.total or None)

        yield report
