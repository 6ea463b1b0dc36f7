"""Addresses: which are links, which may be followed, and which label would hide where its link leads."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

from adapters.markdown.tree import Span, merged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapters.markdown.tree import Line

ADDRESS = re.compile(r"https?://[^\s<>\"`|\\\x00-\x20\x7f]+", re.IGNORECASE)
_SAFE = re.compile(r"(?:https?://|mailto:)[^\s]", re.IGNORECASE)
_ENCODED = re.compile(r"[\s<>\"`|\\\x00-\x20\x7f]")
_HIDDEN = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # turns the direction of writing
# A host with a point in it, or a scheme. Dots of other scripts are taken for dots after NFKC.
_LOOKS_LIKE_ONE = re.compile(r"\w://|www\.|[^\W_][.\u3002\u2024][^\W\d_]{2,}|@\w|\d\.\d+\.\d+\.\d", re.IGNORECASE)
_PUNCTUATION = ".,;:!?'\"*_~"


def safe_url(url: str) -> str:
    """The address as it may stand in a link, "" where it must not be one (javascript:, data:, file: …)."""
    url = _ENCODED.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), url.strip())
    return url if _SAFE.match(url) else ""


def linked(span: Span) -> Iterator[Span]:
    """Addresses typed as plain words are links."""
    if span.url or span.code or "://" not in span.text:
        yield span
        return
    at = 0
    for match in ADDRESS.finditer(span.text):
        url = _without_end(match[0])
        if url.endswith("://"):
            continue
        yield span.worded(span.text[at : match.start()])
        yield replace(span, text=url, url=url)
        at = match.start() + len(url)
    yield span.worded(span.text[at:])


def _without_end(url: str) -> str:
    """Without the punctuation of the sentence around it: a bracket stays only where it was opened within."""
    opened, closed = url.count("("), url.count(")")
    end = len(url)
    while end > 0:
        last = url[end - 1]
        if last == ")" and closed > opened:
            closed -= 1
        elif last not in _PUNCTUATION and last != "]":
            break
        end -= 1
    return url[:end]


def masking(text: str, url: str) -> bool:
    """Whether this label would make people believe that the link leads elsewhere."""
    if not url or text == url:
        return False
    plain = unicodedata.normalize("NFKC", text)
    return bool(_HIDDEN.search(plain) or _LOOKS_LIKE_ONE.search(plain)) and _bare(plain) != _bare(url)


def same_address(text: str, url: str) -> bool:
    """Whether the label is the address itself, perhaps without its scheme."""
    return _bare(text) == _bare(url)


def _bare(address: str) -> str:
    return re.sub(r"^(?:https?://|mailto:)", "", address.strip(), flags=re.IGNORECASE).removesuffix("/").lower()


def unmasked(spans: Line) -> Line:
    """The same line, in which a label that looks like another address is words, and the real one follows it."""
    if not any(span.url for span in spans):
        return spans
    found: list[Span] = []
    whole: list[Span] = []  # one link may be several spans, each in its own style
    for span in spans:
        if whole and span.url != whole[0].url:
            found += _unmasked(whole)
            whole = []
        if span.url:
            whole.append(span)
        else:
            found.append(span)
    return merged([*found, *_unmasked(whole)])


def _unmasked(link: list[Span]) -> list[Span]:
    if not link or not masking("".join(span.text for span in link), link[0].url):
        return link
    url = link[0].url
    return [*(replace(span, url="") for span in link), Span(" ("), Span(url, url=url), Span(")")]
