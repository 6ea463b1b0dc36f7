"""What is relayed does nothing on the other side: it pings nobody, hides no address, and speaks for nobody else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from bot.demo import stage as company
from bot.demo.side import wait_line

if TYPE_CHECKING:
    from bot.demo.side import Where
    from tests.bot.conftest import Stage

# Each is said by a client on Slack, as their client would send it.
FROM_SLACK = (
    "@everyone",
    "@here now",
    "\\@everyone",
    f"&lt;@{company.LEA_DISCORD}&gt;",
    f"&lt;@!{company.LEA_DISCORD}&gt;",
    f"&lt;@&amp;{company.AGENTS_ROLE}&gt;",
    f"&lt;#{company.HELP}&gt;",
    "&lt;t:1700000000:R&gt;",
    "&lt;/ticket:12345&gt;",
    "&lt;id:customize&gt;",
    "&lt;a:wave:12345&gt;",
    "[https://bank.example](https://evil.example)",
    "<https://evil.example|https://bank.example>",
    "<javascript:alert|press me>",
    "||hidden|| # Title",
    "> *not mine*",
    "@\u200beveryone @e\u0301veryone",
)
# And by a client on Discord.
FROM_DISCORD = (
    "<!channel>",
    "<!here> <!everyone>",
    "@channel @here @everyone",
    "<!subteam^S0AGENTS>",
    f"<@{company.LEA}>",
    f"<#{company.GENERAL}>",
    "<https://evil.example|https://bank.example>",
    "[https://bank.example](https://evil.example)",
    "<!date^1392734382^{date}|when>",
    "javascript:alert",
    "&lt;!channel&gt;",
    ":@everyone:",
)


async def opened(stage: Stage, on: str) -> tuple[Where, Where]:
    """Ticket #1 of a client there: their thread, and the agents' on the other network."""
    side, person, department, product = {
        "slack": (stage.slack, company.MARC, "it", "intranet"),
        "discord": (stage.discord, company.INES, "hr", "payroll"),
    }[on]
    await side.call(person)
    values = {"subject": "x", "description": "y", "department": department, "product": product, "priority": "normal"}
    assert (await side.fill(person, values)).ok
    other, place = (stage.discord, company.IT_DESK) if on == "slack" else (stage.slack, company.HR_DESK)
    return await side.clients_thread(person, 1), await other.agents_thread(place, 1)


async def raw(stage: Stage, on: str, where: Where) -> list[dict[str, Any]]:
    people = stage.discord.people if on == "discord" else stage.slack.people
    args = {"channel": where.channel, "thread_ts": where.root} if on == "slack" else {"channel": where.channel}
    found: list[dict[str, Any]] = await people.call("messages", **args)
    return found


async def test_nothing_said_on_slack_does_anything_on_discord(stage: Stage) -> None:
    theirs, ours = await opened(stage, "slack")
    for number, text in enumerate(FROM_SLACK):
        await stage.slack.say(company.MARC, theirs, f"{text} (number {number})")
    await wait_line(stage.discord, ours, f"(number {len(FROM_SLACK) - 1})")
    arrived = [message for message in await raw(stage, "discord", ours) if "(number" in message["content"]]
    assert len(arrived) == len(FROM_SLACK)
    for message in arrived:
        content = message["content"]
        assert (message["mentions"], message["mention_roles"], message["mention_everyone"]) == ([], [], False), content
        assert not re.search(r"<(?:[@#:/]|a:|t:|id:)", content), content
        assert not re.search(r"@(?:everyone|here)", content), content
        for label, url in re.findall(r"(?<!\\)\[((?:[^\]\\]|\\.)*)\]\(<?([^)>]*)", content):
            assert "://" not in label, content
            assert url.startswith("http"), content
        assert message["flags"] & 1 << 2, "no preview of a stranger's page in our name"


