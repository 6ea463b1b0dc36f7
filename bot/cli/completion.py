"""`helpthread completion bash|zsh|fish`: what a shell needs to complete our verbs and options."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

SHELLS = ("bash", "zsh", "fish", "tcsh")


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The verb and its words."""
    completion = verbs.add_parser(
        "completion",
        help="verbs and options completed by your shell",
        epilog='examples:  eval "$(helpthread completion bash)"  |  helpthread completion zsh > ~/.zfunc/_helpthread',
    )
    completion.add_argument("shell", choices=SHELLS)


def run(options: argparse.Namespace) -> int:
    import shtab  # only who sets up a shell needs it

    from bot.__main__ import parser  # it knows all verbs, ours among them

    print(shtab.complete(parser(), options.shell))  # noqa: T201 - for the shell
    return 0
