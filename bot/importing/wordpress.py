"""A WordPress export file (WXR) of Awesome Support: its tickets, replies, attachments, people, terms and states.

Awesome Support keeps a ticket as a post of type `ticket`, each reply as `ticket_reply` below it, and says whether it is
open in `_wpas_status`; products, departments, priorities, tags and channels are terms.
"""

from __future__ import annotations

import mimetypes
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from bot.importing import details
from bot.importing.found import Found, Glossary, ImportRefused
from bot.importing.html import markdown
from bot.intake import safe_name
from desk.model import Attachment, Audience, Kind, Status
from desk.text import cut, one_line
from desk.verbs import SUBJECT_LIMIT, IncomingMessage, IncomingTicket, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NAME = "wordpress"
TERMS = {
    "product": "product",
    "department": "department",
    "ticket_priority": "priority",
    "ticket-tag": "tag",
    "ticket_channel": "channel",
}
KNOWN = {"ticket", "ticket_reply", "attachment"}
LOST = {"ticket_history": "lines of history", "ticket_log": "earlier versions of edited words"}
REFUSED = {"trash", "auto-draft"}


@dataclass
class _Item:
    id: int
    type: str
    title: str
    author: str
    content: str
    at: datetime
    state: str
    parent: int
    url: str
    terms: dict[str, list[str]] = field(default_factory=dict)
    others: dict[str, list[str]] = field(default_factory=dict)  # terms of the house's own taxonomies
    meta: dict[str, str] = field(default_factory=dict)


def read(
    path: Path, mapping: Glossary, *, uploads: Path | None = None, keep: Callable[[Path], tuple[str, int]] | None = None
) -> Found:
    """All that the file holds. `uploads` is a copy of wp-content/uploads, from which `keep` takes attachments' bytes
    and gives hash and size. ImportRefused where it is no such file.
    """
    names: dict[str, str] = {}
    emails: dict[str, str] = {}
    by_id: dict[str, str] = {}
    items: dict[int, _Item] = {}
    for kind, value in _parsed(path):
        if kind == "author":
            names[value["login"]] = one_line(value["name"]) or value["login"]
            emails[value["login"]] = value["email"]
            by_id[value["id"]] = value["login"]
        elif value.state not in REFUSED:
            items[value.id] = value
    if not any(item.type == "ticket" for item in items.values()):
        raise ImportRefused(f"{path}: there is no ticket of Awesome Support in it")
    files = _Files(items, uploads, keep, mapping)
    below: dict[int, list[_Item]] = {}
    for item in items.values():
        if item.type in KNOWN:
            below.setdefault(item.parent, []).append(item)
        else:
            mapping.lost[LOST.get(item.type, f"entries of type {item.type!r}")] += 1
    tickets = [
        _ticket(item, sorted(below.get(item.id, ()), key=lambda one: (one.at, one.id)), by_id, mapping, files)
        for item in sorted(items.values(), key=lambda one: one.id)
        if item.type == "ticket"
    ]
    return Found(Source(NAME, names, mapping.accounts()), tuple(tickets), mapping.lost, emails)


def _ticket(item: _Item, below: list[_Item], by_id: dict[str, str], mapping: Glossary, files: _Files) -> IncomingTicket:
    replies = [one for one in below if one.type == "ticket_reply"]
    said = [_message(item, item, files)]
    said += [_message(reply, item, files) for reply in replies]
    closed = item.meta.get("_wpas_status") == "closed"
    status, own = (Status.CLOSED, "") if closed else mapping.status(item.state)
    subject = one_line(item.title) or f"#{item.id}"
    if len(subject) > SUBJECT_LIMIT:
        mapping.lost[f"ends of subjects longer than {SUBJECT_LIMIT} characters"] += 1
    stars, said_with = details.rating(item.meta)
    department = mapping.id("department", _first(item, "department"))
    tags = [mapping.id("tag", word) for word in item.terms.get("tag", ())]
    mapping.lost["tags that config.toml does not know"] += tags.count("")
    return IncomingTicket(
        number=item.id,
        subject=cut(subject, SUBJECT_LIMIT),
        client=item.author,
        opened_at=item.at,
        messages=tuple(said),
        department=department,
        product=mapping.id("product", _first(item, "product")),
        priority=mapping.id("priority", _first(item, "priority")),
        status=status,
        house_status=own,
        agent=by_id.get(item.meta.get("_wpas_assignee", ""), ""),
        channel=_first(item, "channel")[:20],
        tags=tuple(dict.fromkeys(tag for tag in tags if tag)),
        closed_at=_closed(item, said) if closed else None,
        rating=stars,
        rating_words=said_with,
        fields=details.fields(item.meta, item.others, department, mapping),
    )


