"""Who gets new tickets, who is away, and what is typed for a moment to come."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from bot.dates import day_typed, moment_typed
from bot.demo import stage as company
from bot.demo.side import wait_for, wait_line
from tests.bot.rich import patient

if TYPE_CHECKING:
    from tests.bot.conftest import Stage

NOW = datetime(2026, 11, 26, 9, 40, tzinfo=UTC)  # a Thursday
PARIS = "Europe/Paris"


@pytest.mark.parametrize(
    ("typed", "locale", "meant"),
    (
        ("until friday", "en-GB", "2026-11-27 23:59"),
        ("tomorrow 2 pm", "en", "2026-11-27 14:00"),
        ("in 3 days", "en", "2026-11-29 23:59"),
        ("in 2 hours", "en", "2026-11-26 12:40"),
        ("2026-12-01", "en", "2026-12-01 23:59"),
        ("12/01/2026", "en-US", "2026-12-01 23:59"),
        ("jusqu’à vendredi", "fr", "2026-11-27 23:59"),
        ("jusqu'au 3 décembre", "fr-FR", "2026-12-03 23:59"),
        ("vendredi 14h", "fr", "2026-11-27 14:00"),
        ("lundi 9h30", "fr", "2026-11-30 09:30"),
        ("dans 3 jours", "fr", "2026-11-29 23:59"),
        ("demain", "fr", "2026-11-27 23:59"),
        ("friday", "fr", "2026-11-27 23:59"),  # in another language of the desk
    ),
)
def test_a_moment_is_understood_as_people_say_it(typed: str, locale: str, meant: str) -> None:
    found = moment_typed(typed, locale, PARIS, NOW)
    assert found is not None
    assert f"{found:%Y-%m-%d %H:%M}" == meant
    assert found.utcoffset() is not None


@pytest.mark.parametrize("typed", ("", "when pigs fly", "42", "x" * 200, "until", "\x00"))
def test_what_is_no_moment_is_not_guessed(typed: str) -> None:
    assert moment_typed(typed, "en", PARIS, NOW) is None


def test_a_day_is_read_in_the_order_of_the_persons_country() -> None:
    assert str(day_typed("03/12/2026", "fr", PARIS, NOW)) == "2026-12-03"
    assert str(day_typed("03/12/2026", "en-GB", PARIS, NOW)) == "2026-12-03"
    assert str(day_typed("12/03/2026", "en-US", PARIS, NOW)) == "2026-12-03"


async def opened(stage: Stage, department: str, product: str, number: int) -> None:
    values = {"subject": "Help", "description": "Please.", "department": department, "product": product,
              "priority": "low"}  # fmt: skip
    await stage.slack.call(company.NORA)
    assert (await stage.slack.fill(company.NORA, values)).ok
    await stage.slack.clients_thread(company.NORA, number)


@pytest.mark.parametrize("network", ("slack", "discord"))
async def test_new_tickets_go_round_and_pass_over_who_is_away(idle_stage: Stage, network: str) -> None:
    text = idle_stage.config.read_text(encoding="utf-8")
    for products in ('products = ["intranet", "laptop"]', 'products = ["payroll"]'):
        text = text.replace(products, products + '\nassignment = "round_robin"')
    idle_stage.config.write_text(text, encoding="utf-8")
    await idle_stage.start()
    side = patient(getattr(idle_stage, network))
    place, department, product, lea, other, name = {
        "slack": (company.HR_DESK, "hr", "payroll", company.LEA, company.TOM, "Tom Baker"),
        "discord": (company.IT_DESK, "it", "laptop", company.LEA_DISCORD, company.SAM, "Sam Rivers"),
    }[network]

    # Config names no agent of the department but by a group: both are known, and away. The department is told.
    assert idle_stage.desk is not None
    await idle_stage.desk.acquainting.look()
    assert "Vous êtes là" in await side.call(lea, command="away")
    assert "Vous êtes absent jusqu’au" in await side.call(lea, "jusqu’à demain 14h", command="away")
    assert "You are away until" in await side.call(other, "friday", command="away")
    await opened(idle_stage, department, product, 1)
    first = await side.agents_thread(place, 1)
    await wait_line(side, first, "somebody please look after ticket #1")
    await side.press(other, first, "Claim")
    await wait_line(side, first, f"{name} is looking after")
    await opened(idle_stage, department, product, 2)
    await wait_line(side, await side.agents_thread(place, 2), "somebody please look after ticket #2")

    # Léa is back, by a button: everything is hers while the other is away, who then comes back too.
    await side.call(lea, command="away")
    where = type(first)(company.GENERAL) if network == "slack" else type(first)(company.HELP)
    assert "Vous êtes là" in await side.press(lea, where, "Je suis de retour")
    for number in (3, 4):
        await opened(idle_stage, department, product, number)
        thread = await side.agents_thread(place, number)
        await wait_for(side, thread, lambda line: "Agent: Léa Martin" in line.text, "the agent on the card")
    assert "You are here" in await side.call(other, "off", command="away")
    await opened(idle_stage, department, product, 5)
    thread = await side.agents_thread(place, 5)
    await wait_for(side, thread, lambda line: f"Agent: {name}" in line.text, "the other agent on the card")
    assert "is no moment that I understand" in await side.call(other, "when pigs fly", command="away")
    client = {"slack": company.NORA, "discord": company.BEN}[network]
    assert "Only agents can do that" in await side.call(client, command="away")
