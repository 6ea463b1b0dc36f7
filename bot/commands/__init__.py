"""What people can ask for: commands, buttons, forms, searches; each module says what it answers.

A module of this package has tables from a name to a function `(house, asker, heard) -> Answer`, whichever it needs:

- `CALLED`, slash commands; the texts of `/name` stand in the locales below `command.name`;
- `PRESSED`, actions of cards, and `SUBMITTED`, forms;
- `SOUGHT`, searches, by finder ("/name" for the words after a command);
- `SHORTCUTS`, entries of messages' menus; their labels stand in the locales below `menu.name`;
- `REACTED`, emoji below messages.

`HOME`, in one module only, answers whoever looks at our home page.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, assert_never

from adapters.port import (
    Answer,
    Asked,
    Called,
    HomeOpened,
    Pressed,
    Reacted,
    Shortcut,
    Sought,
    Submitted,
)
from adapters.ui import Command, MenuEntry
from bot.commands import (
    away,
    backup,
    deliveries,
    fields,
    following,
    forgetting,
    further,
    handling,
    history,
    joining,
    language,
    link,
    replying,
    several,
    stats,
    stats_files,
    ticket,
    tickets,
    topics,
    transcript,
    ways,
)
from bot.house import Asker, House
from desk.errors import DeskError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from bot.words import Library

MODULES: tuple[ModuleType, ...] = (
    ticket,
    topics,
    tickets,
    several,
    handling,
    replying,
    joining,
    fields,
    following,
    further,
    history,
    away,
    link,
    language,
    stats,
    stats_files,
    transcript,
    ways,
    backup,
    deliveries,
    forgetting,
)

Handler = Callable[[House, Asker, Any], Awaitable[Answer]]


def _gathered(table: str, modules: Iterable[ModuleType] = MODULES) -> Mapping[str, Handler]:
    """One table out of all modules'. ValueError where two answer to one name: a bug found at import."""
    found: dict[str, Handler] = {}
    for module in modules:
        for name, handler in getattr(module, table, {}).items():
            if name in found:
                raise ValueError(f"{table}: {name!r} is answered twice")
            found[name] = handler
    return found


CALLED = _gathered("CALLED")
PRESSED = _gathered("PRESSED")
SUBMITTED = _gathered("SUBMITTED")
SOUGHT = _gathered("SOUGHT")
SHORTCUTS = _gathered("SHORTCUTS")
REACTED = _gathered("REACTED")
HOME: Handler | None = next((module.HOME for module in MODULES if hasattr(module, "HOME")), None)


def handler_of(heard: Asked) -> Handler:
    """Who answers it. DeskError("action_unknown") where nobody does (any more)."""
    found: Handler | None
    match heard:
        case Called():
            found = CALLED.get(heard.command)
        case Pressed():
            found = PRESSED.get(heard.action)
        case Submitted():
            found = SUBMITTED.get(heard.form)
        case Sought():
            found = SOUGHT.get(heard.finder)
        case Shortcut():
            found = SHORTCUTS.get(heard.name)
        case Reacted():
            found = REACTED.get(heard.emoji)
        case HomeOpened():
            found = HOME
        case _:
            assert_never(heard)
    if found is None:
        raise DeskError("action_unknown")
    return found


def commands(library: Library) -> Sequence[Command]:
    """The slash commands as the networks register them, in every language of the house."""
    return tuple(
        Command(
            name,
            library.all(f"command.{name}.description"),
            library.any(f"command.{name}.words"),
            library.any(f"command.{name}.words_name"),
            suggests=f"/{name}" in SOUGHT,
        )
        for name in CALLED
    )


def menu(library: Library) -> Sequence[MenuEntry]:
    """The entries of messages' menus, in every language of the house."""
    return tuple(MenuEntry(name, library.all(f"menu.{name}")) for name in SHORTCUTS)
