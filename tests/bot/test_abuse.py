"""Floods, monsters and tricks: a clear answer, every word once and in order, and nobody else waits for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from bot.demo import stage as company
from bot.demo.side import wait_for, wait_line
from bot.intake import safe_name, safe_type
from sandbox.control import upload

if TYPE_CHECKING:
    from bot.demo.side import Side, Where
    from tests.bot.conftest import Stage

VALUES = {"subject": "Laptop", "description": "It hums.", "department": "it", "product": "laptop", "priority": "low"}
PEOPLE = {"slack": (company.MARC, company.NORA), "discord": (company.INES, company.BEN)}


async def opened(side: Side, person: str, number: int) -> Where:
    await side.call(person)
    assert (await side.fill(person, VALUES)).ok
    return await side.clients_thread(person, number)


def relayed(lines: list[Any], start: str) -> list[str]:
    """What starts so, without the byline that it is shown under."""
    return [line.text[line.text.index(start) :] for line in lines if start in line.text]


@pytest.mark.parametrize("network", ("slack", "discord"))
async def test_a_hundred_messages_at_once_arrive_in_order_and_hold_up_nobody(stage: Stage, network: str) -> None:
    side: Side = getattr(stage, network)
    loud, quiet = PEOPLE[network]
    theirs = [await opened(side, loud, 1), await opened(side, quiet, 2)]
    ours = [await stage.discord.agents_thread(company.IT_DESK, number) for number in (1, 2)]
    for number in range(100):
        await side.say(loud, theirs[0], f"flood {number}.")
    await side.say(quiet, theirs[1], "me too")
    await wait_line(stage.discord, ours[1], "me too", within=20)
    assert stage.desk is not None
    assert len(stage.desk._relay._under_way) <= 10
    await wait_line(stage.discord, ours[0], "flood 99.", within=60)
    heard = relayed(await stage.discord.read(ours[0]), "flood ")
    assert heard == [f"flood {number}." for number in range(100)]


@pytest.mark.parametrize("network", ("slack", "discord"))
async def test_thirty_tickets_in_a_minute_are_too_many_and_what_was_written_stays(stage: Stage, network: str) -> None:
    side: Side = getattr(stage, network)
    loud, quiet = PEOPLE[network]
    assert stage.desk is not None
    most = stage.desk.house.tickets_a_minute
    answers = []
    for number in range(30):
        if number <= most or network == "discord":
            await side.call(loud)
        answers.append(await side.fill(loud, VALUES))
    assert [answer.ok for answer in answers] == [True] * most + [False] * (30 - most)
    assert f"{most} tickets" in "".join(answers[-1].remarks.values())
    if network == "slack":  # the form is still open with all that was typed, for when the minute is over
        (view,) = await side.people.call("views", user=loud)
        assert view["callback_id"] == "ticket.new"
    await opened(side, quiet, most + 1)


async def test_fifty_files_with_hostile_names_and_types_arrive_under_names_that_do_no_harm(stage: Stage) -> None:
    slack, discord = stage.slack, stage.discord
    theirs = await opened(slack, company.MARC, 1)
    ours = await discord.agents_thread(company.IT_DESK, 1)
    names = [f"{number}.txt" for number in range(44)] + [
        "../../../etc/passwd", "..\\..\\boot.ini", "a\u202etxt.exe", "line\nbreak\r\n.txt", "\u200b\u2066",
        "n" * 5000 + ".txt",
    ]  # fmt: skip
    kinds = ["text/html\r\nX-Evil: 1", "<script>", "", "x" * 5000, "image/svg+xml", "text/plain; charset=evil"]
    files = [upload(name, b"x", kinds[number % len(kinds)]) for number, name in enumerate(names)]
    await slack.say(company.MARC, theirs, "see these", files)

    async def all_there() -> list[str]:
        found = [name for line in await discord.read(ours) for name in line.files]
        return found if len(found) >= len(names) else []

    arrived: list[str] = await discord.people.until(all_there, "fifty files", within=60)
    assert len(arrived) == len(names)
    for name in arrived:
        assert name == safe_name(name)
        assert not {"/", "\\", "\n", "\r", "\u202e"} & set(name)
    await discord.say(company.SAM, ours, "thanks")
    await wait_line(slack, theirs, "thanks")


async def test_as_much_text_as_slack_takes_arrives_whole_and_more_is_not_taken(stage: Stage) -> None:
    slack, discord = stage.slack, stage.discord
    theirs = await opened(slack, company.MARC, 1)
    ours = await discord.agents_thread(company.IT_DESK, 1)
    text = " ".join(f"word{number}" for number in range(5000))[:39_000] + " end."
    await slack.say(company.MARC, theirs, text)
    await wait_line(discord, ours, "end.", within=60)
    shown = "".join(line.text for line in await discord.read(ours))
    assert all(f"word{number}" in shown for number in range(0, 4000, 100))
    with pytest.raises(AssertionError, match="msg_too_long"):
        await slack.say(company.MARC, theirs, "x" * 10_000_000)


async def test_names_and_subjects_with_invisible_tricks_pose_as_nobody(stage: Stage) -> None:
    slack, discord = stage.slack, stage.discord
    await slack.call(company.MARC)
    for blank in ("\u200b\u2066\u202e", "\u200e \n\t"):
        assert not (await slack.fill(company.MARC, VALUES | {"subject": blank})).ok
    assert (await slack.fill(company.MARC, VALUES | {"subject": "Lap\u202etop\u2066 \n @everyone"})).ok
    theirs = await slack.clients_thread(company.MARC, 1)
    ours = await discord.agents_thread(company.IT_DESK, 1)
    card = (await discord.read(ours))[0]
    assert "Laptop @everyone" in card.text
    name = "Ada\u202e\u2066\n**Support** @everyone <!channel> " + "x" * 5000
    await slack.people.call("change_person", user=company.MARC, display_name=name)
    await slack.say(company.MARC, theirs, "it is me")
    line = await wait_line(discord, ours, "it is me")
    assert not {"\u202e", "\u2066"} & set(line.text)
    byline, _, said = line.text.partition("\n")
    assert said == "it is me"
    assert byline.startswith("**Ada **Support** @everyone <!channel> xxx")  # its signs are shown, and mean nothing
    assert byline.endswith("…** · Client")
    assert len(byline) < 120


async def test_an_interaction_that_comes_twice_counts_once(stage: Stage) -> None:
    slack = stage.slack
    delivery = stage.slack_sandbox.app.delivery
    sent: list[tuple[str, dict[str, Any]]] = []
    send = delivery.send

    async def twice(kind: str, payload: dict[str, Any], **how: Any) -> Any:
        if kind == "interactive" and payload["type"] in {"view_submission", "block_actions"}:
            sent.append((kind, payload))
            first, second = await asyncio.gather(send(kind, payload, **how), send(kind, payload, **how))
            return first or second
        return await send(kind, payload, **how)

    delivery.send = twice  # type: ignore[method-assign]
    theirs = await opened(slack, company.MARC, 1)
    ours = await stage.discord.agents_thread(company.IT_DESK, 1)
    await slack.press(company.MARC, theirs, "Clore")
    await wait_for(slack, theirs, lambda line: "Rouvrir" in "".join(line.buttons), "the closed card")
    await slack.press(company.MARC, theirs, "★★★★★")
    await wait_for(stage.discord, ours, lambda line: "★★★★★" in line.text, "the rating")
    assert len(sent) >= 3
    delivery.send = send  # type: ignore[method-assign]
    await opened(slack, company.NORA, 2)
    notices = [line.text for line in await slack.read(theirs) if "clos" in line.text]
    assert len(notices) == len(set(notices))


@pytest.mark.parametrize(
    ("told", "kept"),
    (
        ("image/png", "image/png"),
        ("Text/HTML; charset=utf-8", "text/html"),
        ("text/html\r\nX-Evil: 1", "application/octet-stream"),
        ("", "application/octet-stream"),
        ("é/x", "application/octet-stream"),
        ("x/" + "y" * 300, "application/octet-stream"),
    ),
)
def test_a_media_type_is_one_or_none(told: str, kept: str) -> None:
    assert safe_type(told) == kept
