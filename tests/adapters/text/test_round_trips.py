"""What is written in one network's dialect is read back as the same words in the same styles."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.discord.text import from_discord, to_discord
from adapters.discord.text_reading import read
from adapters.markdown import (
    Block,
    CodeBlock,
    Item,
    Paragraph,
    Quote,
    Span,
    escape,
    is_prose,
    normal,
    parse,
    parts,
    reading,
    write,
)
from adapters.markdown.cutting import visible
from adapters.slack.text import from_slack, to_mrkdwn, to_plain, to_rich_text

HOSTILE = ["@everyone", "<!channel>", "<@U1>", "<@&1>", "<@1>", "[x](http://evil.io)", "javascript:x", "\u202e", "> ",
           "1. ", "- ", "```", "**", "# h", "\n\n", "&amp;", "https://x.io/a_(b)"]  # fmt: skip
words = st.text(st.sampled_from("ab1 \n*_~`#>-+.)[]()<>&!:/@;\\=|\té"), min_size=1, max_size=10)
anything = words | st.sampled_from(HOSTILE) | st.text(min_size=1, max_size=8)
flags = st.booleans()
urls = st.sampled_from(["", "", "https://x.io/a?b=1&amp;c", "mailto:a@b.c", "javascript:x"])
lines = st.lists(st.builds(Span, anything, flags, flags, flags, flags, urls), min_size=1, max_size=4).map(tuple)
numbers = st.none() | st.integers(0, 12)
blocks = st.one_of(
    st.builds(Paragraph, lines),
    st.builds(Quote, lines),
    st.builds(CodeBlock, anything, st.sampled_from(["", "py"]), flags),
    st.builds(Item, lines, st.integers(0, 3), numbers, flags),
)
trees: st.SearchStrategy[tuple[Block, ...]] = st.lists(blocks, max_size=4).map(tuple)

simple = st.text("abc é", min_size=1, max_size=8)
both = st.lists(st.builds(Span, simple, flags, flags, flags, flags), min_size=1, max_size=4).map(tuple)
shown_by_both: st.SearchStrategy[tuple[Block, ...]] = st.lists(
    st.builds(Paragraph, both) | st.builds(Quote, both) | st.builds(CodeBlock, simple), max_size=4
).map(tuple)


class Ids:
    def user(self, id: str) -> str:  # noqa: A002
        return id

    channel = group = role = user


def through_slack(markdown: str) -> str:
    [elements] = to_rich_text(markdown, 100_000) or [[]]
    return from_slack("", [{"type": "rich_text", "elements": elements}], Ids())


def leaf_types(element: Any) -> set[str]:
    inner = [kind for child in element.get("elements", []) for kind in leaf_types(child)]
    return {*inner} if "elements" in element else {element["type"]}


@settings(deadline=None, max_examples=300)
@given(trees)
def test_markdown_that_was_written_is_read_as_the_same_tree(tree: tuple[Block, ...]) -> None:
    assert normal(normal(tree)) == normal(tree)
    assert parse(write(tree)) == normal(tree)


@settings(deadline=None, max_examples=500)
@given(st.text(st.sampled_from("abAé12 \n.,;:?!'\"()%€/@-_*#🙂\u0301\xa0"), max_size=12))
@example("1. a")
@example("see https://x.io")
@example("a\n- b")
@example("a \nb")
@example("a\n\nb")
def test_prose_needs_no_parser(text: str) -> None:
    if is_prose(text):
        alone = (Paragraph((Span(text),)),)
        assert normal(reading._blocks(reading._parser().parse(text))) == alone
        assert escape(text) == text
        assert write(tuple(read(text, Ids()))) == text
        assert write((*alone, *alone)) == f"{text}\n\n{text}"


def test_most_of_what_people_say_is_prose() -> None:
    assert is_prose("It still doesn't work (error 12) - any idea?\nI tried twice, no luck 🙂")
    assert not any(
        map(is_prose, ("", " a", "a ", "a  \nb", "1. a", "*a*", "a_b", "<@1>", "a\n# b", "&amp;", "http://x"))
    )


@settings(deadline=None, max_examples=200)
@given(shown_by_both)
def test_what_both_networks_show_survives_slack_and_discord(tree: tuple[Block, ...]) -> None:
    markdown = write(tree)
    assert parse(through_slack(markdown)) == normal(tree)
    [sent] = to_discord(markdown, 100_000) or [""]
    assert parse(from_discord(sent, Ids())) == normal(tree)


@settings(deadline=None, max_examples=200)
@given(st.lists(anything, max_size=8).map("".join))
def test_no_text_whatever_pings_on_either_network(text: str) -> None:
    for markdown in (text, from_discord(text, Ids()), from_slack(text, None, Ids())):
        for elements in to_rich_text(markdown, 3000):
            assert {kind for element in elements for kind in leaf_types(element)} <= {"text", "link"}
        for fallback in (to_plain(markdown), to_mrkdwn(markdown)):
            assert "<" not in fallback
        for sent in to_discord(markdown, 2000):
            assert len(sent) <= 2000


@settings(deadline=None, max_examples=100)
@given(trees, st.integers(60, 200))
def test_parts_keep_to_the_limit(tree: tuple[Block, ...], limit: int) -> None:
    assert all(len(part) <= limit for part in to_discord(write(tree), limit))


@pytest.mark.parametrize(
    ("typed", "desk"),
    (
        ("__a__ ||b||", "*a* b"),
        ("# T\n-# small", "**T**\n\nsmall"),
        ("a **b**c", "a **b**c"),
        ("> - a\n> - b", "> - a\n> - b"),
        ("`a*b*`", "`a*b*`"),
        ("<@!1> <a:wave:2> &amp; \\*x\\*", "@1 :wave: \\&amp; \\*x\\*"),
        ("snake_case_name", "snake_case_name"),
    ),
)
def test_discord_is_read_as_its_clients_read_it(typed: str, desk: str) -> None:
    assert from_discord(typed, Ids()) == desk


def test_a_label_that_looks_like_another_address_shows_the_real_one() -> None:
    masked = "[https://bank.com](<https://evil.io>)"
    assert to_discord(masked, 2000) == ["https://bank.com (<https://evil.io>)"]
    [[section]] = to_rich_text(masked, 3000)
    assert [leaf.get("url") for leaf in section["elements"]] == [None, "https://evil.io", None]


@settings(deadline=None, max_examples=100)
@given(words=st.text(alphabet=st.sampled_from("ab \n*_~`[]()<>@&:.-1é🙂"), max_size=3000), limit=st.integers(60, 400))
@example(words="*a " * 1000, limit=200)
@example(words="x" * 3000, limit=60)
def test_whatever_the_text_each_part_fits_and_no_word_is_lost(words: str, limit: int) -> None:
    blocks = parse(escape(words))
    pieces = parts(blocks, limit)
    shown = ["".join(span.text for span in block.spans) if not isinstance(block, CodeBlock) else block.text
             for piece in pieces for block in piece]  # fmt: skip
    whole = ["".join(span.text for span in block.spans) if not isinstance(block, CodeBlock) else block.text
             for block in blocks]  # fmt: skip
    assert "".join("".join(shown).split()) == "".join("".join(whole).split())
    assert all(sum(map(visible, piece)) <= limit for piece in pieces)
    assert all(len(part) <= limit for part in to_discord(escape(words), limit))


@pytest.mark.parametrize("piece", ("*a ", "**", "```\n", "> ", "||a", "[a](", "<@1> ", "1. a\n", "*_~`"))
def test_hostile_text_is_read_and_shown_in_the_end(piece: str) -> None:
    hostile = piece * (20_000 // len(piece))
    assert all(len(part) <= 2000 for part in to_discord(from_discord(hostile, Ids()), 2000))
    assert to_rich_text(from_slack(hostile, None, Ids()), 3000) is not None
