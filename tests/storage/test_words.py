"""The index of words, told texts in many scripts: what it finds is what the desk's own reading of them says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desk.access import Sight
from desk.listing import Bounds, Listing, Sort, Tab
from desk.model import AccountRef, Audience, Kind, MessageRef
from desk.search import PREFIX_LEAST, matches, terms, words_of

if TYPE_CHECKING:
    from desk.model import Message
    from desk.ports import Storage, Transaction

pytestmark = pytest.mark.both

ALL = Sight(None, None)
SAID = (
    "Le réseau de l’intranet est tombé après la mise à jour 😀",
    "the printer on floor 3 prints ½ pages, error 0x80070005",
    "한국어 지원이 필요합니다",
    "プリンタが動きません。紙がつまっています",
    "हिन्दी में सहायता चाहिए",
    "Straße, ΣΊΣΥΦΟΣ, İstanbul, ﬁn, naïve e\u0301te\u0301, œuvre, ᾳ, ſ",
    "C'est l'été à Zürich: 24h/24, n° 1234567, a_b, x²",
    "اﻟﻄﺎﺑﻌﺔ لا تعمل ١٢٣",
    "שָׁלוֹם עולם",
    "👩‍💻👍🏽 🇫🇷",
    "\U0001d49cbc 𞤀𞤁 \ue000private ꙮ",
)
TEXT = st.sampled_from(SAID) | st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=30)
CASE = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass
class Conversation:
    """A ticket as it was told to storage."""

    number: int
    subject: str
    said: dict[Kind, list[tuple[Message, str]]] = field(default_factory=lambda: {kind: [] for kind in Kind})

    def holds(self, typed: str) -> bool:
        replies, notes = ("\n".join(text for _, text in self.said[kind]) for kind in (Kind.REPLY, Kind.NOTE))
        wanted = terms(typed)
        return matches(f"{self.number} {self.subject}\n{replies}", wanted) or matches(notes, wanted)


def opened(tx: Transaction, subject: str, replies: list[str], notes: list[str]) -> Conversation:
    person = tx.person_of(AccountRef("slack", "U1")) or tx.add_person(AccountRef("slack", "U1"), name="P", locale="")
    ticket = tx.add_ticket(
        subject=subject, department="it", product="x", priority="low", client_id=person.id, channel="slack"
    )
    made = Conversation(ticket.number, subject)
    for kind, texts in ((Kind.REPLY, replies), (Kind.NOTE, notes)):
        for text in texts:
            message = tx.add_message(
                ticket=ticket.number, author_id=person.id, kind=kind, body=text, by=Audience.CLIENT, thread_id=None,
                origin=MessageRef("slack", f"{ticket.number}-{kind}-{len(made.said[kind])}"), attachments=(),
            )  # fmt: skip
            assert message is not None
            made.said[kind].append((message, text))
    return made


def changed(tx: Transaction, made: Conversation, anew: str) -> None:
    """The first message of each kind says something else, and the last is taken back."""
    for said in made.said.values():
        if len(said) > 1:
            tx.mark_deleted(said.pop()[0])
        if said:
            said[0] = (tx.add_version(said[0][0], body=anew), anew)


async def numbers(storage: Storage, typed: str, sort: Sort) -> list[int]:
    asked = Listing(Tab.ALL, words=typed, sort=sort)
    page = await storage.read(lambda tx: tx.search(ALL, asked, Bounds(), cursor=None, limit=90))
    return [hit.ticket.number for hit in page.hits]


async def test_what_is_said_in_any_script_is_found_by_its_words_and_their_beginnings(storage: Storage) -> None:
    told: list[Conversation] = []

    @CASE
    @given(TEXT, st.lists(TEXT, max_size=3), st.lists(TEXT, max_size=2), TEXT, st.data())
    def case(subject: str, replies: list[str], notes: list[str], anew: str, data: st.DataObject) -> None:
        said.append((subject, replies, notes, anew, data.draw(st.integers(0, 20))))

    said: list[tuple[str, list[str], list[str], str, int]] = []
    case()
    for subject, replies, notes, anew, chance in said:
        made = await storage.write(lambda tx, s=subject, r=replies, n=notes: opened(tx, s, r, n))
        told.append(made)
        there = sorted(words_of("\n".join((subject, *replies, *notes))))
        if chance % 2:
            await storage.write(lambda tx, m=made, a=anew: changed(tx, m, a))
        wanted = [there[(chance + place) % len(there)] for place in range(2)] if there else []
        typed = [*wanted, " ".join(wanted), str(made.number)]
        typed += [f"{word[: max(PREFIX_LEAST, len(word) - chance % 4)]}*" for word in wanted]
        for words in filter(terms, typed):
            expected = [each.number for each in reversed(told) if each.holds(words)]
            assert await numbers(storage, words, Sort.NEWEST) == expected, words
            assert sorted(await numbers(storage, words, Sort.BEST)) == sorted(expected), words
