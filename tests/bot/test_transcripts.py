"""A transcript holds what its reader may know and nothing that runs, whatever people typed."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from bot import transcripts
from bot.transcripts.page import picture_type
from bot.transcripts.words import html_of
from bot.words import Library
from desk import verbs
from desk.catalogue import Catalogue, Department, Priority, Product
from desk.model import AccountRef, Attachment, Audience, MessageRef, PlaceRef, Role, Thread, ThreadRef
from desk.verbs import Actor, Draft
from storage import FolderBlobs, open_storage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from desk.ports import Storage, Transaction

CATALOGUE = Catalogue(
    (Product("vpn", {"en": "VPN", "fr": "VPN"}),),
    (Department("it", {"en": "IT", "fr": "Informatique"}, places=(PlaceRef("discord", "1"),)),),
    (Priority("low", {"en": "Low", "fr": "Basse"}),),
    "low",
)
IT = frozenset({"it"})
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
# The smallest PNG there is: one pixel.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)


class Tags(HTMLParser):
    """What a browser would find: elements, with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


async def stored(blobs: FolderBlobs, content: bytes) -> str:
    async def chunks() -> AsyncIterator[bytes]:
        yield content

    return (await blobs.keep(chunks(), limit=1 << 30))[0]


@pytest.fixture
async def storage(where: Path | str) -> AsyncIterator[Storage]:
    made = open_storage(where)
    yield made
    await made.close()


async def told(storage: Storage, blobs: FolderBlobs) -> None:
    """A ticket with everything in it that a transcript may or may not show."""
    picture, svg = await stored(blobs, PNG), await stored(blobs, b"<svg onload='alert(1)'/>")

    def verb(tx: Transaction) -> None:
        account = AccountRef("slack", "U1")
        marc = Actor(tx.add_person(account, name=f"Marc {SCRIPT}", locale="fr"), Role.CLIENT)
        lea = Actor(tx.add_person(AccountRef("discord", "2"), name="Léa Martin", locale="fr"), Role.AGENT, IT)
        draft = Draft(f"VPN {SCRIPT}", f"It says **503** {SCRIPT}", "it", "vpn", "low")
        files = (
            Attachment('"><script>x</script>.png', "image/png", len(PNG), picture),
            Attachment("drawing.svg", "image/svg+xml", 24, svg),
            Attachment("lost.pdf", "application/pdf", 9, None),
        )
        verbs.open_ticket(tx, CATALOGUE, marc, account, draft, files)
        verbs.claim(tx, 1, lea)
        verbs.add_note(tx, 1, lea, "secret note")
        verbs.open_internal_talk(tx, 1, lea)
        threads: dict[Audience, Thread] = {}
        for thread in tx.threads(1):
            threads[thread.audience] = replace(thread, ref=ThreadRef(thread.channel, str(thread.id)))
            tx.save_thread(threads[thread.audience])
        for number, (audience, actor, body) in enumerate(
            (
                (Audience.AGENTS, lea, 'See [the page](https://evil.example/?q="onclick=x)\n> quoted\n```\ncode\n```'),
                (Audience.INTERNAL, lea, "secret talk"),
                (Audience.CLIENT, marc, "my password is 1234"),
                (Audience.CLIENT, marc, "slpi"),
            )
        ):
            origin = MessageRef("discord", f"m{number}")
            verbs.say(tx, threads[audience], actor, body=body, attachments=(), origin=origin)
        verbs.withdraw(tx, MessageRef("discord", "m2"))
        verbs.edit(tx, MessageRef("discord", "m3"), "slip", marc.person)
        verbs.close(tx, 1, marc)
        verbs.rate(tx, 1, marc, 4)

    await storage.write(verb)


async def transcript(storage: Storage, blobs: FolderBlobs, form: str, *, inside: bool, language: str = "en") -> str:
    words = Library("en", "Europe/Paris").of(language)

    def read(tx: Transaction) -> transcripts.Conversation:
        ticket = tx.ticket(1)
        assert ticket is not None
        return transcripts.conversation(tx, ticket, words, CATALOGUE, inside=inside)

    return transcripts.written(await storage.read(read), form, words, blobs.path).decode()


