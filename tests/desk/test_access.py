"""What somebody may see, as a value that every list takes."""

from __future__ import annotations

from desk.access import Sight, sight
from desk.model import Person, Role

MARC = Person(7, "Marc", "fr")


def test_a_client_is_inside_no_department_and_an_agent_in_all_that_are_not_hidden() -> None:
    assert not sight(MARC, Role.CLIENT).inside("it")
    assert sight(MARC, Role.AGENT).inside("it")
    assert sight(None, Role.CLIENT) == Sight(None)
    assert not Sight(7, None, frozenset({"hr"})).inside("hr")
    assert Sight(7, frozenset({"it"})).inside("it")
    assert not Sight(7, frozenset({"it"})).inside("hr")
