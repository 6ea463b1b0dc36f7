"""What a server holds is let go after a while, for traffic that goes on for hours: only the stand-in forgets it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sandbox.discord.guild import EPOCH, THREADS

if TYPE_CHECKING:
    from sandbox.discord.server import DiscordSandbox


def forget(discord: DiscordSandbox, seconds: float) -> int:
    """Everything that is older, without telling the application; gives how many messages. A thread goes when it is
    archived and has nothing newer, a message that a thread was started from goes with it.
    """
    guild = discord.guild
    discord.interactions.forget(seconds)
    before = (int((time.time() - seconds) * 1000) - EPOCH) << 22
    gone = 0
    for channel in list(guild.channels.values()):
        if channel.type in THREADS and channel.meta["archived"] and int(channel.last_message or channel.id) < before:
            del guild.channels[channel.id]
            gone += len(channel.messages)
    for channel in guild.channels.values():
        old = [id_ for id_ in channel.messages if int(id_) < before and id_ not in guild.channels]
        for id_ in old:
            del channel.messages[id_]
        gone += len(old)
    for user, whispered in guild.ephemeral.items():
        guild.ephemeral[user] = [kept for kept in whispered if int(kept["id"]) >= before]
    for file in [file for file in guild.files.kept if int(file) < before]:
        del guild.files.kept[file]
    return gone
