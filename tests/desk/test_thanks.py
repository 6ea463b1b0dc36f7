"""What counts as thanks and nothing more. In doubt, it is more."""

from __future__ import annotations

import pytest

from desk.thanks import is_thanks

THANKS = (
    "Thanks", "thank you!", "Thank you so much, Tom", "thx", "TY", "Cheers.", "ok", "Ok, thanks!", "👍", "🙏🙏", "👍🏽",
    "Perfect, thanks a lot 🙂", "thanks, it works now", "It works!", "Great!", "merci", "Merci beaucoup !", "MERCI 🙏",
    "Merci Léa", "merci à vous tous, bonne journée", "Parfait, merci", "c’est bon, merci", "Ça marche, merci",
    "super, merci pour votre aide", "Merci !!!", "nickel", "Thank you all and have a nice weekend", "❤️", "thanks…",
    "c'est réglé", "thanks :)", "Merci ;-)", "Merci, c'est résolu",
)  # fmt: skip
MORE = (
    "", "thanks, but it is broken again", "Thanks? Really?", "thank you for nothing", "no thanks", "not fixed, thanks",
    "merci mais ça ne marche pas", "merci de rouvrir", "Ça ne marche toujours pas", "Merci. Autre question : le VPN ?",
    "thanks 503", "thanks https://example.com", "👎", "😡", "😢 thanks", "still nothing", "hello", "it", "a", "pour",
    "thanks " * 30, "please", "merci Bob", "ok?", "thanks, when will it arrive", "non merci", "thx :(",
    "the service is", "it works not",
)  # fmt: skip


@pytest.mark.parametrize("text", THANKS)
def test_thanks(text: str) -> None:
    assert is_thanks(text, ["Léa Martin", "Tom Baker"])


@pytest.mark.parametrize("text", MORE)
def test_more_than_thanks(text: str) -> None:
    assert not is_thanks(text, ["Léa Martin", "Tom Baker"])
