"""What the desk says: posts in as many messages as they take, each stamped with its post's key and number."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from adapters.markdown import parse, parts, write
from adapters.port import Denied, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from adapters.memory.network import Line, MemoryNetwork, Room
    from adapters.port import Traits
    from adapters.ui import FileOut, Post
    from desk.model import AccountRef, MessageRef, PlaceRef, ThreadRef


@dataclass(frozen=True, slots=True)
class Part:
    """One message of a post: `shown` has its words, `files` are those to be read and sent with it."""

    shown: Post | None  # None: files alone
    files: tuple[FileOut, ...] = ()


class Posting:
    """Posts on one network."""

    def __init__(self, network: MemoryNetwork, traits: Traits) -> None:
        self._network = network
        self._traits = traits

    def opened(self, where: PlaceRef | AccountRef, key: str) -> Room | None:
        """The thread that an earlier attempt with this key has opened."""
        rooms = self._network.rooms.values()
        return next((room for room in rooms if room.key == key and where in (room.place, room.person)), None)

    async def post(self, thread: ThreadRef, post: Post, *, key: str, again: bool) -> tuple[MessageRef, ...]:
        """`again`: parts that were said with this key already are recognised."""
        return await self._say_all(thread, enumerate(self._parts(post)), key=key, again=again)

    async def edit(self, message: MessageRef, post: Post) -> None:
        wanted = [part.shown for part in self._parts(post) if part.shown]
        if len(wanted) != 1:
            raise Rejected("one message shows exactly one part")
        async with self._network.call("edit"):
            self._show(self._own(message), wanted[0])

    async def revise(
        self, thread: ThreadRef, refs: Sequence[MessageRef], post: Post, *, key: str, again: bool
    ) -> tuple[MessageRef, ...]:
        wanted = [part.shown for part in self._parts(post) if part.shown]
        kept = []
        for ref, shown in zip(refs, wanted, strict=False):
            async with self._network.call("edit"):
                self._show(self._own(ref), shown)
            kept.append(ref)
        for ref in refs[len(wanted) :]:
            async with self._network.call("delete"):
                line = self._network.room(ref).lines.get(ref.key)
                if line is not None and line.files:
                    line.body, line.byline, line.mark, line.card = "", None, "", None
                    kept.append(ref)
                elif line is not None:
                    del self._network.room(ref).lines[ref.key]
                self._network.changed()
        more = [(number, Part(shown)) for number, shown in enumerate(wanted)][len(refs) :]
        kept += await self._say_all(thread, more, key=key, again=again)
        return tuple(kept)

    # --- one message each ---------------------------------------------------------------------------------------

    async def _say_all(
        self, thread: ThreadRef, numbered: Iterable[tuple[int, Part]], *, key: str, again: bool
    ) -> tuple[MessageRef, ...]:
        refs = []
        for number, part in numbered:
            found = self._said(thread, key, number) if again else None
            refs.append((found or await self._say(thread, part, key, number)).ref)
        return tuple(refs)

    async def _say(self, thread: ThreadRef, part: Part, key: str, number: int) -> Line:
        contents = [self._content(file) for file in part.files]
        async with self._network.call("say"):
            room = self._network.room(thread)
            files = tuple(
                self._network.store(file.name, file.media_type, content)
                for file, content in zip(part.files, contents, strict=True)
            )
            line = self._network.add(room, None, "", files)
            line.stamp = (key, number)
            if part.shown is not None:
                self._show(line, part.shown, edited=False)
        return line

    def _content(self, file: FileOut) -> bytes:
        if file.size > self._traits.file_limit:
            raise Rejected(f"{file.name!r} has {file.size} bytes, {self._traits.file_limit} allowed")
        try:
            return file.path.read_bytes()
        except OSError as error:
            raise Rejected(f"the stored file {file.name!r} cannot be read: {error}") from error

    def _show(self, line: Line, shown: Post, *, edited: bool = True) -> None:
        line.body, line.byline, line.mark = shown.body, shown.author, shown.mark
        line.card, line.quiet, line.edited = shown.card, shown.quiet, edited
        self._network.changed()

    def _own(self, message: MessageRef) -> Line:
        line = self._network.line(message)
        if line.author is not None:
            raise Denied("somebody else's message")
        return line

    def _said(self, thread: ThreadRef, key: str, number: int) -> Line | None:
        lines = self._network.room(thread).lines.values()
        return next((line for line in lines if line.stamp == (key, number)), None)

    def _parts(self, post: Post) -> list[Part]:
        """The card with the first, the author's name over the first, files from the last words on."""
        limit, most = self._traits.text_limit, self._traits.files_per_post
        bodies = [post.body] if len(post.body) <= limit else [write(part) for part in parts(parse(post.body), limit)]
        groups = [post.files[start : start + most] for start in range(0, len(post.files), most)]
        if not post.body and post.card is None and post.author is None:
            return [Part(None, group) for group in groups]
        made = []
        for number, body in enumerate(bodies):
            first, last = number == 0, number == len(bodies) - 1
            shown = replace(
                post,
                body=body,
                card=post.card if first else None,
                author=post.author if first else None,
                mark=post.mark if first else "",
            )
            made.append(Part(shown, groups[0] if groups and last else ()))
        return [*made, *(Part(None, group) for group in groups[1:])]
