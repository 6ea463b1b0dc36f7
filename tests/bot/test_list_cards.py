"""The list's cards and forms as both networks get them: golden files, each within what the network takes.

UPDATE_GOLDEN=1 writes the golden files anew.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.discord import forms as discord_forms
from adapters.discord import render as discord
from adapters.port import Traits
from adapters.slack import forms as slack_forms
from adapters.slack import render as slack
from adapters.ui import Card, Form
from bot.lists import cards, forms
from bot.lists.seeing import Seen
from bot.words import Library
from desk.access import Sight
from desk.catalogue import Catalogue, Department, OwnStatus, Priority, Product, Tag
from desk.errors import DeskError
from desk.listing import NOBODY, Activity, Cursor, Filters, Hit, Listing, Page, Sort, Tab, View
from desk.model import Agent, Audience, Person, Role, Status, Ticket
from sandbox.discord import limits
from sandbox.slack import blockkit

GOLDEN = Path(__file__).parent / "golden"
NOW = datetime(2026, 11, 24, 9, 5, tzinfo=UTC)
CATALOGUE = Catalogue(
    (Product("intranet", {"en": "Intranet"}), Product("laptop", {"en": "Laptop", "fr": "Ordinateur portable"})),
    (Department("it", {"en": "IT", "fr": "Informatique"}), Department("hr", {"en": "HR", "fr": "RH"})),
    (Priority("low", {"en": "Low", "fr": "Basse"}, emoji="🟢"), Priority("urgent", {"en": "Urgent"}, emoji="🔴")),
    "low",
    tags=(Tag("vip", {"en": "VIP"}, emoji="⭐"),),
    statuses=(OwnStatus("parts", {"en": "Waiting for *parts*"}, stands_for=Status.ON_HOLD),),
)
NAMES = {1: "Marc Dubois", 2: "Léa Martin"}
LISTING = Listing(
    Tab.OPEN,
    Filters(statuses=("parts", "new"), priorities=("urgent", "gone"), agents=(NOBODY, 2), opened_from=date(2026, 11, 1),
            activity=Activity.WEEK),
    "café*",
)  # fmt: skip


def ticket(number: int, subject: str, **more: Any) -> Ticket:
    made = Ticket(
        number, subject, "it", "intranet", "urgent", Status.ON_HOLD, 1, 2, "slack", NOW - timedelta(days=20),
        NOW - timedelta(days=9), Audience.CLIENT, NOW - timedelta(days=9), house_status="parts", tags=("vip",),
    )  # fmt: skip
    return replace(made, **more)


def seen(listing: Listing, hits: tuple[Hit, ...], sight: Sight, **more: Any) -> Seen:
    page = Page(hits, before=Cursor((1795692211123456, 43), back=True), after=Cursor((1795692211123456, 42)))
    counts = {tab: 7 * place for place, tab in enumerate(Tab)}
    links = {42: "https://discord.com/channels/1/2/3"}
    made = Seen(listing, "abcdefghijklmnop", page, counts, NAMES, links, sight, NOW)
    return replace(made, **more)


AGENT, CLIENT = Sight(2, frozenset({"it"})), Sight(1)
HITS = (
    Hit(ticket(42, "Printer *jams* @everyone", due_at=NOW - timedelta(hours=1))),
    Hit(
        ticket(41, "Café", agent_id=None, due_at=NOW + timedelta(hours=3)),
        "The <!channel> café **door** is shut since the [storm](https://e.com)",
    ),
    Hit(ticket(40, "Done", status=Status.CLOSED, house_status="closed", priority="gone", tags=())),
)
LONGEST = tuple(
    Hit(ticket(10**9 + n, "*" * 250, tags=("vip", "t" * 40, "u" * 40)), "café *_~ " * 300) for n in range(10)
)
AGENTS = [Agent(Person(2, "Léa Martin", "fr"), Role.AGENT, frozenset({"it"}), NOW)]
TRAITS = Traits(3000, 10**9, 10, 100, 100, search_in_forms=True, answer_within=3)
WEEK = timedelta(days=7)


def rendered(language: str) -> dict[str, Card | Form]:
    words = Library("en", "Europe/Paris").of(language)
    offered = forms.choices(words, CATALOGUE, {"hr"})
    view = View("Été pressé", LISTING, 2, "Léa Martin")
    refused = DeskError("ticket_closed", number=41)
    everything = seen(LISTING, LONGEST, AGENT, names={1: "N" * 80, 2: "M" * 80})
    return {
        "agent": cards.the_list(seen(LISTING, HITS, AGENT), words, CATALOGUE, Role.AGENT, WEEK),
        "longest": cards.the_list(everything, words, CATALOGUE, Role.AGENT, WEEK),
        "client": cards.the_list(seen(Listing(Tab.ALL), HITS, CLIENT), words, CATALOGUE, Role.CLIENT, WEEK),
        "nothing": cards.the_list(seen(LISTING, (), AGENT), words, CATALOGUE, Role.AGENT, WEEK),
        "filters": cards.filters(LISTING, "abcdefghijklmnop", NAMES, words, CATALOGUE, Role.AGENT),
        "several": cards.several([hit.ticket for hit in HITS], "i" * 16, "j" * 16, "n:1:2", words, CATALOGUE),
        "outcome": cards.outcome([(HITS[0].ticket, None), (HITS[1].ticket, refused)], "i" * 16, "n:1:2", words),
        "views": cards.views([view], "i" * 16, NAMES, words, CATALOGUE, ["Été pressé"]),
        "form-search": forms.search(LISTING, "i" * 16, words),
        "form-what": forms.what(LISTING.filters, "i" * 16, words, offered, TRAITS),
        "form-who": forms.who(
            LISTING.filters, "i" * 16, words, forms.people(AGENTS, words), "U1", ("slack", "discord"), TRAITS
        ),
        "form-when": forms.when(LISTING.filters, "i" * 16, words, Role.AGENT),
        "form-save": forms.save("i" * 16, words),
    }


CASES = [(language, name) for language in ("en", "fr") for name in rendered("en")]


@pytest.mark.parametrize(("language", "name"), CASES)
def test_slack_gets_it_as_agreed_and_takes_it(language: str, name: str) -> None:
    made = rendered(language)[name]
    shown: Any
    if isinstance(made, Card):
        shown = slack.card(made)
        assert blockkit.problems(shown, "message") == []
        assert blockkit.view_problems(slack.home(made), "home") == []
        assert blockkit.view_problems(slack.modal(made), "modal") == []
    else:
        shown = slack_forms.form(made)
        assert blockkit.view_problems(shown, "modal") == []
    same_as_golden(f"slack-{name}-{language}", shown)


@pytest.mark.parametrize(("language", "name"), CASES)
def test_discord_gets_it_as_agreed_and_takes_it(language: str, name: str) -> None:
    made = rendered(language)[name]
    if isinstance(made, Card):
        shown = discord.card(made)
        assert list(limits.message({"content": "", **shown}, 0)) == []
    else:
        shown = discord_forms.form(made)
        assert list(limits.modal(shown)) == []
    same_as_golden(f"discord-{name}-{language}", shown)


def same_as_golden(name: str, shown: Any) -> None:
    if name.startswith(("slack-longest", "discord-longest")):
        return  # only its size matters
    file = GOLDEN / f"list-{name}.json"
    text = json.dumps(shown, indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ("en", "fr"))
def test_every_order_activity_and_tab_has_a_name_that_fits(language: str) -> None:
    words = Library("en").of(language)
    for sort in Sort:
        assert 0 < len(words(f"sort.{sort}")) <= 75
    for tab in Tab:
        assert 0 < len(f"{words(f'tab.{tab}')} 1000000") <= 75
    for activity in list(Activity)[1:]:
        assert words(f"activity.{activity}")
