"""Nothing that was said is lost before it is a ticket, and another's words are never passed off as own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from adapters.port import FileIn, Quote
from bot import drafts, forms
from bot.words import Library
from desk.model import AccountRef, Attachment, KeptDraft, MessageRef
from desk.verbs import DESCRIPTION_LIMIT, SUBJECT_LIMIT
from storage import open_storage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from desk.ports import Storage

pytestmark = pytest.mark.both

AT = datetime(2026, 11, 24, 9, 5, tzinfo=UTC)
ME, OTHER = AccountRef("slack", "U1"), AccountRef("slack", "U2")
WORDS = Library("en", "Europe/Paris").of("en")
QUOTE = Quote(MessageRef("slack", "C:1"), OTHER, "N*o*ra", "It **burns**\nsince noon", "https://x.example/p1?a=b_c", AT)


@pytest.fixture
async def storage(where: Path | str) -> AsyncIterator[Storage]:
    made = open_storage(where)
    yield made
    await made.close()


def kept(body: str) -> KeptDraft:
    return KeptDraft(1, ME, "direct", body, AT)


def test_anothers_message_is_quoted_and_named() -> None:
    draft = drafts.from_quote(ME, "menu", QUOTE, AT)
    assert drafts.subject_of(draft) == "It burns"
    assert drafts.prefilled(draft) == "> It **burns**\n> since noon"
    whole = drafts.described("> It **burns**\r\n> since noon ", draft, WORDS)
    assert whole.startswith("> It **burns**\n> since noon\n\n*Quoted from N\\*o\\*ra, Nov 24, 2026")
    assert whole.endswith("<https://x.example/p1?a=b_c>")
    mine = drafts.described("Mine too", draft, WORDS)
    assert mine.startswith("Mine too\n\n> It **burns**\n> since noon\n\n*Quoted")
    around = drafts.described("Look:\n> It **burns**\n> since noon\nHelp!", draft, WORDS)
    assert around.count("burns") == 1


def test_own_message_is_the_description_and_linked() -> None:
    draft = drafts.from_quote(ME, "menu", replace(QUOTE, author=ME), AT)
    assert drafts.prefilled(draft) == QUOTE.body
    assert drafts.described("changed my mind", draft, WORDS).startswith("changed my mind\n\n*Quoted from")


def test_what_a_form_cannot_hold_is_not_lost() -> None:
    long = "word " * 900
    assert len(drafts.prefilled(kept(long))) <= DESCRIPTION_LIMIT
    assert drafts.described(drafts.prefilled(kept(long)), kept(long), WORDS) == long.strip()
    typed = drafts.described("shorter", kept(long), WORDS)
    assert typed.startswith("shorter\n\n> word word")
    assert typed.count("word") == 900


def test_a_subject_is_one_plain_line_of_fitting_length() -> None:
    assert drafts.subject_of(kept("\n\n**Help** `me`\nplease")) == "Help me"
    assert drafts.subject_of(kept("```\ncode\n```")) == "code"
    assert len(drafts.subject_of(kept("x" * 500))) == SUBJECT_LIMIT
    assert drafts.subject_of(kept("")) == ""


def test_files_of_a_quoted_message_are_fetched_later_only_where_there_are_some() -> None:
    assert drafts.from_quote(ME, "menu", QUOTE, AT).message is None
    file = FileIn("slack", "F1", "a.png", "image/png", 3)
    assert drafts.from_quote(ME, "menu", replace(QUOTE, files=(file,)), AT).message == QUOTE.message


def test_a_forms_state_tells_its_department_and_its_draft() -> None:
    for state in (forms.State(), forms.State("it"), forms.State("it", 7), forms.State("", 7)):
        assert forms.State.read(str(state)) == state


async def test_a_draft_is_kept_for_its_account_alone_and_grows(storage: Storage) -> None:
    file = Attachment("a.png", "image/png", 3, "0" * 64)
    made = await storage.write(lambda tx: tx.add_draft(replace(kept("one"), attachments=(file,))))
    assert await storage.read(lambda tx: tx.draft(made.id, ME)) == made
    assert await storage.read(lambda tx: tx.draft(made.id, OTHER)) is None
    quoted = await storage.write(lambda tx: tx.add_draft(drafts.from_quote(ME, "menu", QUOTE, AT)))
    assert await storage.read(lambda tx: tx.draft(quoted.id, ME)) == quoted
    more = await storage.write(lambda tx: tx.add_to_draft(made, body="two", attachments=(file,)))
    assert (more.body, len(more.attachments)) == ("one\ntwo", 2)
    newest = await storage.read(lambda tx: tx.newest_draft(ME, "direct", since=tx.now - timedelta(minutes=1)))
    assert newest == more
    await storage.write(lambda tx: tx.drop_draft(more))
    assert await storage.read(lambda tx: tx.draft(made.id, ME)) is None
