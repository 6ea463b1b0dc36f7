"""Log lines: each says which ticket and event it is about; none has a secret or what people wrote."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import column, insert, table

from bot import logs
from bot.demo import stage as company
from bot.demo.side import wait_for, wait_line
from sandbox.control import upload
from storage.messages import MessageRows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bot.conftest import Stage

WORDS = "Zwiebelkuchen"  # whatever people write in these stories holds it
SECRETS = (*company.ENVIRONMENT.values(), WORDS)


@pytest.fixture
def told() -> Iterator[io.StringIO]:
    """What a desk with `format = "json"` tells, at INFO and above."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonFormatter())
    handler.setLevel(logging.INFO)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


async def test_a_story_with_every_trouble_tells_ids_and_nobodys_words(stage: Stage, told: io.StringIO) -> None:
    slack, discord = stage.slack, stage.discord
    values = {"subject": f"{WORDS} 1", "description": f"{WORDS} 2", "department": "it", "product": "laptop"}
    await slack.call(company.MARC, WORDS)
    assert (await slack.fill(company.MARC, values | {"priority": "low"}, [upload(f"{WORDS}.txt", b"x")])).ok
    theirs = await slack.clients_thread(company.MARC, 1)
    ours = await discord.agents_thread(company.IT_DESK, 1)
    await slack.people.call("fault", kind="rate_limited", match="chat.postMessage", times=1, retry_after=0.01)
    await discord.say(company.SAM, ours, f"{WORDS} 3")
    await wait_line(slack, theirs, f"{WORDS} 3")
    await slack.people.call("fault", kind="server_error", match="chat.postMessage", times=1)
    said = await discord.say(company.SAM, ours, f"{WORDS} 4")
    await wait_line(slack, theirs, f"{WORDS} 4")
    await discord.edit(company.SAM, ours, said, f"{WORDS} 5")
    await wait_line(slack, theirs, f"{WORDS} 5")
    await discord.press(company.SAM, ours, "Close")
    await wait_line(slack, theirs, "Sam Rivers")
    assert not [secret for secret in SECRETS if secret in told.getvalue()]
    postponed = [line for line in lines(told) if "again in" in line["message"]]
    assert postponed
    assert all(line["ticket"] == 1 and line["event"] and line["network"] == "slack" for line in postponed)
    assert any(line.get("ticket") == 1 and line["message"] == "TicketOpened shown" for line in lines(told))


async def test_a_bug_is_told_with_its_event_and_without_the_words_it_broke_on(
    stage: Stage, told: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack = stage.slack
    values = {"subject": WORDS, "description": WORDS, "department": "it", "product": "laptop", "priority": "low"}
    await slack.call(company.MARC)
    assert (await slack.fill(company.MARC, values)).ok
    theirs = await slack.clients_thread(company.MARC, 1)
    broken = iter([True, True])  # a hurried commit runs a verb that fails once more, with a savepoint
    whole = MessageRows.add_message

    def add_message(self: MessageRows, **said: Any) -> Any:
        if next(broken, False):
            self._connection.execute(insert(table("nowhere", column("body"))), {"body": said["body"]}).first()
        return whole(self, **said)

    monkeypatch.setattr(MessageRows, "add_message", add_message)
    stage.slack_sandbox.app.setup.ack_within = 0.2  # what is not acknowledged by then is delivered again
    await slack.say(company.MARC, theirs, WORDS)
    ours = await stage.discord.agents_thread(company.IT_DESK, 1)
    await wait_for(stage.discord, ours, lambda line: line.text.endswith(WORDS), "what was said, delivered again")
    assert "nowhere" in told.getvalue()  # each database has its own words for what is wrong with it
    assert WORDS not in told.getvalue()


def test_facts_stand_in_every_line_of_their_block_only() -> None:
    stream = io.StringIO()
    log = logging.getLogger("tests.logs")
    handler = logging.StreamHandler(stream)
    log.addHandler(handler)
    log.propagate = False
    try:
        for formatter in (logs.JsonFormatter(), logs.TextFormatter()):
            handler.setFormatter(formatter)
            with logs.about(network="slack"):
                with logs.about(ticket=42):
                    logs.also(event=7)
                    log.warning("inside %s", "it")
                log.warning("between")
            log.warning("outside")
    finally:
        log.removeHandler(handler)
    *as_json, inside, between, outside = stream.getvalue().splitlines()
    first, second, third = (json.loads(line) for line in as_json)
    assert {key: first[key] for key in ("level", "logger", "message", "network", "ticket", "event")} == {
        "level": "warning",
        "logger": "tests.logs",
        "message": "inside it",
        "network": "slack",
        "ticket": 42,
        "event": 7,
    }
    assert ("ticket" in second, second["network"], "network" in third) == (False, "slack", False)
    assert inside.endswith("tests.logs: inside it [network=slack ticket=42 event=7]")
    assert between.endswith("between [network=slack]")
    assert outside.endswith("outside")


def test_a_traceback_is_one_line_of_json() -> None:
    error = RuntimeError("the disk\nis full")
    record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed", None, (type(error), error, None))
    line = json.loads(logs.JsonFormatter().format(record))
    assert "the disk\nis full" in line["error"]
    assert line["at"].endswith("+00:00")
