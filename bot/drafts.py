"""Words on their way to a ticket: what the form is filled with from the start, and what the ticket says in the end.

What somebody said is never cut: a form that holds less than was said is completed when it comes back, and a quoted
message stands below the person's own words with its author, its time and its address.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from adapters.markdown import parse
from adapters.port import ChannelError
from bot.cards import literal
from bot.intake import keep_files
from desk.model import KeptDraft, Quoted
from desk.text import cut, one_line
from desk.verbs import DESCRIPTION_LIMIT, SUBJECT_LIMIT

if TYPE_CHECKING:
    from datetime import datetime

    from adapters.port import Quote
    from bot.house import House
    from bot.words import Words
    from desk.model import AccountRef, Attachment

log = logging.getLogger(__name__)

NAME_LIMIT = 80  # characters of a quoted author's name


def from_quote(
    account: AccountRef, way: str, quote: Quote, now: datetime, behalf: AccountRef | None = None
) -> KeptDraft:
    """A draft out of somebody's message: the words of whoever the ticket will be of are its description, another's are
    quoted in it.
    """
    own = quote.author == (behalf or account)
    return KeptDraft(
        0,
        account,
        way,
        quote.body if own else "",
        now,
        Quoted(cut(one_line(quote.name), NAME_LIMIT) or "?", "" if own else quote.body, quote.url, quote.at),
        quote.message if quote.files else None,
        behalf,
    )


def subject_of(kept: KeptDraft) -> str:
    """The first line of what was said, without its formatting."""
    said = kept.body or (kept.quoted.body if kept.quoted else "")
    for block in parse(said):
        text = block.text if hasattr(block, "text") else "".join(span.text for span in block.spans)
        for line in text.splitlines():
            if found := one_line(line):
                return cut(found, SUBJECT_LIMIT)
    return ""


def offered(kept: KeptDraft) -> str:
    """What the form's description holds from the start, before it is cut to the form's limit."""
    if kept.way == "typed":  # that is the subject
        return ""
    if kept.body or kept.quoted is None:
        return kept.body
    return _quoted(kept.quoted.body)


def prefilled(kept: KeptDraft) -> str:
    """The same, as long as the form takes."""
    return cut(offered(kept), DESCRIPTION_LIMIT)


def described(typed: str, kept: KeptDraft, words: Words) -> str:
    """The ticket's description: what came back with the form, completed with what was said or quoted."""
    whole = offered(kept)
    if _flat(typed) == _flat(prefilled(kept)):
        typed = whole
    elif whole and _flat(whole) not in _flat(typed) and (len(whole) > DESCRIPTION_LIMIT or not kept.body):
        typed = f"{typed.strip()}\n\n{whole if not kept.body else _quoted(whole)}"
    return "\n\n".join(part for part in (typed.strip(), _source(kept, words)) if part)


def _source(kept: KeptDraft, words: Words) -> str:
    if kept.quoted is None:
        return ""
    said = words("draft.source", name=literal(kept.quoted.name), moment=literal(words.moment(kept.quoted.at)))
    return f"{said} <{kept.quoted.url}>" if kept.quoted.url else said


def _quoted(body: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in body.strip().splitlines())


def _flat(text: str) -> str:
    return " ".join(text.split())


async def files_of(house: House, kept: KeptDraft) -> tuple[Attachment, ...]:
    """The draft's files, those of the quoted message fetched now. Words must not be lost because of a file."""
    if kept.message is None:
        return kept.attachments
    try:
        quote = await house.channels[kept.message.channel].quote(kept.message)
    except ChannelError as error:
        log.warning("files of the quoted message not fetched: %s", error)
        return kept.attachments
    return (*kept.attachments, *await keep_files(house, quote.files))
