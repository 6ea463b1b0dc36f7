"""The page on adapters cannot lie: what it says in code is done, in its order, in a copy of the house."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOUSE = ("adapters", "bot", "desk", "sandbox", "storage", "backup", "config.toml", "pyproject.toml")
TESTS = ("adapters/contract", "adapters/ear.py")
BLOCKS = re.compile(r"^```(sh|python)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def test_an_adapter_of_ones_own_keeps_the_contract(tmp_path: Path) -> None:
    leave = shutil.ignore_patterns("__pycache__")
    for name in (*HOUSE, *(f"tests/{name}" for name in TESTS)):
        source, there = ROOT / name, tmp_path / name
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, there, ignore=leave) if source.is_dir() else shutil.copy(source, there)
    said = []
    for kind, text in BLOCKS.findall((ROOT / "docs" / "adapter.md").read_text(encoding="utf-8")):
        if kind == "python":
            first, _, code = text.partition("\n")
            path = tmp_path / first.split()[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            before = path.read_text(encoding="utf-8") if "(at its end)" in first else ""
            path.write_text(before + code, encoding="utf-8")
        else:
            done = subprocess.run(
                ["sh", "-ec", text.replace("python -m", f"{sys.executable} -m")],
                cwd=tmp_path, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, text + done.stdout + done.stderr
            said.append(done.stdout)
    assert len(said) == 3
    assert re.search(r"^[.s\s]{40,}", said[1], re.MULTILINE), said[1]  # all of the contract's tests ran
