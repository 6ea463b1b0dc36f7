"""The desk with its allocations traced: every minute, the lines of code that hold more than at the beginning.

Run in the desk's place: `python -m benchmarks.soak --minutes 10 --module benchmarks.traced --keep build/soak`; the
lines are in `build/soak/program.log`. It is slow, and its memory is no measure of the desk's.
"""

from __future__ import annotations

import sys
import threading
import time
import tracemalloc

from bot.__main__ import main

FRAMES = 3
WARM, EVERY = 90.0, 60.0  # seconds
SHOWN = 20  # lines


def _watch() -> None:
    time.sleep(WARM)
    first = tracemalloc.take_snapshot()
    began = time.monotonic()
    while True:
        time.sleep(EVERY)
        print(f"--- {time.monotonic() - began:.0f} s after the first look", flush=True)
        for grown in tracemalloc.take_snapshot().compare_to(first, "lineno")[:SHOWN]:
            print(f"{grown.size_diff / 1024:+9.1f} KiB {grown.count_diff:+8d}  {grown.traceback}", flush=True)


if __name__ == "__main__":
    tracemalloc.start(FRAMES)
    threading.Thread(target=_watch, daemon=True).start()
    sys.exit(main())