async def test_nothing_said_on_discord_does_anything_on_slack(stage: Stage) -> None:
    theirs, ours = await opened(stage, "discord")
    for number, text in enumerate(FROM_DISCORD):
        await stage.discord.say(company.INES, theirs, f"{text} (number {number})")
    await wait_line(stage.slack, ours, f"(number {len(FROM_DISCORD) - 1})")
    arrived = [message for message in await raw(stage, "slack", ours) if "(number" in str(message)]
    assert len(arrived) == len(FROM_DISCORD)
    for message in arrived:
        leaves = list(leaves_of(message["blocks"]))
        assert {leaf["type"] for leaf in leaves} <= {"text", "link", "emoji", "mrkdwn", "plain_text"}, leaves
        for leaf in leaves:
            if leaf["type"] == "link":
                assert leaf["url"].startswith("http")
                assert "://" not in leaf.get("text", "") or leaf["text"] == leaf["url"]
            if leaf["type"] == "mrkdwn":
                assert not re.search(r"<[!@#]", leaf["text"])
        assert not re.search(r"<[!@#]", message.get("text", "")), message["text"]


@pytest.mark.parametrize(
    "name", ("@everyone", "**Ada** · Support", "[x](https://evil.example)", "a\u202egnp.exe", "a\nb")
)
async def test_a_name_does_nothing_either(stage: Stage, name: str) -> None:
    await stage.discord.people.call("set_nick", user=company.INES, nick=name)
    theirs, ours = await opened(stage, "discord")
    await stage.discord.say(company.INES, theirs, "hello there")
    line = await wait_line(stage.slack, ours, "hello there")
    (message,) = (m for m in await raw(stage, "slack", ours) if m["ts"] == line.id)
    leaves = list(leaves_of(message["blocks"]))
    assert {leaf["type"] for leaf in leaves} <= {"text", "emoji", "mrkdwn", "plain_text"}
    assert "\u202e" not in line.text
    assert not any("\n" in leaf["text"] for leaf in leaves[:1] if leaf["type"] == "text")


def leaves_of(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All that a block shows, down to its texts."""
    found: list[dict[str, Any]] = []
    for block in blocks:
        inner = [entry for key in ("elements", "fields") for entry in block.get(key) or ()]
        inner += [block["text"]] if isinstance(block.get("text"), dict) else []
        if inner:
            found += leaves_of(inner)
        elif block.get("type") in {"text", "link", "emoji", "mrkdwn", "plain_text", "user", "usergroup", "broadcast"}:
            found.append(block)
    return found


SUBJECT = "@everyone <!channel> [x](https://evil.example) *b* \u202exe"


@pytest.mark.parametrize("on", ("slack", "discord"))
async def test_a_subject_and_a_description_do_nothing_on_any_card(stage: Stage, on: str) -> None:
    side, person, topic, place = {
        "slack": (stage.slack, company.MARC, ("it", "intranet"), company.IT_DESK),
        "discord": (stage.discord, company.INES, ("hr", "payroll"), company.HR_DESK),
    }[on]
    await side.call(person)
    description = f"<@{company.LEA_DISCORD}> <@&{company.AGENTS_ROLE}> <@{company.LEA}> <!subteam^S0AGENTS> @here"
    values = {"subject": SUBJECT, "description": description, "department": topic[0], "product": topic[1]}
    assert (await side.fill(person, values | {"priority": "normal"})).ok
    other = stage.discord if on == "slack" else stage.slack
    ours, theirs = await other.agents_thread(place, 1), await side.clients_thread(person, 1)
    found = [(other.name, ours), (side.name, theirs)]
    for network, where in found:
        messages = await raw(stage, network, where)
        if network == "discord":
            messages += [m for m in await raw(stage, network, type(where)(company.IT_DESK)) if m["id"] == where.channel]
            for message in messages:
                assert (message["mentions"], message["mention_roles"], message["mention_everyone"]) == ([], [], False)
            threads = {thread["id"]: thread["name"] for thread in await stage.discord.people.call("threads")}
            assert "\u202e" not in threads[where.channel]
        else:
            for message in messages:
                kinds = {leaf["type"] for leaf in leaves_of(message.get("blocks", []))}
                assert not kinds & {"user", "usergroup", "broadcast"}
                shown = message.get("text", "") + "".join(
                    leaf.get("text", "") for leaf in leaves_of(message.get("blocks", [])) if leaf["type"] == "mrkdwn"
                )
                assert not re.search(r"<[!@#]", shown), shown
        assert messages
        assert not any("\u202e" in str(message) for message in messages)
