"""Forms that ask for more than they can hold, and catalogues larger than a menu: on both networks nothing is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.demo import stage as company
from bot.demo.side import wait_for
from tests.bot.rich import anywhere, enrich, open_as_is, patient

if TYPE_CHECKING:
    from tests.bot.conftest import Stage

WHO = {"slack": company.NORA, "discord": company.BEN}
VALUES = {"subject": "No network", "description": "Since Monday.", "department": "it", "product": "laptop",
          "priority": "low"}  # fmt: skip
both = pytest.mark.parametrize("network", ("slack", "discord"))


@both
async def test_the_second_part_is_asked_for_and_survives_a_restart(idle_stage: Stage, network: str) -> None:
    enrich(idle_stage.config)
    text = idle_stage.config.read_text(encoding="utf-8")
    idle_stage.config.write_text(text.replace('id = "since"', 'id = "since"\nrequired = true'), encoding="utf-8")
    await idle_stage.start()
    side, person = patient(getattr(idle_stage, network)), WHO[network]
    await side.call(person)
    assert (await side.fill(person, VALUES)).ok
    (asked,) = await side.people.until(lambda: side.whispers(person), "the question for more")
    assert "No network is kept" in asked.text.replace("*", "")
    assert [label.split()[-1] for label in asked.buttons] == ["Continue"]  # the day is needed: it cannot be left out
    await idle_stage.stop()
    await idle_stage.start()
    assert await side.press(person, anywhere(side), "Continue") == "A few more details"
    if network == "discord":  # days are typed there; on Slack a calendar gives none that could be wrong
        wrong = await side.fill(person, {"x.building": "south", "x.since": "the day of the Ravens"})
        assert "such as 2026-11-26" in "".join(wrong.remarks.values())
        await side.press(person, anywhere(side), "Correct it")
        assert (await side.fill(person, {"x.since": "23 November 2026", "x.rooms": ["r2"]})).ok
        await side.press(person, anywhere(side), "Open it as it is")
    else:
        missing = await side.fill(person, {"x.building": "south"})
        assert not missing.ok
        assert (await side.fill(person, {"x.building": "south", "x.since": "2026-11-23", "x.rooms": ["r2"]})).ok
    thread = await side.clients_thread(person, 1)
    card = (await side.read(thread))[0].text
    for line in ("Building: South", "Since when: ", "Rooms: R2", "Since Monday."):
        assert line in card


@both
async def test_a_catalogue_larger_than_any_menu_is_found_by_typing(idle_stage: Stage, network: str) -> None:
    products = "".join(f'[[products]]\nid = "p{n}"\nname = "Machine {n}"\n' for n in range(120))
    text = idle_stage.config.read_text(encoding="utf-8").replace('products = ["intranet", "laptop"]', "")
    idle_stage.config.write_text(text + products, encoding="utf-8")
    await idle_stage.start()
    side, person = patient(getattr(idle_stage, network)), WHO[network]
    if network == "slack":
        assert await side.call(person, "No paper") == "New ticket"
        filled = {**VALUES, "subject": "No paper", "product": "machine 117"}
    else:
        assert "Which department" in await side.call(person, "No paper")
        assert await side.find(person, anywhere(side), "Department and product", "it machine 117") == [
            "IT · Machine 117"
        ]
        title = await side.pick(person, anywhere(side), "Department and product", "machine 117", "IT · Machine 117")
        assert title == "New ticket"
        filled = {"description": "Empty.", "priority": "low"}  # the subject that was typed is there
    assert (await side.fill(person, filled)).ok
    thread = await side.clients_thread(person, 1)
    card = await wait_for(side, thread, lambda line: "Machine 117" in line.text, "the product on the card")
    assert "No paper" in card.text


@both
async def test_a_field_with_very_many_choices_takes_enough_of_a_name(idle_stage: Stage, network: str) -> None:
    rooms = ", ".join(f'{{ id = "r{n}", name = "Room {n}" }}' for n in range(120))
    field = f'[[departments.fields]]\nid = "room"\nname = "Room"\nkind = "choice"\nrequired = true\nchoices = [{rooms}]'
    text = idle_stage.config.read_text(encoding="utf-8")
    text = text.replace('products = ["intranet", "laptop"]', 'products = ["intranet", "laptop"]\n' + field)
    idle_stage.config.write_text(text, encoding="utf-8")
    await idle_stage.start()
    side, person = patient(getattr(idle_stage, network)), WHO[network]
    await side.call(person)
    assert (await side.fill(person, VALUES)).ok
    await side.press(person, anywhere(side), "Continue")
    assert (await side.fill(person, {"x.room": "room 77"})).ok
    thread = await side.clients_thread(person, 1)
    await wait_for(side, thread, lambda line: "Room: Room 77" in line.text, "the room on the card")


@both
async def test_a_departments_form_that_needs_nothing_more_opens_as_it_is(idle_stage: Stage, network: str) -> None:
    enrich(idle_stage.config)
    await idle_stage.start()
    side, person = patient(getattr(idle_stage, network)), WHO[network]
    await side.call(person)
    assert (await side.fill(person, VALUES)).ok
    assert "Ticket #1 is open" in await open_as_is(side, person)
    assert "became a ticket already" in await side.press(person, anywhere(side), "Open it as it is")
    await side.clients_thread(person, 1)


async def test_with_one_department_slack_asks_for_everything_in_one_form(idle_stage: Stage) -> None:
    enrich(idle_stage.config)
    text = idle_stage.config.read_text(encoding="utf-8")
    start = text.index('[[departments]]\nid = "it"')
    idle_stage.config.write_text(text[:start] + text[text.index('[[departments]]\nid = "hr"') :], encoding="utf-8")
    await idle_stage.start()
    side = idle_stage.slack
    assert await side.call(company.NORA) == "New ticket"
    values = {"subject": "Badge", "description": "Lost.", "product": "payroll", "priority": "low", "x.rooms": ["r1"]}
    assert (await side.fill(company.NORA, values)).ok
    thread = await side.clients_thread(company.NORA, 1)
    await wait_for(side, thread, lambda line: "Rooms: R1" in line.text, "the field on the card")