async def test_the_page_holds_the_conversation_and_no_script_and_no_address(storage: Storage, tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path / "files")
    await told(storage, blobs)
    page = await transcript(storage, blobs, "html", inside=False)
    for expected in ("<b>503</b>", "slip", "edited", "message deleted", "Léa Martin", "★★★★☆", "lost.pdf", "quoted",
                     "code", "https://evil.example"):  # fmt: skip
        assert expected in page
    tags = Tags(page)
    names = {tag for tag, _ in tags.found}
    assert not names & {"script", "a", "link", "iframe", "object", "embed", "form", "base", "svg"}
    for _, attributes in tags.found:
        assert not any(name.startswith("on") or name in {"href", "style"} for name in attributes)
    pictures = [attributes["src"] for tag, attributes in tags.found if tag == "img"]
    assert pictures == [f"data:image/png;base64,{base64.b64encode(PNG).decode()}"]  # the SVG is a file like any other
    policy = next(a["content"] for tag, a in tags.found if tag == "meta" and a.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert not re.search(r'(?:src|href)="(?!data:image/)', page)


@pytest.mark.parametrize("form", transcripts.FORMS)
async def test_what_is_said_among_agents_is_in_theirs_only(storage: Storage, tmp_path: Path, form: str) -> None:
    blobs = FolderBlobs(tmp_path / "files")
    await told(storage, blobs)
    outside = await transcript(storage, blobs, form, inside=False)
    inside = await transcript(storage, blobs, form, inside=True)
    for secret in ("secret note", "secret talk"):
        assert secret not in outside
        assert secret in inside
    for page in (inside, outside):
        assert "1234" not in page  # withdrawn


async def test_a_program_reads_the_whole_of_it_as_json(storage: Storage, tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path / "files")
    await told(storage, blobs)
    whole = json.loads(await transcript(storage, blobs, "json", inside=False))
    assert whole["ticket"]["number"] == 1
    assert [entry["kind"] for entry in whole["entries"]] == [
        "reply",
        "event",
        "reply",
        "reply",
        "reply",
        "event",
        "event",
    ]
    description = whole["entries"][0]
    assert [file["there"] for file in description["attachments"]] == [True, True, False]
    assert len(description["attachments"][0]["sha256"]) == 64
    assert whole["entries"][4]["edited_at"] is not None
    assert whole["entries"][3]["deleted_at"] is not None


async def test_it_is_in_the_askers_language(storage: Storage, tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path / "files")
    await told(storage, blobs)
    page = await transcript(storage, blobs, "html", inside=False, language="fr")
    assert '<html lang="fr"' in page
    assert "message supprimé le" in page
    assert "Informatique" in page
    text = await transcript(storage, blobs, "md", inside=False, language="fr")
    assert "- Service : Informatique" in text


@given(some.text(alphabet=some.sampled_from("<>&\"'`*_~[](){}!/\\ \n#-+.|=:;abchtps@"), max_size=60))
@settings(max_examples=300, deadline=None)
def test_no_words_become_anything_but_our_own_few_elements(text: str) -> None:
    tags = Tags(str(html_of(text)))
    ours = {"p", "br", "b", "i", "s", "code", "pre", "blockquote", "div", "span"}
    assert {tag for tag, _ in tags.found} <= ours
    assert {name for _, attributes in tags.found for name in attributes} <= {"class"}


def test_a_picture_is_one_by_its_bytes_whatever_it_is_called() -> None:
    assert picture_type(PNG) == "image/png"
    assert picture_type(b"RIFF\x00\x00\x00\x00WEBPVP8 ") == "image/webp"
    assert picture_type(b"<svg onload='x'>") == ""
    assert picture_type(b"") == ""
