"""What a workspace holds is let go after a while, for traffic that goes on for hours: only the stand-in forgets it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.slack.app import App
    from sandbox.slack.workspace import Channel


def forget(app: App, seconds: float) -> int:
    """Everything that is older, without telling the app; gives how many messages. A thread's root stays as long as
    something newer stands below it, and a pinned message stays.
    """
    before = time.time() - seconds
    workspace = app.workspace
    gone = sum(_forget_in(channel, before) for channel in list(workspace.channels.values()))
    workspace.ephemeral = [kept for kept in workspace.ephemeral if float(kept["ts"]) >= before]
    for file in [file for file, about in workspace.files.items() if about["created"] < before]:
        del workspace.files[file]
        workspace.contents.pop(file, None)
    open_views = {view["id"] for stack in workspace.stacks.values() for view in stack}
    workspace.typed = {view: typed for view, typed in workspace.typed.items() if view in open_views}
    app.forget_addresses()
    return gone


def _forget_in(channel: Channel, before: float) -> int:
    for root, replies in list(channel.replies.items()):
        kept = [ts for ts in replies if float(ts) >= before]
        if len(kept) < len(replies):
            channel.replies[root] = kept
            channel.messages[root]["reply_count"] = len(kept)
    stays = {root for root, replies in channel.replies.items() if replies} | set(channel.pins)
    old = [ts for ts in channel.messages if float(ts) < before and ts not in stays]
    for ts in old:
        del channel.messages[ts]
        channel.replies.pop(ts, None)
    return len(old)
