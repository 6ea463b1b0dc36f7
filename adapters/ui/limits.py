"""What the narrower of the two networks takes, and the checks of it that constructors make."""

from __future__ import annotations

# The narrower of Slack (docs.slack.dev/reference/block-kit) and Discord (discord.com/developers/docs/components).
BUTTON_LABEL = 75  # Slack 75, Discord 80
ACTION_WITH_VALUE = 100  # Discord custom_id 100, Slack action_id and value 255 and 2,000
FORM_TITLE = 24  # Slack 24, Discord 45
FIELD_LABEL = 45  # Discord 45, Slack 2,000
FIELD_HINT = 100  # Discord 100, Slack 2,000
OPTION_LABEL = 75  # Slack 75, Discord 100
OPTION_VALUE = 100  # Discord 100, Slack 150
TEXT_VALUE = 3000  # Slack 3,000, Discord 4,000
CARD_TITLE = 150  # Slack header 150, Discord embed title 256
CARD_BODY = 3000  # Slack section 3,000, Discord embed description 4,096
CARD_FACTS = 20  # Slack: two sections of 10 fields; Discord: 25 embed fields
FACT_LABEL = 256  # Discord 256
FACT_VALUE = 1000  # Discord 1,024; Slack 2,000 with its label
CARD_SECTIONS = 4
CARD_LINES = 5  # lines of actions: Discord's action rows. A choice takes a line, buttons share one by fives
BUTTONS_IN_LINE = 5  # Discord 5; Slack 25, of which five are shown well
CARD_ROWS = 10  # of a list
ROW_TITLE = 130  # ten rows with their addresses fit the 6,000 characters of Discord's embeds
ROW_DETAIL = 250  # the same
FOOTER = 2000  # Discord 2,048, Slack context 2,000
FILES = 10  # both


class TooLarge(ValueError):  # noqa: N818 - it names what is wrong with the card
    """A card or form that one of the networks would refuse: a bug of the caller's, never a person's."""


def within(what: str, text: str, limit: int, *, least: int = 0) -> None:
    if not least <= len(text) <= limit:
        raise TooLarge(f"{what}: {len(text)} characters, {least} to {limit} allowed: {text[:60]!r}")


def named(what: str, name: str, value: str = "") -> None:
    """An action or form with what it carries: both networks put them into one id, split at the first "|"."""
    within(what, name, ACTION_WITH_VALUE, least=1)
    if "|" in name:
        raise TooLarge(f"{what}: {name!r} holds a bar, which parts it from its value")
    within(f"{what} and value", f"{name}|{value}", ACTION_WITH_VALUE)


def labelled(label: str, hint: str) -> None:
    """What every field of a form has."""
    within("field label", label, FIELD_LABEL, least=1)
    within("field hint", hint, FIELD_HINT)
