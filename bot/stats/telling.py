"""Figures as people read them, and dimensions' values as people call them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot import names
from desk.figures import EXACT_FOR, Dimension, Figure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.words import Words
    from desk.catalogue import Catalogue
    from desk.figures import Period, Share, Spread, Totals

SPREADS = (Figure.FIRST_RESPONSE, Figure.RESOLUTION)
SHARES = (Figure.FIRST_KEPT, Figure.NEXT_KEPT, Figure.RESOLUTION_KEPT)
PEOPLE = (Dimension.AGENT, Dimension.CLIENT)


def told(figure: Figure, totals: Totals, words: Words) -> str:
    """One figure. Plain text; "–" where nothing stands behind it that it could be reckoned from."""
    match figure:
        case Figure.FIRST_RESPONSE:
            return _spread(totals.first_response, words)
        case Figure.RESOLUTION:
            return _spread(totals.resolution, words)
        case Figure.FIRST_KEPT:
            return _share(totals.first_kept, words)
        case Figure.NEXT_KEPT:
            return _share(totals.next_kept, words)
        case Figure.RESOLUTION_KEPT:
            return _share(totals.resolution_kept, words)
        case Figure.REPLIES:
            return "–" if totals.replies is None else words.number(totals.replies)
        case Figure.RATING:
            if totals.rating is None:
                return "–"
            return words("stats.rating", stars=words.number(totals.rating), count=totals.ratings)
        case _:
            return str(totals.behind(figure))


def _spread(spread: Spread, words: Words) -> str:
    if spread.median_business is None or spread.ninth_business is None:
        return "–"
    shown = f"{words.brief(spread.median_business)} / {words.brief(spread.ninth_business)}"
    if (spread.median_clock, spread.ninth_clock) == (spread.median_business, spread.ninth_business):
        return shown
    assert spread.median_clock is not None  # both are reckoned from the same tickets
    assert spread.ninth_clock is not None
    clock = f"{words.brief(spread.median_clock)} / {words.brief(spread.ninth_clock)}"
    return f"{shown} ({words('stats.clock', clock=clock)})"


def _share(share: Share, words: Words) -> str:
    if not share.of:
        return "–"
    return words("stats.share", percent=round(100 * share.kept / share.of), kept=share.kept, of=share.of)


def span(period: Period, words: Words) -> str:
    """Its first and last day."""
    first, last = words.day(period.start.date()), words.day((period.end - timedelta(microseconds=1)).date())
    return first if first == last else f"{first} – {last}"


def footer(period: Period, before: Period, words: Words) -> str:
    """What is in brackets, what times are, and how exact they are."""
    return f"{words('stats.footer', span=span(before, words))} {times(period, words)}"


def times(period: Period, words: Words) -> str:
    """What times are, and how exact."""
    text = words("stats.times")
    return f"{text} {words('stats.nearly')}" if period.end - period.start > EXACT_FOR else text


def value_name(dimension: Dimension, value: str, words: Words, catalogue: Catalogue, people: Mapping[int, str]) -> str:
    """One value of a dimension as people call it."""
    match dimension:
        case Dimension.DEPARTMENT:
            return names.department_name(value, words, catalogue)
        case Dimension.PRODUCT:
            return names.product_name(value, words, catalogue)
        case Dimension.PRIORITY:
            return names.priority_name(value, words, catalogue)
        case Dimension.TAG:
            return names.tag_name(value, words, catalogue) if value else words("stats.untagged")
        case Dimension.CHANNEL:
            return words.network(value)
        case Dimension.AGENT | Dimension.CLIENT:
            return people.get(int(value), f"#{value}") if value else words("card.nobody")
