"""A conversation written as a file: HTML, Markdown or JSON.

The HTML is one file that needs nothing else: styles and pictures stand inside. Everything that people typed is
escaped, no address in it is a link, and its policy (CSP) lets a browser run and load nothing at all.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from markupsafe import Markup

from adapters.markdown import escape, normal, parse, write
from bot.transcripts.words import html_of
from desk.model import Audience

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from jinja2 import Template

    from bot.transcripts.conversation import Conversation, Entry, Kept
    from bot.words import Words

FORMS = ("html", "md", "json")
_MEDIA_TYPES = {"html": "text/html", "md": "text/markdown", "json": "application/json"}
# A picture inside costs a third more than its bytes; with these the page stays below Discord's 10 MiB for a file.
PICTURE_LIMIT = 3_000_000  # bytes of one picture that is shown
PICTURES_LIMIT = 6_000_000  # bytes of all of them
_MAGIC = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
_WEBP = (b"RIFF", b"WEBP")


def file_name(number: int, form: str) -> str:
    return f"ticket-{number}.{form}"


def media_type(form: str) -> str:
    """What the file is. KeyError for a form that is none of FORMS."""
    return _MEDIA_TYPES[form]


def written(found: Conversation, form: str, words: Words, path_of: Callable[[str], Path]) -> bytes:
    """The file. `path_of` gives a stored file by its hash (FileNotFoundError where it is gone)."""
    match form:
        case "html":
            return _html(found, words, path_of).encode()
        case "md":
            return _markdown(found, words).encode()
        case "json":
            return _json(found).encode()
        case _:
            raise KeyError(form)


# --- HTML -------------------------------------------------------------------------------------------------------


def _part(name: str) -> str:
    return resources.files("bot.transcripts").joinpath(name).read_text(encoding="utf-8")


@cache
def _template() -> Template:
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # whoever wants no transcript does not load it

    environment = Environment(
        loader=FunctionLoader(_part), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("page.html")


def _html(found: Conversation, words: Words, path_of: Callable[[str], Path]) -> str:
    style = _part("page.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    pictures = _Pictures(path_of)
    return _template().render(
        found=found,
        words=words,
        style=Markup(style),  # noqa: S704 - our own file
        policy=f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        body_of=html_of,
        picture_of=pictures.shown,
        side_of=lambda entry: _side(entry, words),
        initials=_initials,
        direction=words.direction,
    )


class _Pictures:
    """Stored pictures as data URIs, as long as they are pictures indeed and the page does not grow too large."""

    def __init__(self, path_of: Callable[[str], Path]) -> None:
        self._path_of = path_of
        self._left = PICTURES_LIMIT

    def shown(self, file: Kept) -> str:
        """The picture's data URI; "" where it is none, is gone or is too large."""
        if not file.there or file.sha256 is None or file.size > min(PICTURE_LIMIT, self._left):
            return ""
        if not file.media_type.startswith("image/"):
            return ""
        try:
            content = self._path_of(file.sha256).read_bytes()
        except OSError:
            return ""
        kind = picture_type(content)
        if not kind:
            return ""
        self._left -= len(content)
        return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def picture_type(content: bytes) -> str:
    """What the bytes are by their first ones, whatever they were said to be; "" for anything but a plain picture (an
    SVG can hold scripts).
    """
    if content[:4] == _WEBP[0] and content[8:12] == _WEBP[1]:
        return "image/webp"
    return next((kind for magic, kind in _MAGIC.items() if content.startswith(magic)), "")


def _side(entry: Entry, words: Words) -> str:
    return words("side.client") if entry.side is Audience.CLIENT else words("side.support")


def _initials(name: str) -> str:
    parts = [part for part in name.split() if part[0].isalnum()]
    return "".join(part[0].upper() for part in (parts[:1] + parts[1:][-1:])) or "?"


# --- Markdown ---------------------------------------------------------------------------------------------------


def _markdown(found: Conversation, words: Words) -> str:
    lines = [f"# #{found.ticket.number} · {escape(found.ticket.subject)}", ""]
    lines += [f"- {words('fact.line', label=escape(label), value=escape(value))}" for label, value in found.facts]
    for entry in found.entries:
        if entry.kind == "event":
            lines += ["", f"*{words.moment(entry.at)} · {escape(entry.body)}*"]
            continue
        marks = [_side(entry, words), *_marks(entry, words)]
        lines += ["", "---", "", f"**{escape(entry.author)}** ({', '.join(marks)}) · {words.moment(entry.at)}", ""]
        lines.append(write(normal(parse(entry.body))) if entry.body else "")
        lines += [f"- 📎 {escape(file.name)} · {words.size(file.size)}{_hash(file)}" for file in entry.attachments]
    return "\n".join(lines) + "\n"


def _hash(file: Kept) -> str:
    return f" · SHA-256 `{file.sha256}`" if file.sha256 else ""


def _marks(entry: Entry, words: Words) -> list[str]:
    marks = []
    if entry.kind in {"note", "internal"}:
        marks.append(words(f"transcript.{entry.kind}"))
    if entry.deleted_at:
        marks.append(words("transcript.deleted", moment=words.moment(entry.deleted_at)))
    elif entry.edited_at:
        marks.append(words("transcript.edited", moment=words.moment(entry.edited_at)))
    return marks


# --- JSON -------------------------------------------------------------------------------------------------------


def _json(found: Conversation) -> str:
    ticket = found.ticket
    whole = {
        "format": "helpthread.transcript/1",
        "ticket": {
            "number": ticket.number,
            "subject": ticket.subject,
            "status": ticket.status,
            "department": ticket.department,
            "product": ticket.product,
            "priority": ticket.priority,
            "channel": ticket.channel,
            "client": found.client,
            "agent": found.agent or None,
            "opened_at": ticket.opened_at.isoformat(),
            "closed_at": ticket.closed_at.isoformat() if ticket.closed_at else None,
            "rating": ticket.rating,
            "rating_words": ticket.rating_words,
        },
        "inside": found.inside,
        "entries": [_entry(entry) for entry in found.entries],
    }
    return json.dumps(whole, ensure_ascii=False, indent=1)


def _entry(entry: Entry) -> dict[str, object]:
    return {
        "kind": entry.kind,
        "at": entry.at.isoformat(),
        "author": entry.author,
        "side": entry.side,
        "body": entry.body,
        "edited_at": entry.edited_at.isoformat() if entry.edited_at else None,
        "deleted_at": entry.deleted_at.isoformat() if entry.deleted_at else None,
        "attachments": [
            {
                "name": file.name,
                "media_type": file.media_type,
                "size": file.size,
                "sha256": file.sha256,
                "there": file.there,
            }
            for file in entry.attachments
        ],
    }
