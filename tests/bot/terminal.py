"""A person at a terminal: a program on a pseudo-terminal, an answer typed at each of its prompts."""

from __future__ import annotations

import asyncio
import os
import pty
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

READ = 1 << 16


async def typed(
    command: Iterable[str], answers: Iterable[str], *, cwd: Path, environ: Mapping[str, str]
) -> tuple[int, str]:
    """The exit status and all that stood on the screen, what was typed and echoed too. A prompt is a line that is not
    ended, with a space at its end.
    """
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, env=dict(environ), stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    waiting = iter(answers)
    screen = ""
    try:
        while part := await asyncio.to_thread(_read, ours):
            screen += part
            if screen.endswith(" ") and (answer := next(waiting, None)) is not None:
                os.write(ours, f"{answer}\n".encode())
    finally:
        os.close(ours)
    return await process.wait(), screen.replace("\r\n", "\n")


def _read(terminal: int) -> str:
    try:
        return os.read(terminal, READ).decode(errors="replace")
    except OSError:  # EIO: nobody holds the other end any more
        return ""
