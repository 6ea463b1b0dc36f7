"""The ways to a ticket beside /ticket, each on both networks: the form is complete, the message quoted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.demo import stage as company
from bot.demo.side import Where, wait_for, wait_line
from sandbox.control import upload

if TYPE_CHECKING:
    from bot.demo.side import Side
    from tests.bot.conftest import Stage

HR = {"department": "hr", "product": "payroll", "priority": "low"}
CLIENT = {"slack": company.NORA, "discord": company.BEN}
OTHER = {"slack": company.MARC, "discord": company.INES}
PUBLIC = {"slack": company.GENERAL, "discord": company.HELP}
both = pytest.mark.parametrize("network", ("slack", "discord"))


def place_of(stage: Stage, network: str) -> Where:
    if network == "slack":
        stage.slack_sandbox.app.workspace.channels[company.GENERAL].members.add(company.SLACK_BOT)
    return Where(PUBLIC[network])


@both
async def test_a_message_of_somebody_else_becomes_a_ticket_that_quotes_and_links_it(stage: Stage, network: str) -> None:
    side: Side = getattr(stage, network)
    place = place_of(stage, network)
    me, other = CLIENT[network], OTHER[network]
    said = await side.say(other, place, "The printer on floor 2 is on fire\nsince noon")
    assert await side.shortcut(me, place, said, "ticket") == "New ticket"
    assert (await side.fill(me, HR)).ok  # nothing typed: the form was complete but for the choices
    ours = await stage.slack.agents_thread(company.HR_DESK, 1)
    card = (await stage.slack.read(ours))[0].text
    assert "#1 · The printer on floor 2 is on fire" in card
    assert "since noon" in card
    assert {"slack": "Marc Dubois", "discord": "Inès Moreau"}[network] in card
    assert "http" in card
    theirs = await side.clients_thread(me, 1)
    assert "on fire" in (await side.read(theirs))[0].text


@both
async def test_own_words_typed_over_a_quote_stand_above_it(stage: Stage, network: str) -> None:
    side: Side = getattr(stage, network)
    place = place_of(stage, network)
    said = await side.say(OTHER[network], place, "Does not print")
    await side.shortcut(CLIENT[network], place, said, "ticket")
    assert (await side.fill(CLIENT[network], HR | {"description": "Mine neither, please help"})).ok
    ours = await stage.slack.agents_thread(company.HR_DESK, 1)
    card = (await stage.slack.read(ours))[0].text
    assert card.index("Mine neither") < card.rindex("Does not print")


@both
async def test_a_reaction_offers_the_form_to_whoever_put_it_alone(stage: Stage, network: str) -> None:
    side: Side = getattr(stage, network)
    place = place_of(stage, network)
    me = CLIENT[network]
    said = await side.say(me, place, "Mon badge ne marche plus", [upload("badge.txt", b"0451", "text/plain")])
    await side.react(me, place, said, "👍")
    await side.react(me, place, said, "🎫")
    direct = await side.direct(me)

    async def offered() -> bool:
        lines = [*await side.whispers(me), *await side.read(direct)]
        return any("A ticket from this message" in line.text for line in lines)

    await side.people.until(offered, "the card that opens the form")
    assert not any("A ticket from" in line.text for line in await side.whispers(OTHER[network]))
    assert await side.press(me, direct, "Open the form") == "New ticket"
    assert (await side.fill(me, HR)).ok
    theirs = await side.clients_thread(me, 1)
    assert "#1 · Mon badge ne marche plus" in (await side.read(theirs))[0].text
    await wait_for(side, theirs, lambda line: "badge.txt" in line.files, "the message's file")


@pytest.mark.parametrize(("me", "words"), ((company.BEN, "type /ticket"), (company.INES, "tapez /ticket")))
async def test_who_takes_no_direct_messages_on_discord_is_told_below_the_message(
    stage: Stage, me: str, words: str
) -> None:
    side = stage.discord
    place = place_of(stage, "discord")
    await side.call(me)  # from an interaction Discord tells their language
    await side.people.call("close_dms", user=me)
    said = await side.say(company.SAM, place, "The printer is on fire")
    await side.react(me, place, said, "🎫")
    told = await wait_line(side, place, words)
    message = stage.discord_sandbox.guild.channels[place.channel].messages[told.id]
    assert message["message_reference"]["message_id"] == said
    assert message["mentions"] == []  # named, and not pinged
    again = await side.say(company.SAM, place, "Still is")
    await side.react(me, place, again, "🎫")
    await side.react(company.SAM, place, again, "🎫")
    await wait_line(side, await side.direct(company.SAM), "A ticket from this message")
    assert sum(words in line.text for line in await side.read(place)) == 1


@both
async def test_words_to_the_bot_outlive_a_restart_and_become_a_ticket(stage: Stage, network: str) -> None:
    side: Side = getattr(stage, network)
    me = CLIENT[network]
    direct = await side.direct(me)
    await side.say(me, direct, "Plus de réseau", [upload("capture.png", b"png-bytes", "image/png")])
    await wait_line(side, direct, "Shall this become a ticket")
    await side.say(me, direct, "depuis ce matin, " + "vraiment rien. " * 250)
    await wait_for(side, direct, lambda line: "depuis ce matin" in line.text and bool(line.buttons), "both together")
    await stage.stop()
    await stage.start()
    assert await side.press(me, direct, "Open the form") == "New ticket"
    assert (await side.fill(me, HR)).ok
    theirs = await side.clients_thread(me, 1)
    await wait_for(side, theirs, lambda line: "capture.png" in line.files, "the file")
    assert "Plus de réseau" in (await side.read(theirs))[0].text
    assert "became a ticket already" in await side.press(me, direct, "Open the form")
    assert stage.desk is not None
    found = await stage.desk.house.storage.read(lambda tx: tx.description(1))
    assert found.body.startswith("Plus de réseau\ndepuis ce matin")
    assert found.body.count("vraiment rien.") == 250  # more than the form holds
