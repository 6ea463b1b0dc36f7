"""The docs are whole: what the code writes of itself is up to date, links lead somewhere, every command is told."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from bot import cli, reference
from bot.__main__ import main
from bot.commands import CALLED
from bot.words import sentences

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
FOR_PEOPLE = ("clients", "agents", "admins", "backup", "start")


@pytest.mark.parametrize("path", sorted(reference.pages()))
def test_what_the_code_writes_of_itself_is_up_to_date(path: str) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == reference.pages()[path], "run: make docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not target.startswith(("http://", "https://", "#")):
            assert (page.parent / target.partition("#")[0]).exists(), f"{page.name}: {target}"


@pytest.mark.skipif(find_spec("mkdocs") is None, reason="mkdocs is not installed (make test installs it)")
def test_the_pages_build_without_a_warning(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--quiet",
        "--site-dir",
        str(tmp_path),
    ]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    for page in tmp_path.rglob("*.html"):  # whoever reads them asks nobody else for anything
        assert not re.search(r'(?:src|href)="(?:https?:)?//[^"]+\.(?:js|css|woff2?)"', page.read_text(encoding="utf-8"))


def test_every_command_and_every_verb_is_told_to_people() -> None:
    told = "".join((ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in FOR_PEOPLE)
    assert {name for name in CALLED if f"`/{name}" not in told} == set()
    written = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert {name for name in cli.VERBS if f"## `helpthread {name}`" not in written} == set()


@pytest.mark.parametrize("name", ("clients", "agents"))
def test_the_french_pages_say_the_same_with_the_words_that_stand_on_the_buttons(name: str) -> None:
    english, french = ((ROOT / "docs" / path / f"{name}.md").read_text(encoding="utf-8") for path in ("", "fr"))
    assert set(re.findall(r"`(/[a-z]+)", english)) == set(re.findall(r"`(/[a-z]+)", french))
    shown = {
        word for sentence in sentences("fr").values() if isinstance(sentence, str) for word in sentence.split("\n")
    }
    assert [label for label in re.findall(r"\*\*([^*]+)\*\*", french) if label not in shown] == []


@pytest.mark.parametrize("name", ("run", *cli.VERBS))
def test_the_help_of_every_verb_teaches_by_examples(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([name, "--help"])
    assert re.search(rf"examples?:\s+.*helpthread\b.*\b{name}\b", " ".join(capsys.readouterr().out.split()))


def test_every_key_is_told_with_a_word_on_it() -> None:
    text = (ROOT / "docs" / "config.md").read_text(encoding="utf-8")
    assert not re.findall(r"^\| `\w+` \|\s*\|.*$", text, flags=re.MULTILINE)


def test_a_remark_is_found_behind_quotes_and_on_the_next_line() -> None:
    said = reference.comments(
        '# About it\n# in two lines.\n[a]\nb = "#1"  # one\n        # and more\n# c = 2  # three\n'
    )
    assert said.tables == {"a": "About it in two lines."}
    assert said.keys == {("a", "b"): "one and more", ("a", "c"): "three"}


@pytest.mark.skipif(find_spec("shtab") is None, reason="shtab is not installed (make test installs it)")
@pytest.mark.parametrize("shell", ("bash", "zsh", "fish"))
def test_a_shell_learns_our_verbs(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    told = capsys.readouterr().out
    assert all(verb in told for verb in ("doctor", "backup", "setup"))


def test_the_images_are_small() -> None:
    images = list((ROOT / "docs" / "images").glob("*.png"))
    assert images
    assert all(image.stat().st_size < 200_000 for image in images)