def _message(item: _Item, ticket: _Item, files: _Files) -> IncomingMessage:
    by = Audience.CLIENT if item.author == ticket.author else Audience.AGENTS
    private = item.meta.get("_wpas_private") == "1" or item.state == "private"
    body = markdown(item.content)
    return IncomingMessage(
        key=str(item.id),
        author=item.author,
        at=item.at,
        body=body or "…",
        kind=Kind.NOTE if private and item is not ticket else Kind.REPLY,
        by=Audience.INTERNAL if private and item is not ticket else by,
        attachments=files.of(item),
    )


def _closed(item: _Item, said: list[IncomingMessage]) -> datetime:
    last = max(one.at for one in said)
    written = item.meta.get("_ticket_closed_on_gmt") or item.meta.get("_ticket_closed_on") or ""
    try:
        return max(datetime.strptime(written, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC), last)
    except ValueError:
        return last


def _first(item: _Item, kind: str) -> str:
    return next(iter(item.terms.get(kind, ())), "")


class _Files:
    """Attachments by the post that they hang on."""

    def __init__(self, items: dict[int, _Item], uploads: Path | None, keep: Any, mapping: Glossary) -> None:
        self._by_parent: dict[int, list[_Item]] = {}
        for item in items.values():
            if item.type == "attachment":
                self._by_parent.setdefault(item.parent, []).append(item)
        self._uploads = uploads
        self._keep = keep
        self._mapping = mapping

    def of(self, item: _Item) -> tuple[Attachment, ...]:
        return tuple(self._one(file) for file in sorted(self._by_parent.get(item.id, ()), key=lambda one: one.id))

    def _one(self, item: _Item) -> Attachment:
        path = unquote(urlsplit(item.url).path)
        name = safe_name(PurePosixPath(path).name or item.title)
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        there = self._there(path)
        if there is None:
            self._mapping.lost["contents of attachments (their names come; give --uploads DIR for the rest)"] += 1
            return Attachment(name, media_type, 0, None)
        if self._keep is None:
            return Attachment(name, media_type, there.stat().st_size, None)
        sha256, size = self._keep(there)
        return Attachment(name, media_type, size, sha256)

    def _there(self, path: str) -> Path | None:
        if self._uploads is None:
            return None
        root = self._uploads.resolve()
        found = (root / path.partition("/uploads/")[2]).resolve()
        return found if found.is_relative_to(root) and found.is_file() else None


def _parsed(path: Path) -> Iterator[tuple[str, Any]]:
    try:
        for _, element in ET.iterparse(path, events=("end",)):  # noqa: S314 - expat bounds what entities may grow to
            tag = _local(element.tag)
            if tag == "author" and len(element):
                yield (
                    "author",
                    {
                        "id": _text(element, "author_id"),
                        "login": _text(element, "author_login"),
                        "name": _text(element, "author_display_name"),
                        "email": _text(element, "author_email"),
                    },
                )
            elif tag == "item":
                yield "item", _item(element)
                element.clear()
    except ET.ParseError as error:
        raise ImportRefused(f"{path}: no WordPress export: {error}") from error
    except OSError as error:
        raise ImportRefused(f"{path}: {error.strerror}") from error


def _item(element: ET.Element) -> _Item:
    found = _Item(
        id=int(_text(element, "post_id") or 0),
        type=_text(element, "post_type"),
        title=_text(element, "title"),
        author=_text(element, "creator"),
        content=next((child.text or "" for child in element if child.tag.endswith("content/}encoded")), ""),
        at=_moment(_text(element, "post_date_gmt"))
        or _moment(_text(element, "post_date"))
        or datetime(1970, 1, 1, tzinfo=UTC),
        state=_text(element, "status"),
        parent=int(_text(element, "post_parent") or 0),
        url=_text(element, "attachment_url"),
    )
    for child in element:
        if _local(child.tag) == "category" and child.get("domain") in TERMS:
            found.terms.setdefault(TERMS[child.get("domain", "")], []).append((child.text or "").strip())
        elif _local(child.tag) == "category":
            found.others.setdefault(child.get("domain", ""), []).append((child.text or "").strip())
        elif _local(child.tag) == "postmeta":
            found.meta[_text(child, "meta_key")] = _text(child, "meta_value")
    return found


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _text(element: ET.Element, name: str) -> str:
    return next(((child.text or "").strip() for child in element if _local(child.tag) == name), "")
