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
from adapters.slack.origin import Origin
from adapters.ui import (
    Author,
    Button,
    Card,
    ChoiceField,
    DateField,
    Fact,
    FilesField,
    Finder,
    FinderField,
    Form,
    Invalid,
    MultiChoiceField,
    MultiSelect,
    Option,
    PersonField,
    Post,
    Row,
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
LIST = Card(
    title="Tickets",
    rows=(
        Row("🔴 #42 · Printer <jams>", "In progress · **Léa** · awaiting reply", "https://example.com/p1"),
        Row("#41 · Screen"),
    ),
    actions=(
        Finder("list.agent", "Any agent", "s=open"),
        Button("list.next", "Next", "s=open&after=41"),
        MultiSelect("list.status", "Status", (Option("new", "New"), Option("closed", "Closed")), ("new",), "s=open"),
        Select("list.sort", "Sort", (Option("date", "Date"),), carries="s=open"),
    ),
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
MORE_FIELDS = Form(
    form="move",
    title="Move",
    submit="Move",
    fields=(
        MultiChoiceField("tags", "Tags", (Option("a", "A"), Option("b", "B")), chosen=("b",)),
        PersonField("agent", "Agent", "Who takes it", required=False, chosen="U0ADA"),
        DateField("due", "Due", value="2026-12-24"),
        DateField("typed", "Typed", value="soon"),
        FinderField("ticket", "Ticket", chosen=Option("42", "#42 · Printer")),
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
    assert blockkit.view_problems(view, "modal") == []
    same_as_golden("form", view)


def test_a_list_with_menus_and_a_finder_is_shown_as_agreed() -> None:
    blocks = render.card(LIST)
    assert blockkit.problems(blocks, "message") == []
    same_as_golden("list", {"text": render.card_text(LIST), "blocks": blocks})
    assert blockkit.view_problems(render.home(LIST), "home") == []
    assert blockkit.view_problems(render.modal(LIST), "modal") == []


def test_people_days_and_searches_in_a_form_are_shown_as_agreed() -> None:
    view = forms.form(MORE_FIELDS, Origin("message", "U0ADA", "https://example.com/r", "C1", "1.000001"))
    assert blockkit.view_problems(view, "modal") == []
    same_as_golden("form-more", view)


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
ROWS = few(st.builds(Row, text(1, 130), text(0, 250), st.sampled_from(("", "https://example.com/p1"))), 10)
NAMES = st.text(st.characters(exclude_characters="|", exclude_categories=["Cs"]), min_size=1, max_size=40)
OPTIONS = st.lists(text(1, 75), unique=True, min_size=1, max_size=25).map(
    lambda labels: tuple(Option(label, label, label) for label in labels)
)
MENUS = few(
    st.one_of(
        st.builds(Select, NAMES, text(0, 75), OPTIONS, carries=text(0, 50)),
        OPTIONS.flatmap(
            lambda options: st.builds(
                MultiSelect,
                NAMES,
                text(0, 75),
                st.just(options),
                few(st.sampled_from([option.value for option in options]), 25),
                text(0, 50),
            )
        ),
        st.builds(Finder, NAMES, text(1, 45), text(0, 50)),
    ),
    5,
).filter(lambda menus: len({f"{menu.action}|{menu.carries}" for menu in menus}) == len(menus))
CARDS = st.builds(
    Card,
    text(1, 150),
    text(0, 300),
    FACTS,
    few(st.builds(Section, text(1, 150), text(1, 100)), 4),
    ROWS,
    actions=BUTTONS | MENUS,
    footer=text(0, 99),
)
LABELS = {"label": text(1, 45), "hint": text(0, 100), "required": st.booleans()}
FIELDS = few(
    st.one_of(
        st.builds(TextField, NAMES, **LABELS, limit=st.integers(1, 3000), value=text(0, 80)),
        st.builds(ChoiceField, NAMES, options=OPTIONS, **LABELS),
        st.builds(MultiChoiceField, NAMES, options=OPTIONS, **LABELS),
        st.builds(PersonField, NAMES, **LABELS, chosen=st.sampled_from(("", "U0ADA"))),
        st.builds(DateField, NAMES, **LABELS, value=st.dates().map(str) | text(0, 10)),
        st.builds(FinderField, NAMES, **LABELS, chosen=st.none() | OPTIONS.map(lambda options: options[0])),
        st.builds(FilesField, NAMES, **LABELS, most=st.integers(1, 10)),
    ),
    20,
    1,
).filter(lambda fields: len({field.name for field in fields}) == len(fields))
FORMS = st.builds(
    Form,
    NAMES.map(lambda name: name.replace("\n", "_")),
    text(1, 24),
    text(1, 24),
    FIELDS,
    text(0, 50).map(lambda state: state.replace("\n", " ")),
)
ORIGINS = st.builds(Origin, st.sampled_from(("nowhere", "home", "message")), NAMES, st.text(max_size=3000), NAMES)


@given(card=CARDS)
def test_no_card_is_refused_by_slack(card: Card) -> None:
    assert blockkit.problems(render.card(card), "message") == []
    assert blockkit.view_problems(render.home(card), "home") == []
    assert blockkit.view_problems(render.modal(card), "modal") == []


@given(form=FORMS, origin=st.none() | ORIGINS)
def test_no_form_is_refused_by_slack_and_it_brings_back_what_it_carries(form: Form, origin: Origin | None) -> None:
    view = forms.form(form, origin)
    assert blockkit.view_problems(view, "modal") == []
    name, state, place = forms.carried(view)
    assert (name, state) == (form.form, form.state)
    assert place in (origin or Origin(), Origin(person=origin.person if origin else ""))


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
