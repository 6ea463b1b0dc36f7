"""HTML as people wrote it elsewhere, as the desk's Markdown: paragraphs, emphasis, lists, code, links as text."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from bot.cards import literal

_AROUND = {"strong": "**", "b": "**", "em": "*", "i": "*", "del": "~~", "s": "~~", "code": "`"}
_BLOCKS = {"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "tr", "blockquote", "pre"}
_HIDDEN = {"script", "style"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self._links: list[str] = []
        self._raw = 0
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden += 1
        if tag == "pre":
            self.out.append("\n\n```\n")
            self._raw += 1
        elif tag in _BLOCKS:
            self.out.append("\n\n")
        elif tag == "li":
            self.out.append("\n- ")
        elif tag == "br":
            self.out.append("\n" if self._raw else "\\\n")
        elif tag == "a":
            self._links.append(dict(attrs).get("href") or "")
        elif tag == "img":
            self.out.append(literal(dict(attrs).get("src") or ""))
        elif tag in _AROUND and not self._raw:
            self.out.append(_AROUND[tag])
            self._raw += tag == "code"

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag == "pre":
            self._raw = max(0, self._raw - 1)
            self.out.append("\n```\n\n")
        elif tag in _BLOCKS:
            self.out.append("\n\n")
        elif tag == "a" and self._links:
            target = self._links.pop()
            if target and target not in "".join(self.out[-2:]).replace("\\", ""):
                self.out.append(f" ({literal(target)})")
        elif tag in _AROUND and (tag == "code" or not self._raw):
            self._raw = max(0, self._raw - (tag == "code"))
            self.out.append(_AROUND[tag])

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if self._raw:
            self.out.append(data)
            return
        lines = [literal(" ".join(line.split(" "))) for line in data.split("\n")]
        self.out.append("\n".join(lines))  # WordPress keeps paragraphs as empty lines


def markdown(html: str) -> str:
    """The same words, with what formatting the desk knows."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return re.sub(r"\n{3,}", "\n\n", "".join(reader.out)).strip()
