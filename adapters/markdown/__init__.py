"""The desk's own Markdown: read into a small tree, written back, and cut at sensible places.

A newline is a line break, as in chat. The networks' dialects are turned into this tree and out of it by their
adapters. Every tree that is given out is normal (`normal`): `parse(write(tree)) == normal(tree)`.
"""

from adapters.markdown.cutting import parts
from adapters.markdown.links import ADDRESS, masking, safe_url, unmasked
from adapters.markdown.normal import normal
from adapters.markdown.reading import parse
from adapters.markdown.tree import NOTHING, Block, CodeBlock, Item, Line, Paragraph, Quote, Span, is_prose, merged
from adapters.markdown.writing import code_span, escape, marked, write

__all__ = [
    "ADDRESS",
    "NOTHING",
    "Block",
    "CodeBlock",
    "Item",
    "Line",
    "Paragraph",
    "Quote",
    "Span",
    "code_span",
    "escape",
    "is_prose",
    "marked",
    "masking",
    "merged",
    "normal",
    "parse",
    "parts",
    "safe_url",
    "unmasked",
    "write",
]
