"""Slack's emoji names as Unicode, where they are known; a workspace's own keep their name."""

from __future__ import annotations

import re

_SKIN = re.compile(r"::?skin-tone-(\d)$")


def unicode_emoji(name: str) -> str:
    """The emoji of this name, or ":name:" where no character stands for it."""
    from emoji import emojize  # its table of names is loaded when the first of them is met

    plain = f":{_SKIN.sub('', name)}:"
    return emojize(plain, language="alias", variant="emoji_type")


def plain_emoji(name: str) -> str:
    """The same without its skin tone and without the sign that asks for a coloured picture, to be compared."""
    from emoji import emojize  # the same

    return emojize(f":{_SKIN.sub('', name)}:", language="alias")
