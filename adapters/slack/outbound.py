"""What the desk says in Slack: posts in as many messages as they take, and recognised when they were said before.

Each message carries its post's key in its metadata. Slack has no key that makes it refuse a second copy, so an
attempt that may have succeeded is looked up, and only then.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from adapters.port import Gone, Opened, Rejected
from adapters.slack import files, render
from adapters.slack.errors import asked
from adapters.slack.refs import message_ref, order, spot, thread_ref
from desk.model import AccountRef

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from adapters.port import Recall
    from adapters.slack.api import Api
    from adapters.slack.inbound import Me
    from adapters.slack.render import Part
    from adapters.ui import Post
    from desk.model import MessageRef, PlaceRef, ThreadRef

EVENT_TYPE = "helpthread"  # of our messages' metadata
PAGE = 200  # messages asked for at once
FILES_PER_MESSAGE = 10  # what Slack's own clients share at once
RECALL_PAGES = 10  # at most so many are looked through
RECALL_WINDOW = 86_400.0  # seconds: an attempt older than this is not looked for in a channel


@dataclass(slots=True)
class Found:
    """What an earlier attempt left: the ts of parts by number, and our messages that share files."""

    parts: dict[int, str] = field(default_factory=dict)
    shares: list[dict[str, Any]] = field(default_factory=list)


class Outbound:
    """Posts for one channel."""

    def __init__(
        self, name: str, api: Api, me: Callable[[], Me | None], clock: Callable[[], float] = time.time
    ) -> None:
        self._name = name
        self._api = api
        self._me = me
        self._clock = clock

    # --- saying -------------------------------------------------------------------------------------------------

    async def open_thread(
        self, where: PlaceRef | AccountRef, title: str, first: Post, *, key: str, recall: Recall | None
    ) -> Opened:
        channel = await self._place(where)
        # A thread needs a root, whatever it is opened with; the ticket's number and subject are its notification.
        root, *rest = render.parts(first) or [render.title(title)]
        root = replace(root, text=render.shown(title))
        found = Found()
        ts = await self._recall_root(channel, key, recall) if recall is not None else None
        if ts is None:
            ts = await self.say(channel, None, root, key, 0)
        else:
            found = await self._recall_parts(channel, ts, key, ts)
        newest = ts
        for number, part in enumerate(rest, start=1):
            newest = found.parts.get(number) or await self.say(channel, ts, part, key, number)
        await self._share(channel, ts, first, newest, found)
        return Opened(thread_ref(self._name, channel, ts), message_ref(self._name, channel, ts))

    async def post(self, thread: ThreadRef, post: Post, *, key: str, recall: Recall | None) -> tuple[MessageRef, ...]:
        at = spot(thread)
        found = Found()
        floor = at.ts
        if recall is not None:
            floor = spot(recall.after).ts if recall.after is not None else at.ts
            found = await self._recall_parts(at.channel, at.ts, key, floor)
        refs: list[MessageRef] = []
        newest = floor
        for number, part in enumerate(render.parts(post)):
            newest = found.parts.get(number) or await self.say(at.channel, at.ts, part, key, number)
            refs.append(message_ref(self._name, at.channel, newest))
        shared = await self._share(at.channel, at.ts, post, newest, found)
        return (*refs, *shared)

    async def edit(self, message: MessageRef, post: Post) -> None:
        at = spot(message)
        parts = render.parts(post)
        if at.files or not parts:
            raise Rejected("a message of files alone has no words to edit")
        await self._update(at.channel, at.ts, parts[0])

    async def revise(
        self, thread: ThreadRef, parts: Sequence[MessageRef], post: Post, *, key: str, recall: Recall | None
    ) -> tuple[MessageRef, ...]:
        at = spot(thread)
        worded = [part for part in parts if not spot(part).files]
        shared = [part for part in parts if spot(part).files]
        wanted = render.parts(post)
        found = Found()
        if recall is not None and len(wanted) > len(worded):
            floor = spot(recall.after).ts if recall.after is not None else at.ts
            found = await self._recall_parts(at.channel, at.ts, key, floor)
        kept = worded[: len(wanted)]
        for ref, part in zip(kept, wanted, strict=False):
            await self._update(at.channel, spot(ref).ts, part)
        for number, part in enumerate(wanted[len(kept) :], start=len(kept)):
            ts = found.parts.get(number) or await self.say(at.channel, at.ts, part, key, number)
            kept.append(message_ref(self._name, at.channel, ts))
        for surplus in worded[len(wanted) :]:
            await self.delete(surplus)
        return (*kept, *shared)

    async def delete(self, message: MessageRef) -> None:
        at = spot(message)
        if at.files:
            await files.delete(self._api, at.files)
            return
        try:
            await asked(self._api.web.chat_delete(channel=at.channel, ts=at.ts))
        except Gone:
            return

    # --- one call each ------------------------------------------------------------------------------------------

    async def _place(self, where: PlaceRef | AccountRef) -> str:
        if not isinstance(where, AccountRef):
            return where.key
        answer = await asked(self._api.web.conversations_open(users=where.key))
        return str(answer["channel"]["id"])

    async def say(self, channel: str, thread_ts: str | None, part: Part, key: str, number: int) -> str:
        answer = await asked(
            self._api.web.chat_postMessage(
                channel=channel,
                thread_ts=thread_ts,
                text=part.text,
                blocks=part.blocks,
                metadata={"event_type": EVENT_TYPE, "event_payload": {"key": key, "part": number}},
                unfurl_links=False,
                unfurl_media=False,
            )
        )
        return str(answer["ts"])

    async def _update(self, channel: str, ts: str, part: Part) -> None:
        await asked(self._api.web.chat_update(channel=channel, ts=ts, text=part.text, blocks=part.blocks))

    async def share(self, channel: str, root: str | None, post: Post) -> tuple[MessageRef, ...]:
        """The post's files, which were surely not shared before."""
        return await self._share(channel, root, post, f"{self._clock():.6f}", Found())

    async def _share(
        self, channel: str, root: str | None, post: Post, floor: str, found: Found
    ) -> tuple[MessageRef, ...]:
        """The post's files, as many in a message as Slack shows, unless an earlier attempt has shared them after
        `floor` already.
        """
        earlier = [share for share in found.shares if order(share["ts"]) > order(floor)]
        refs: list[MessageRef] = []
        for start in range(0, len(post.files), FILES_PER_MESSAGE):
            group = post.files[start : start + FILES_PER_MESSAGE]
            names = sorted(file.name for file in group)
            share = next((entry for entry in earlier if _names(entry) == names), None)
            if share is not None:
                earlier.remove(share)
                ids = tuple(str(entry["id"]) for entry in share["files"])
            else:
                ids = await files.send(self._api, channel, root, group)
            refs.append(message_ref(self._name, channel, floor, ids))
        return tuple(refs)

    # --- recognising an earlier attempt -------------------------------------------------------------------------

    async def _recall_root(self, channel: str, key: str, recall: Recall) -> str | None:
        since = f"{self._clock() - RECALL_WINDOW:.6f}"
        oldest = spot(recall.after).ts if recall.after is not None else since
        return (await self.recall_said(channel, key, oldest)).get(0)

    async def recall_said(self, channel: str, key: str, oldest: str) -> dict[int, str]:
        """The parts of a post with this key that stand in the channel itself since then, by number."""
        found: dict[int, str] = {}
        cursor = ""
        for _ in range(RECALL_PAGES):
            answer = await asked(
                self._api.web.conversations_history(
                    channel=channel, oldest=oldest, limit=PAGE, cursor=cursor or None, include_all_metadata=True
                )
            )
            for message in answer.get("messages") or ():
                if (number := _number(message, key)) is not None:
                    found[number] = str(message["ts"])
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor or 0 in found:
                break
        return found

    async def _recall_parts(self, channel: str, root: str, key: str, floor: str) -> Found:
        found = Found()
        me = self._me()
        async for message in self.replies(channel, root, floor):
            number = _number(message, key)
            if number is not None:
                found.parts.setdefault(number, str(message["ts"]))
            elif message.get("files") and me is not None and me.user == message.get("user"):
                found.shares.append(message)
        return found

    async def replies(
        self, channel: str, root: str, after: str, *, metadata: bool = True
    ) -> AsyncGenerator[dict[str, Any], None]:
        """The thread's messages after that time stamp, oldest first. The root comes with every page: it is left out
        unless `after` is before it.
        """
        cursor = ""
        last = order(after)
        while True:
            answer = await asked(
                self._api.web.conversations_replies(
                    channel=channel,
                    ts=root,
                    oldest=after,
                    limit=PAGE,
                    cursor=cursor or None,
                    include_all_metadata=metadata,
                )
            )
            for message in answer.get("messages") or ():
                ts = order(str(message["ts"]))
                if ts > last:
                    last = ts
                    yield message
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return


def _names(share: dict[str, Any]) -> list[str]:
    return sorted(str(entry.get("name")) for entry in share["files"])


def _number(message: dict[str, Any], key: str) -> int | None:
    """Which part of the post with this key it is; None where it is none."""
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    if metadata.get("event_type") != EVENT_TYPE or payload.get("key") != key:
        return None
    number = payload.get("part")
    return number if isinstance(number, int) else None
