"""Whether somebody's words are no more than thanks: such a word on a closed ticket is no reason to open it again.

Small and careful: every word must be one of these, and one of them must say thanks or that all is well. Whatever is not
understood is taken for more than thanks, and the ticket opens again.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST = 100  # characters; more than that is a story


def _set(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


_CORE = _set(
    "thanks thank thx tx ty cheers thanx great perfect super awesome excellent ok okay",
    "merci mercii parfait parfaite nickel top génial impeccable",
)
_EMOJI = frozenset("🙏👍👌👏😊🙂😀😃😄😁😍🥰🤩🎉❤💚💙🧡💛💜✅💯🥳🙌✨⭐🌟🌹💐")
_BESIDE = _set(
    "you u so very much a lot lots many all again and for your the help it works working now that this is was you're",
    "quick fast answer reply support team everyone everybody have nice good day evening weekend bye best regards",
    "all's well solved fixed resolved done works fine really kind",
    "beaucoup bcp mille fois encore infiniment à vous toi tous toutes pour votre ton ta l'aide aide la le les réponse",
    "rapide rapidité intervention tout c'est ça cela marche fonctionne maintenant bon bien réglé résolu et je vous",
    "souhaite bonne bonnes une belle journée soirée week end cordialement bravo l'équipe équipe du service grand",
    "très vraiment efficace efficacité",
)
_WELL = ("it works", "solved", "ça marche", "c'est bon", "c'est réglé")
_SMILE = re.compile(r"[:;]-?[)D]")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_HARMLESS = frozenset(" \t\n\r.,!…-–—~*_'’\"«»\u00a0\u202f\u200d\ufe0f")


def is_thanks(text: str, names: Iterable[str] = ()) -> bool:
    """Nothing but thanks, in English, French or pictures; `names` may stand among them: whose thanks they are."""
    text = unicodedata.normalize("NFC", text).strip()
    if not text or len(text) > LONGEST:
        return False
    known = {part for name in names for part in _words(name)}
    text = _SMILE.sub(" ", text)
    words = _words(text)
    rest = _WORD.sub("", text)
    signs = [sign for sign in rest if sign not in _HARMLESS and not _is_tone(sign)]
    if any(word not in _CORE and word not in _BESIDE and word not in known for word in words):
        return False
    if any(sign not in _EMOJI for sign in signs):
        return False  # a digit, a question mark, an address, another face
    return any(word in _CORE for word in words) or bool(signs) or _all_is_well(words)


def _words(text: str) -> list[str]:
    return [word.replace("’", "'").casefold() for word in _WORD.findall(text)]


def _all_is_well(words: list[str]) -> bool:
    said = " ".join(words)
    return any(
        f" {phrase} " in f" {said} " for phrase in ("it works", "ça marche", "c'est bon", "c'est réglé", "solved")
    )


def _is_tone(sign: str) -> bool:
    return "\U0001f3fb" <= sign <= "\U0001f3ff"
