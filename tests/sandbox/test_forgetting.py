"""Stand-ins forget what is old, for runs of hours; and a trend says what grows."""

from __future__ import annotations

import random

from benchmarks.trend import trend
from sandbox.discord import DiscordSandbox
from sandbox.discord.forgetting import forget as discord_forgets
from sandbox.discord.guild import PUBLIC_THREAD
from sandbox.discord.setup import DiscordSetup
from sandbox.faults import Faults
from sandbox.slack.app import App
from sandbox.slack.forgetting import forget as slack_forgets
from sandbox.slack.setup import SlackSetup

HOUR, FUTURE = 3600.0, -3600.0  # seconds; what is older than in an hour is everything


def test_slack_keeps_what_is_pinned_and_forgets_the_rest() -> None:
    users = {"U1": {"name": "nora", "real_name": "Nora"}}
    app = App(SlackSetup(users=users, channels={"C1": {"name": "a", "members": ["U1"]}}), Faults())
    channel = app.workspace.channel("C1")
    root, pinned = (str(app.workspace.say(channel, {"user": "U1", "text": text}, None)["ts"]) for text in "ab")
    app.workspace.say(channel, {"user": "U1", "text": "below"}, root)
    channel.pins.append(pinned)
    assert slack_forgets(app, HOUR) == 0
    assert len(channel.messages) == 3
    assert slack_forgets(app, FUTURE) == 2
    assert list(channel.messages) == [pinned]
    assert channel.replies == {}


def test_discord_keeps_threads_that_are_open() -> None:
    made = DiscordSetup(members={"601": {"username": "ines"}}, channels={"201": {"name": "help"}})
    discord = DiscordSandbox(made, check=False)
    guild, parent = discord.guild, discord.guild.channel("201")
    awake, asleep = (guild.add_thread(parent, name, PUBLIC_THREAD, "900", {}) for name in ("awake", "asleep"))
    for channel in (parent, awake, asleep):
        guild.say(channel, "601", {"content": "words"}, [])
    asleep.meta["archived"] = True
    assert discord_forgets(discord, HOUR) == 0
    assert discord_forgets(discord, FUTURE) == 3
    assert awake.id in guild.channels
    assert asleep.id not in guild.channels


def test_a_trend_tells_growth_from_noise() -> None:
    chance = random.Random(7)
    flat = trend([(at, 300 + chance.gauss(0, 0.5)) for at in range(900, 3600, 5)])
    assert abs(flat.slope) < flat.half
    growing = trend([(at, 300 + at / 360 + chance.gauss(0, 0.5)) for at in range(900, 3600, 5)])
    assert abs(growing.slope - 10) < growing.half
    assert growing.slope > 5 * growing.half
