"""Cards, forms and posts as Block Kit: golden files, and nothing that Slack would refuse whatever they hold.

UPDATE_GOLDEN=1 writes the golden files anew.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.port import Rejected
from adapters.slack import forms, render
from adapters.ui import (
    Author,
    Button,
    Card,
    ChoiceField,
    Fact,
    FilesField,
    Form,
    Invalid,
    Option,
    Post,
    Section,
    Select,
    TextField,
)
from sandbox.slack import blockkit

if TYPE_CHECKING:
    from collections.abc import Sequence

GOLDEN = Path(__file__).parent / "golden"

CARD = Card(
    title="#42 · Printer jams on <A4>",
    body="It jams **every** time:\n\n- tray 1\n- tray 2\n\nSee [the manual](https://example.com/m).",
    facts=(
        Fact("Status", "In progress"),
        Fact("Product", "Printers *loud* & <new>"),
        *(Fact(f"Fact {number}", f"{number}") for number in range(10)),
    ),
    sections=(Section("Client", "3 tickets, 1 open"), Section("Others", "`#7` · Screen")),
    actions=(
        Button("claim", "Claim", "42", style="primary", emoji="🙋"),
        Button("assign", "Assign", "42"),
        Select("status", "Status", (Option("new", "New"), Option("closed", "Closed", "for good")), chosen="new"),
        *(Button("tag", f"Tag {number}", f"{number}") for number in range(3)),
        Button("close", "Close", "42", style="danger"),
    ),
    footer="Opened 3 days ago & waiting",
    colour=0xFF8800,
)
FORM = Form(
    form="new",
    title="New ticket",
    submit="Open",
    cancel="Cancel",
    state="slack:U1",
    fields=(
        TextField("subject", "Subject", hint="One line", limit=120, value="My printer"),
        TextField("description", "Description", required=False, multiline=True),
        ChoiceField(
            "product", "Product", (Option("p", "Printers", "the loud ones"), Option("s", "Screens")), chosen="s"
        ),
        FilesField("files", "Files", hint="Pictures help", most=5),
    ),
)
POSTS = {
    "reply": Post(body="Look at **this**\n\n> quoted <!channel>\n\n```\ncode\n```", author=Author("Léa *M*", "Client")),
    "edited": Post(body="Better", author=Author("Ada", "Support"), mark="edited"),
    "notice": Post(body="*Ada* took over the ticket", quiet=True),
    "note": Post(body="He called twice", author=Author("Ada_M"), mark="🔒 note", quiet=True),
}


def same_as_golden(name: str, shown: Any) -> None:
    path = GOLDEN / f"{name}.json"
    text = json.dumps(shown, indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


def test_a_full_card_is_shown_as_agreed() -> None:
    blocks = render.card(CARD)
    assert blockkit.problems(blocks, "message") == []
    same_as_golden("card", {"text": render.card_text(CARD), "blocks": blocks})


def test_a_form_is_shown_as_agreed() -> None:
    view = forms.form(FORM)
    assert blockkit.view_problems(view) == []
    same_as_golden("form", view)


@pytest.mark.parametrize("name", POSTS)
def test_a_post_is_shown_as_agreed(name: str) -> None:
    shown = [{"text": part.text, "blocks": part.blocks} for part in render.parts(POSTS[name])]
    assert [blockkit.problems(part["blocks"], "message") for part in shown] == [[]]
    same_as_golden(f"post-{name}", shown)


def test_remarks_that_come_late_name_their_fields() -> None:
    blocks = render.remarks(Invalid({"subject": "Say more", "gone": "Hm"}, FORM, "Please look again", "Again"))
    assert blockkit.problems(blocks, "message") == []
    assert "Subject: Say more\\ngone: Hm" in json.dumps(blocks)


def test_a_choice_of_more_than_a_hundred_is_refused_and_not_cut() -> None:
    options = tuple(Option(str(number), str(number)) for number in range(101))
    with pytest.raises(Rejected, match="product"):
        forms.form(Form("f", "F", "Go", (ChoiceField("product", "Product", options),)))


def text(least: int, most: int) -> st.SearchStrategy[str]:
    odd = st.sampled_from("<>&*_~`|\\\n #-:@!é🙋")
    return st.text(st.one_of(odd, st.characters(exclude_categories=["Cs"])), min_size=least, max_size=most)


def few(entries: st.SearchStrategy[Any], most: int, least: int = 0) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(entries, min_size=least, max_size=most).map(tuple)


FACTS = few(st.builds(Fact, text(1, 256), st.one_of(text(1, 40), st.just("&" * 1000))), 20)
BUTTONS = st.lists(text(1, 20).map(lambda name: name.replace("|", "/")), unique=True, max_size=20).map(
    lambda names: tuple(Button(name, f"b{name}"[:60], name) for name in names)
)
CARDS = st.builds(
    Card,
    text(1, 150),
    text(0, 300),
    FACTS,
    few(st.builds(Section, text(1, 150), text(1, 100)), 4),
    actions=BUTTONS,
    footer=text(0, 99),
)


@given(card=CARDS)
def test_no_card_is_refused_by_slack(card: Card) -> None:
    assert blockkit.problems(render.card(card), "message") == []


@given(
    body=text(1, 5000),
    author=st.none() | st.builds(Author, text(1, 30), text(0, 9)),
    mark=text(0, 9),
    quiet=st.booleans(),
)
def test_no_post_is_refused_by_slack_or_pings(body: str, author: Author | None, mark: str, quiet: bool) -> None:  # noqa: FBT001
    for part in render.parts(Post(body=body, author=author, mark=mark, quiet=quiet)):
        assert blockkit.problems(part.blocks, "message") == []
        assert "<" not in part.text
        assert not ({"user", "usergroup", "broadcast"} & set(kinds(part.blocks)))
        assert not any("<" in entry for entry in mrkdwn(part.blocks))


def kinds(node: Any) -> Sequence[str]:
    if isinstance(node, dict):
        return [str(node.get("type")), *(kind for value in node.values() for kind in kinds(value))]
    return [kind for entry in node for kind in kinds(entry)] if isinstance(node, list) else []


def mrkdwn(node: Any) -> Sequence[str]:
    if isinstance(node, dict):
        if node.get("type") == "mrkdwn":
            return [node["text"]]
        return [found for value in node.values() for found in mrkdwn(value)]
    return [found for entry in node for found in mrkdwn(entry)] if isinstance(node, list) else []
