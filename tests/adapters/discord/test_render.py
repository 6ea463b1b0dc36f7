"""Cards, forms and posts as Discord's JSON: golden files, and nothing that Discord would refuse whatever they hold.

UPDATE_GOLDEN=1 writes the golden files anew.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.discord import components, forms, render
from adapters.discord.plain import cut, literal
from adapters.ui import (
    Author,
    Button,
    Card,
    ChoiceField,
    DateField,
    Fact,
    FileOut,
    FilesField,
    Finder,
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
from sandbox.discord import limits
from sandbox.discord.openapi import Checker, document

GOLDEN = Path(__file__).parent / "golden"
OFFICIAL = document()
MESSAGES = "/channels/{channel_id}/messages"
CALLBACKS = "/interactions/{interaction_id}/{interaction_token}/callback"

CARD = Card(
    title="#42 · Printer jams on <A4>",
    body="It jams **every** time:\n\n- tray 1\n- tray 2\n\nSee [the manual](https://example.com/m).",
    facts=(Fact("Status", "In progress"), Fact("Product", "Printers *loud* & <new> https://a.example/x_y")),
    sections=(Section("Client", "3 tickets, 1 open"),),
    actions=(
        Button("claim", "Claim", "42", style="primary", emoji="🙋"),
        *(Button("tag", f"Tag {number}", f"{number}") for number in range(5)),
        Select("status", "Status", (Option("new", "New"), Option("closed", "Closed", "for good")), chosen="new"),
        Button("close", "Close", "42", style="danger"),
    ),
    footer="Opened 3 days ago & waiting",
    colour=0xFF8800,
)
FORM = Form(
    "ticket.new",
    "New ticket",
    "Send",
    (
        TextField("subject", "Subject", "In a few words", limit=150, value="Printer"),
        TextField("description", "Description", required=False, multiline=True, value="It `jams`"),
        ChoiceField("priority", "Priority", (Option("low", "Low"), Option("high", "High", "today")), chosen="high"),
        ChoiceField("product", "Product", (Option("a", "A"),), required=False),
        FilesField("files", "Files", "Pictures help", most=3),
    ),
    state="sales",
)
STATES = (Option("open", "Open"), Option("closed", "Closed", "for good"))
LIST = Card(
    title="Tickets · page 1",
    body="Open: **12** · Closed: 30",
    rows=(
        Row("#42 · Printer [jams]", "**Urgent** · Léa · 3 h", "https://discord.com/channels/1/2/3"),
        Row("#41 · See https://a.example", "awaiting reply", "https://discord.com/channels/1/2/(4)"),
        Row("#40 · No *thread* yet"),
    ),
    actions=(
        Select("list.tab", "Tab", STATES, chosen="open", carries="v1:a|b"),
        MultiSelect("list.pick", "Pick several", STATES, chosen=("closed",), carries="7"),
        Finder("list.agent", "Agent …", carries="v1"),
        Button("list.next", "Next", "2", emoji="▶️"),
    ),
    colour=0x36C5F0,
)
FULL_LIST = Card(
    "t" * 150,
    "b" * 3000,
    rows=tuple(Row(f"{number}" + "t" * 129, "d" * 250, "https://discord.com/" + "1" * 70) for number in range(10)),
)
FILTERS = Form(
    "list.filter",
    "Filter",
    "Show",
    (
        MultiChoiceField("status", "Status", STATES, required=False, chosen=("open",)),
        PersonField("agent", "Agent", "Type a name", required=False, chosen="202"),
        PersonField("client", "Client"),
        DateField("since", "Since", "The first day", required=False, value="2026-11-01"),
    ),
)
INVALID = Invalid({"subject": "Say *more*"}, FORM, "Not sent yet", "Edit again")
FILE = FileOut("a.txt", "text/plain", 5, Path("a.txt"))


def parts(post: Post) -> list[dict[str, Any]]:
    return [part.payload | {"files": [file.name for file in part.files]} for part in render.post(post)]


RENDERED: dict[str, Any] = {
    "card": render.card(CARD),
    "answer": render.answer(Card("Ticket #42 is open", "Thank *you*.")),
    "form": forms.form(FORM),
    "list": render.card(LIST),
    "filters": forms.form(FILTERS),
    "search": forms.search("list.agent?v1", "Agent …", "Part of the name."),
    "matches": components.matches("list.agent?v1", "Agent …", STATES),
    "no-matches": components.matches("list.agent?v1", "Agent …", ()),
    "invalid": forms.invalid(INVALID, "k1"),
    "again": forms.again("New ticket", "Open", "k2"),
    "post-reply": parts(Post("Try **this** @everyone", Author("Lé*a", "Support"), files=(FILE,))),
    "post-note": parts(Post("Only us", Author("Ada"), mark="🔒 note")),
    "post-notice": parts(Post("Ada closed the ticket\nsecond line", quiet=True)),
    "post-card": parts(Post("A file is missing", card=CARD, files=(FILE,))),
}


@pytest.mark.parametrize("name", sorted(RENDERED))
def test_it_looks_as_it_did(name: str) -> None:
    file = GOLDEN / f"{name}.json"
    text = json.dumps(RENDERED[name], indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


@pytest.mark.skipif(OFFICIAL is None, reason="Discord's OpenAPI document is not at hand")
def test_the_official_document_agrees() -> None:
    assert OFFICIAL is not None
    checker = Checker(OFFICIAL)
    messages = [
        RENDERED["card"],
        RENDERED["list"],
        render.card(FULL_LIST),
        *RENDERED["post-reply"],
        *RENDERED["post-card"],
        *RENDERED["post-notice"],
    ]
    messages += [{"components": RENDERED["matches"]}, {"components": RENDERED["no-matches"]}]
    for message in messages:
        body = {key: value for key, value in message.items() if key != "files"}
        assert checker.findings("POST", MESSAGES, body) == []
    modals = ((9, RENDERED[name]) for name in ("form", "filters", "search"))
    for kind, data in (*modals, (4, RENDERED["answer"]), (4, RENDERED["again"])):
        assert checker.findings("POST", CALLBACKS, {"type": kind, "data": data}) == []
    assert checker.findings("POST", CALLBACKS, {"type": 4, "data": RENDERED["invalid"][0]}) == []


NASTY = st.text(alphabet=st.sampled_from("ab \n\\`*_~|<>[]()#@:-1.é😀\u200b"), max_size=60)


def text(least: int, most: int) -> st.SearchStrategy[str]:
    """Of any length between, full of characters that mean something."""
    return st.builds(
        lambda piece, length: ((piece or "x") * (length // max(len(piece), 1) + 1))[:length],
        NASTY,
        st.integers(least, most),
    )


CARDS = st.builds(
    Card,
    title=text(1, 150),
    body=text(0, 3000),
    facts=st.lists(st.builds(Fact, text(1, 256), text(1, 1000)), max_size=20).map(tuple),
    sections=st.lists(st.builds(Section, text(1, 150), text(1, 1000)), max_size=4).map(tuple),
    rows=st.lists(
        st.builds(Row, text(1, 130), text(0, 250), st.sampled_from(("", "https://discord.com/channels/1/2/3"))),
        max_size=10,
    ).map(tuple),
    footer=text(0, 2000),
)


def test_the_largest_card_there_can_be_fits() -> None:
    facts = tuple(Fact("*" * 256, "*" * 1000) for _ in range(20))
    sections = tuple(Section("*" * 150, "*" * 1000) for _ in range(4))
    rows = tuple(Row("*" * 130, "*" * 250, "https://discord.com/" + "1" * 70) for _ in range(10))
    for shown in ((), rows):
        card = Card("*" * 150, "*" * 3000, facts, sections, shown, footer="*" * 2000)
        assert list(limits.message(render.card(card), 0)) == []


def test_a_full_list_keeps_every_row_and_its_address() -> None:
    embeds = render.card(FULL_LIST)["embeds"]
    shown = "".join(embed.get("description", "") for embed in embeds)
    assert list(limits.message({"embeds": embeds}, 0)) == []
    for row in FULL_LIST.rows:
        assert f"[{row.title}](<{row.url}>)" in shown
        assert "d" * 250 in shown


@given(CARDS)
def test_no_card_is_refused(card: Card) -> None:
    shown = render.card(card)
    assert list(limits.message(shown, 0)) == []
    assert sum(embed.get("description", "").count("](<https://discord.com") for embed in shown["embeds"]) == sum(
        bool(row.url) for row in card.rows
    )


@given(text(1, 9000), text(1, 80), st.booleans())
def test_no_post_is_refused(body: str, name: str, quiet: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    post = Post(body, None if quiet else Author(name, "Support"), quiet=quiet)
    for part in render.post(post):
        assert list(limits.message(part.payload, 0)) == []


@given(st.lists(text(0, 3000), min_size=1, max_size=5), text(1, 800))
@example(["`" * 3000], "x")
def test_a_form_sent_back_loses_nothing_and_is_not_refused(values: list[str], remark: str) -> None:
    fields = tuple(TextField(f"f{number}", f"Label {number}", value=value) for number, value in enumerate(values))
    form = Form("f", "Title", "Send", fields)
    pages = forms.invalid(Invalid({"f0": remark}, form, "Not yet", "Again"), "key")
    texts = [embed.get("description", "") for page in pages for embed in page["embeds"]]
    shown = "".join(text.removeprefix("```\n").removesuffix("\n```") for text in texts).replace("\u200b", "")
    for page in pages:
        assert list(limits.message(page, 0)) == []
    assert list(limits.modal(forms.form(form))) == []
    for value in values:
        if value.strip():
            assert value.replace("\u200b", "") in shown


@given(text(0, 400), st.integers(10, 300))
def test_literal_text_is_cut_without_a_broken_escape(words: str, limit: int) -> None:
    shown = literal(words, limit)
    assert len(shown) <= limit
    body = shown.removesuffix("…")
    assert (len(body) - len(body.rstrip("\\"))) % 2 == 0
    if len(words) * 2 + 2 <= limit and "1." not in words:
        assert shown.replace("\\\\", "\0").replace("\\", "").replace("\0", "\\") == words


def test_an_address_stays_a_link() -> None:
    assert literal("see https://a.example/x:1 *now*", 100) == r"see https://a.example/x:1 \*now\*"


def test_cut_keeps_what_fits() -> None:
    assert cut("abc", 3) == "abc"
    assert cut("abcd", 3) == "ab…"
