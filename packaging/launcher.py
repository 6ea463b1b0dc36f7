"""Helpthread as it is installed: one private root that holds the desk's packages, and the way in."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> int:
    """The command line. The desk's packages have plain names (`bot`, `desk`, …): they are found below this folder
    by this program only, and are nobody else's to import.
    """
    sys.path.insert(0, str(Path(__file__).parent))
    from bot.__main__ import main as bot_main

    return bot_main()
