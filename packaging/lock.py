"""Write requirements.lock and requirements-dev.lock from pyproject.toml: versions with hashes, no index address.

One resolution serves all Python versions and systems that the project supports (markers stand in the files).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
OPTIONS = ("--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--no-annotate",
           "--no-emit-index-url", "--no-emit-find-links", "--quiet", "--upgrade")  # fmt: skip


def main() -> None:
    for name, groups in (("requirements.lock", ()), ("requirements-dev.lock", ("--group", "pyproject.toml:dev"))):
        command = (sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", *groups, *OPTIONS, "-o", name)
        subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603 - our own words only


if __name__ == "__main__":
    main()
