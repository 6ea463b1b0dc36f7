"""Build the wheel and try it in the environment that is named, which has requirements.lock and nothing else: one name
more in site-packages, a command that runs from anywhere.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
INSTALLED = "helpthread"


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def main() -> None:
    clean = Path(sys.argv[1]).resolve()
    python = clean / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python)
    run(*pip, "uninstall", "-qq", "--yes", INSTALLED)  # that of the last time
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder)
        wheel = next(folder.glob("*.whl"))
        needed = packages(python)
        run(*pip, "install", "-qq", "--no-deps", wheel)
        added = {entry for entry in packages(python) - needed if not entry.endswith(".dist-info")}
        if added != {INSTALLED}:
            sys.exit(f"the wheel must add only {INSTALLED!r} to site-packages, it adds {sorted(added)}")
        command = clean / "bin" / "helpthread"
        if "support desk" not in run(command, "--help", cwd=folder):
            sys.exit("helpthread --help does not say what it is")
        run(command, "demo", "--once", cwd=folder)


def packages(python: Path) -> set[str]:
    """Top-level names in an environment's site-packages."""
    code = "import json, os, sysconfig; print(json.dumps(os.listdir(sysconfig.get_paths()['purelib'])))"
    return set(json.loads(run(python, "-c", code))) - {"__pycache__"}


if __name__ == "__main__":
    main()
