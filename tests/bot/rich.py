"""A company with everything that a catalogue can say, for stories about tickets' cards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from bot.demo.side import NotPossible, Where
from bot.demo.stage import GENERAL, HELP, INES, MARC

if TYPE_CHECKING:
    from pathlib import Path

    from bot.demo.side import Side

FIELDS = """
[[departments.fields]]
id = "building"
name = { en = "Building", fr = "Bâtiment" }
kind = "choice"
choices = [{ id = "north", name = { en = "North", fr = "Nord" } }, { id = "south", name = "South" }]
[[departments.fields]]
id = "since"
name = { en = "Since when", fr = "Depuis quand" }
kind = "date"
[[departments.fields]]
id = "rooms"
name = { en = "Rooms", fr = "Salles" }
kind = "multi-choice"
choices = [{ id = "r1", name = "R1" }, { id = "r2", name = "R2" }, { id = "r3", name = "R3" }]
[[departments.fields]]
id = "boss"
name = { en = "Manager", fr = "Responsable" }
kind = "person"
[[departments.fields]]
id = "asset"
name = { en = "Asset", fr = "Inventaire" }
[[departments.fields]]
id = "cable"
name = { en = "Cable", fr = "Câble" }
"""

REST = """
[[tags]]
id = "vip"
name = "VIP"
emoji = "⭐"
[[tags]]
id = "travel"
name = { en = "Travelling", fr = "En déplacement" }

[[statuses]]
id = "supplier"
name = { en = "Waiting for a supplier", fr = "Attend un fournisseur" }
stands_for = "on_hold"

[[canned_replies]]
id = "restart"
name = { en = "Restart it", fr = "Redémarrer" }
text = { en = "Hello {client}, about #{number}: please restart it. {agent}", fr = "Bonjour {client}, n° {number}." }
"""


def enrich(config: Path) -> None:
    """Give both departments extra fields, and the house tags, a status of its own and a canned reply."""
    text = config.read_text(encoding="utf-8")
    for products in ('products = ["intranet", "laptop"]', 'products = ["payroll"]'):
        assert products in text
        text = text.replace(products, products + "\n" + FIELDS)
    config.write_text(text + REST, encoding="utf-8")


class _Patient:
    """A network's people who wait for what they want to press, instead of giving up at once."""

    WAITING = frozenset({"press", "choose", "choose_several", "find", "pick", "shortcut"})

    def __init__(self, side: Side) -> None:
        self._side = side

    def __getattr__(self, name: str) -> Any:
        act = getattr(self._side, name)
        if name not in self.WAITING:
            return act

        async def waiting(*args: Any) -> Any:
            async def tried() -> tuple[Any] | None:
                try:
                    return (await act(*args),)
                except NotPossible:
                    return None

            (answer,) = await self._side.people.until(tried, f"{name}{args}")
            return answer

        return waiting


def patient(side: Side) -> Side:
    """The same people, who wait for what they want to press."""
    return cast("Side", _Patient(side))


def anywhere(side: Side) -> Where:
    """Where whispers are looked for as well: any place of the network will do."""
    return Where(GENERAL) if side.name == "slack" else Where(HELP)


async def open_as_is(side: Side, person: str) -> str:
    """The second part of the form is left out."""
    french = {MARC, INES}
    return await side.press(person, anywhere(side), "tel quel" if person in french else "Open it as it is")
