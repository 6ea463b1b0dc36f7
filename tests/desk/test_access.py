"""What somebody may see, as a value that every list takes."""

from __future__ import annotations

from desk.access import Sight, sight
from desk.model import Person, Role

MARC = Person(7, "Marc", "fr")


def test_a_client_is_inside_no_department_and_an_agent_in_their_own() -> None:
    assert not sight(MARC, Role.CLIENT, frozenset()).inside("it")
    assert sight(MARC, Role.AGENT, frozenset({"it"})).inside("it")
    assert not sight(MARC, Role.AGENT, frozenset({"it"})).inside("hr")
    assert sight(MARC, Role.ADMIN, frozenset()).inside("hr")
    assert sight(None, Role.CLIENT, frozenset()) == Sight(None)
    assert not Sight(7, None, frozenset({"hr"})).inside("hr")
    assert Sight(7, frozenset({"it"})).inside("it")
    assert not Sight(7, frozenset({"it"})).inside("hr")
