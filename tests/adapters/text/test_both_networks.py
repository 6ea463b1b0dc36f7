"""A conversation that crosses both networks loses nothing that both can show: properties, and payloads as recorded."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.discord.text import from_discord, to_discord
from adapters.markdown import Block, CodeBlock, Item, Paragraph, Quote, Span, normal, parse, write
from adapters.slack.text import from_slack, to_rich_text

if TYPE_CHECKING:
    from collections.abc import Iterator

SAMPLES = Path(__file__).parents[4] / "shared" / "samples"

plain = st.text("abc é", min_size=1, max_size=8).filter(str.strip)
urls = st.sampled_from(["", "", "https://x.io/a?b=1&c=2", "http://y.example/(z)"])
flags = st.booleans()
# Discord shows no link on code.
spans = st.builds(Span, plain, flags, flags, flags, flags) | st.builds(
    Span, plain, flags, flags, flags, st.just(False), urls
)
lines = st.lists(spans, min_size=1, max_size=4).map(tuple)
blocks = st.one_of(
    st.builds(Paragraph, lines),
    st.builds(Quote, lines),
    st.builds(CodeBlock, st.text("ab \n`*", min_size=1, max_size=9), st.just("")),
    st.builds(Item, lines, st.integers(0, 3), st.none() | st.integers(1, 12), flags),
)
shown_by_both: st.SearchStrategy[tuple[Block, ...]] = st.lists(blocks, max_size=5).map(tuple)


class Known:
    """Names of everybody."""

    def user(self, id: str) -> str:  # noqa: A002 - the protocol's name
        return f"name of {id}"

    channel = group = role = user


def on_slack(markdown: str) -> str:
    """Said on Slack in its blocks, and heard from there."""
    [elements] = to_rich_text(markdown, 100_000) or [[]]
    return from_slack("", [{"type": "rich_text", "elements": elements}], Known())


def on_discord(markdown: str) -> str:
    [sent] = to_discord(markdown, 100_000) or [""]
    return from_discord(sent, Known())


@settings(deadline=None, max_examples=200)
@given(shown_by_both)
def test_whatever_both_can_show_comes_back_the_same_from_either_way_round(tree: tuple[Block, ...]) -> None:
    markdown, same = write(tree), normal(tree)
    assert parse(on_slack(on_discord(on_slack(markdown)))) == same
    assert parse(on_discord(on_slack(on_discord(markdown)))) == same


@settings(deadline=None, max_examples=200)
@given(st.text(st.sampled_from("ab1 \n*_~`#>-+.)[]()<>&!:/@;\\=|\té🙂"), max_size=30))
def test_after_one_crossing_nothing_changes_any_more(typed: str) -> None:
    once = on_discord(on_slack(from_discord(typed, Known())))
    assert parse(on_discord(on_slack(once))) == parse(once)


@pytest.mark.parametrize(
    ("mrkdwn", "discord"),
    (
        ("*bold* _it_ ~gone~ `code`", "**bold** *it* ~~gone~~ `code`"),
        ("```\na *b*\n```", "```\na *b*\n```"),
        ("&gt; quoted", "> quoted"),
        ("<https://x.io|here>", "[here](<https://x.io>)"),
        ("<https://x.io>", "<https://x.io>"),
        ("ask <@U1> in <#C1|general>", "ask @name of U1 in \\#general"),
        ("<!subteam^S1> and <!here>", "@name of S1 and @\u200bhere"),
        (":tada: :wave:", "🎉 👋"),
        ("a &lt;b&gt; &amp; c", "a \\<b> & c"),
        ("• one\n• two", "• one\n• two"),
    ),
)
def test_slacks_own_dialect_on_discord(mrkdwn: str, discord: str) -> None:
    shown = to_discord(from_slack(mrkdwn, None, Known()), 2000)
    assert unescaped("\n".join(shown)) == unescaped(discord)


@pytest.mark.parametrize(
    ("typed", "plainly"),
    (
        ("<@1> and <@&2> in <#3>", "@name of 1 and @name of 2 in #name of 3"),
        ("<a:wave:1> <:ours:2> 🎉", ":wave: :ours: 🎉"),
        ("</ticket:12> <t:1700000000:F>", "ticket"),
        ("||secret|| __under__", "secret"),
        ("# Title\n-# small", "Title"),
        ("[label](https://x.io) <https://y.io>", "label"),
        ("- a\n  - b\n1. c", "a"),
        ("@everyone @here", "everyone"),
    ),
)
def test_discords_own_dialect_on_slack(typed: str, plainly: str) -> None:
    elements = [element for part in to_rich_text(from_discord(typed, Known()), 3000) for element in part]
    leaves = list(leaves_of(elements))
    assert {leaf["type"] for leaf in leaves} <= {"text", "link", "emoji"}
    shown = "".join(str(leaf.get("text") or leaf.get("name") or leaf.get("url") or "") for leaf in leaves)
    assert plainly in shown.replace("\u200b", "")
    assert "<" not in shown


def unescaped(text: str) -> str:
    return re.sub(r"\\(?=\W)", "", text).replace("\u200b", "")


def leaves_of(elements: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for element in elements:
        if "elements" in element:
            yield from leaves_of(element["elements"])
        else:
            yield element


# --- as recorded --------------------------------------------------------------------------------------------------


def words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text)


def slack_messages() -> Iterator[tuple[str, list[Any]]]:
    """Text and blocks of all messages in the samples, whatever they are wrapped in."""
    for file in sorted(SAMPLES.glob("slack/**/*.json")):
        yield from _found(json.loads(file.read_text(encoding="utf-8")))


def _found(node: Any) -> Iterator[tuple[str, list[Any]]]:
    if isinstance(node, dict):
        if isinstance(node.get("text"), str) and ("ts" in node or "blocks" in node):
            yield node["text"], node["blocks"] if isinstance(node.get("blocks"), list) else []
        for value in node.values():
            yield from _found(value)
    elif isinstance(node, list):
        for entry in node:
            yield from _found(entry)


def discord_messages() -> Iterator[str]:
    def found(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(node.get("content"), str) and node["content"]:
                yield node["content"]
            for value in node.values():
                yield from found(value)
        elif isinstance(node, list):
            for entry in node:
                yield from found(entry)

    for file in sorted(SAMPLES.glob("discord/*.json")):
        yield from found(json.loads(file.read_text(encoding="utf-8")))


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the recorded payloads are not at hand")
def test_recorded_messages_of_slack_arrive_on_discord_and_come_back() -> None:
    seen = 0
    for text, parts in slack_messages():
        desk = from_slack(text, parts or None, Known())
        arrived = on_discord(desk)
        assert parse(arrived) == parse(on_discord(arrived))
        assert words(arrived) == words(on_slack(arrived))
        assert sorted(words(desk)) == sorted(words(arrived)), text
        seen += 1
    assert seen > 20


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the recorded payloads are not at hand")
def test_recorded_messages_of_discord_arrive_on_slack_and_come_back() -> None:
    seen = 0
    for content in discord_messages():
        desk = from_discord(content, Known())
        assert sorted(words(desk)) == sorted(words(on_slack(desk))), content
        assert parse(on_discord(on_slack(desk))) == parse(desk)
        seen += 1
    assert seen
