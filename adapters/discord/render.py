"""Cards and posts as Discord's JSON.

Sizes are Discord's: discord.com/developers/docs/resources/message#embed-object-embed-limits and
discord.com/developers/docs/components/reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from adapters.discord import components
from adapters.discord.plain import cut, literal
from adapters.discord.text import to_discord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.ui import Author, Card, FileOut, Post, Row

Json = dict[str, Any]

TEXT_LIMIT = 2000  # characters of a message
FILES_PER_MESSAGE = 10
BYTES_PER_MESSAGE = 24 * 1024 * 1024  # of files; a request may have 25 MiB, with its form around them
TITLE_LIMIT = 256
DESCRIPTION_LIMIT = 4096
FACT_NAME_LIMIT = 256
FACT_VALUE_LIMIT = 1024
EMBEDS_TOTAL = 6000  # characters in all embeds of a message together
EMBEDS = 10
THREAD_NAME_LIMIT = 100
QUIET_LIMIT = 500  # characters of a notice's message: at worst each is a line, which takes four with "-# "

SUPPRESS_EMBEDS = 1 << 2  # flags of a message
EPHEMERAL = 1 << 6
NOBODY: Json = {"parse": [], "replied_user": False}  # allowed_mentions: nothing relayed ever pings

_GAP = "\n\n"  # between rows
_BESIDE_ROWS = 1000  # characters that the rest of a card keeps beside its rows
_LINK_MARKS = 14  # characters around a row's title and its address
_LEAST_DETAIL = 10  # characters of a row's detail, below which it is left out


@dataclass(frozen=True, slots=True)
class Part:
    """One message of a post. `payload` lacks only the nonce and the list of attachments."""

    payload: Json
    files: tuple[FileOut, ...] = ()


# --- posts ------------------------------------------------------------------------------------------------------


def post(value: Post) -> list[Part]:
    """A post as the messages that it takes, in order: the card with the first, files from the last text on."""
    texts = _texts(value)
    groups = list(_groups(value.files))
    parts: list[Part] = []
    for index, text in enumerate(texts or [""]):
        payload: Json = {"content": text, "allowed_mentions": NOBODY}
        if value.card is not None and index == 0:
            payload |= card(value.card)
        else:
            # Addresses in relayed words are not previewed: the preview would come from a third party, in our name.
            payload["flags"] = SUPPRESS_EMBEDS
        last = index == max(len(texts) - 1, 0)
        parts.append(Part(payload, groups.pop(0) if groups and last else ()))
    parts += [Part({"content": "", "allowed_mentions": NOBODY, "flags": SUPPRESS_EMBEDS}, group) for group in groups]
    return parts


def _texts(value: Post) -> list[str]:
    if value.quiet:
        return [_small(text) for text in to_discord(value.body, QUIET_LIMIT)]
    head = _head(value.author, value.mark)
    if not head:
        return to_discord(value.body, TEXT_LIMIT) if value.body else []
    if not value.body:
        return [head]
    # Every part has the same limit, so that editing a text changes as few parts as can be.
    first, *rest = to_discord(value.body, TEXT_LIMIT - len(head) - 1) or [""]
    return [f"{head}\n{first}".rstrip(), *rest]


@lru_cache(maxsize=1000)  # the same people say most of it
def _head(author: Author | None, mark: str) -> str:
    words = []
    if author is not None:
        words = [f"**{literal(author.name, 200)}**", literal(author.side, 60)]
    return " · ".join(word for word in (*words, literal(mark, 120)) if word)


def _small(text: str) -> str:
    return "\n".join(f"-# {line}" if line.strip() else line for line in text.split("\n"))


def _groups(files: Sequence[FileOut]) -> Sequence[tuple[FileOut, ...]]:
    groups: list[tuple[FileOut, ...]] = []
    current: tuple[FileOut, ...] = ()
    for file in files:
        size = sum(entry.size for entry in current) + file.size
        if current and (len(current) == FILES_PER_MESSAGE or size > BYTES_PER_MESSAGE):
            groups.append(current)
            current = ()
        current = (*current, file)
    return [*groups, current] if current else groups


# --- cards ------------------------------------------------------------------------------------------------------


def card(value: Card) -> Json:
    """`embeds` and `components` of the message that shows it."""
    embed: Json = {"title": literal(value.title, TITLE_LIMIT)}
    if value.body:
        embed["description"] = _markdown(value.body, DESCRIPTION_LIMIT)
    if value.colour is not None:
        embed["color"] = value.colour
    fields = [
        {
            "name": literal(fact.label, FACT_NAME_LIMIT),
            "value": literal(fact.value, FACT_VALUE_LIMIT),
            "inline": True,
        }
        for fact in value.facts
    ]
    fields += [
        {
            "name": literal(section.title, FACT_NAME_LIMIT),
            "value": _markdown(section.body, FACT_VALUE_LIMIT),
            "inline": False,
        }
        for section in value.sections
    ]
    if fields:
        embed["fields"] = fields
    if value.footer:
        embed["footer"] = {"text": value.footer}  # Discord reads no Markdown there
    lists = _lists(value.rows)
    _shorten(embed, EMBEDS_TOTAL - sum(map(len, lists)))
    whole = _GAP.join(filter(None, (embed.get("description"), *lists)))
    if lists and len(whole) <= DESCRIPTION_LIMIT and weight(embed | {"description": whole}) <= EMBEDS_TOTAL:
        embed["description"] = whole
        lists = []
    coloured = {"color": value.colour} if value.colour is not None else {}
    return {
        "embeds": [embed, *({"description": listed, **coloured} for listed in lists)],
        "components": components.rows(value.actions),
    }


def _lists(rows: Sequence[Row]) -> list[str]:
    """The rows in as few texts as fit embeds' descriptions. A long row does not take another's room."""
    room = min((EMBEDS_TOTAL - _BESIDE_ROWS) // max(len(rows), 1), FACT_VALUE_LIMIT) - len(_GAP)
    lists: list[str] = []
    for row in rows:
        text = _row(row, room)
        if lists and len(lists[-1]) + len(_GAP) + len(text) <= DESCRIPTION_LIMIT:
            lists[-1] += _GAP + text
        else:
            lists.append(text)
    return lists


def _row(row: Row, room: int) -> str:
    """A title that leads where it says, over its detail, in at most `room` characters."""
    url = quote(row.url, safe="%/:?=&#+,;@!$*~._-")
    if url and "://" not in row.title:
        title = f"**[{literal(row.title, room - len(url) - _LINK_MARKS)}](<{url}>)**"
    elif url:  # Discord makes no link of words that hold an address
        title = f"**{literal(row.title, room - len(url) - _LINK_MARKS)}** [↗](<{url}>)"
    else:
        title = f"**{literal(row.title, room - _LINK_MARKS)}**"
    left = room - len(title) - 1
    return f"{title}\n{_markdown(row.detail, left)}" if row.detail and left >= _LEAST_DETAIL else title


def _markdown(text: str, limit: int) -> str:
    """In one piece: what would make a second one is left out, and an ellipsis says so."""
    first, *rest = to_discord(text, limit - 2) or [""]
    return cut(f"{first} …", limit) if rest else first or "\u200b"


def _shorten(embed: Json, total: int) -> None:
    """Cut the longest texts until all of the embed's texts together have at most `total` characters."""
    texts: list[tuple[Json, str]] = [(entry, key) for entry in embed.get("fields", ()) for key in ("value", "name")]
    texts += [(embed, key) for key in ("title", "description") if key in embed]
    if "footer" in embed:
        texts.append((embed["footer"], "text"))
    while (excess := weight(embed) - total) > 0:
        holder, key = max(texts, key=lambda text: len(text[0][text[1]]))
        length = len(holder[key])
        if length <= 1:
            return  # a sign for each is all that is left
        # At most half at a time, so that one long text does not pay for all.
        holder[key] = cut(holder[key], max(length - excess, length // 2))


def weight(embed: Json) -> int:
    """Characters that count against the limit over all embeds of a message."""
    total = len(embed.get("title", "")) + len(embed.get("description", ""))
    total += len(embed.get("footer", {}).get("text", ""))
    return total + sum(len(entry["name"]) + len(entry["value"]) for entry in embed.get("fields", ()))


# --- answers to the asker alone ---------------------------------------------------------------------------------------


def answer(value: Card) -> Json:
    """A card that only the asker sees."""
    return {**card(value), "flags": EPHEMERAL, "allowed_mentions": NOBODY}


def answer_text(text: str) -> Json:
    """A plain line that only the asker sees."""
    return {"content": literal(text, TEXT_LIMIT), "flags": EPHEMERAL, "allowed_mentions": NOBODY}
