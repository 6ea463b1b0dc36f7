"""Discord as the desk meets it: the channel port over discord.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.discord import errors, render
from adapters.discord.answers import Answers, Words
from adapters.discord.connection import FIRST_PAUSE, IDENTIFY_EVERY, Connection
from adapters.discord.files import Files
from adapters.discord.hearing import Hearing
from adapters.discord.inbound import Inbound
from adapters.discord.opening import HOUR, WEEK, Opening
from adapters.discord.posting import Posting
from adapters.discord.profiles import Profiles
from adapters.discord.reaching import Reaching
from adapters.discord.refs import id_of, is_id, message_ref, spot, thread_ref
from adapters.discord.rest import Rest
from adapters.port import ChannelError, Opened, Rejected, Traits
from desk.model import AccountRef

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Sequence

    from adapters.discord.config import DiscordConfig, DiscordServer
    from adapters.port import FileIn, Listener, Profile, Quote, Recall, Said
    from adapters.ui import Command, MenuEntry, Post
    from desk.model import MessageRef, PlaceRef, ThreadRef

TRAITS = Traits(
    text_limit=2000,
    file_limit=10 * 1024 * 1024,  # a server without boosts
    files_per_post=10,
    fields_per_form=5,
    choices=25,
    answer_within=3.0,
    search_in_forms=False,
)
DEFER_AFTER = 2.0  # seconds of Discord's three
RETRY_PAUSES = (0.5, 2.0, 5.0)  # seconds between attempts to hand over what was said


class DiscordChannel:
    """One bot in one server: that of `config`, or another `server` that shares its `connection`.

    `sorry` words, for a locale, that something did not work; `expired` that a form which
    was to be opened again is not kept any more (`sorry` where it is not given); `nothing_found` that a search found
    nothing and other words may be tried, `to_search` what to type in order to find.
    """

    def __init__(
        self,
        config: DiscordConfig,
        token: str,
        *,
        name: str = "discord",
        server: DiscordServer | None = None,
        connection: Connection | None = None,
        sorry: Callable[[str], str] = lambda _: "That did not work. Please try again.",
        expired: Callable[[str], str] | None = None,
        nothing_found: Callable[[str], str] = lambda _: "Nothing was found. Please try other words.",
        to_search: Callable[[str], str] = lambda _: "A part of it is enough. Leave it empty to see the first ones.",
        no_direct: Callable[[str], str] = lambda _: "I cannot write to you directly. Please use a command.",
        defer_after: float = DEFER_AFTER,
        retry_pauses: Sequence[float] = RETRY_PAUSES,
        first_pause: float = FIRST_PAUSE,
        identify_every: float = IDENTIFY_EVERY,
    ) -> None:
        server = server or config
        self._name = name
        self._guild = server.guild
        self.connection = connection or Connection(
            config, token, name=name, first_pause=first_pause, identify_every=identify_every
        )
        self._rest = Rest(self.connection.line, server.guild)
        self._profiles = Profiles(self._rest, server.guild, config.cdn_url)
        self._files = Files(self._rest, config)
        self._posting = Posting(self._rest)
        self._opening = Opening(self._rest, self._posting, server.guild, server.help_channel)
        self._reaching = Reaching(
            name, self._rest, self._posting, self._profiles, self._files, guild=server.guild, api_url=config.api_url
        )
        words = Words(sorry, expired or sorry, nothing_found, to_search, no_direct)
        answers = Answers(self._rest, words, defer_after=defer_after)
        self._hearing = Hearing(
            name, server.guild, self._profiles, self._files, self._reaching, answers, words, retry_pauses=retry_pauses
        )
        self.connection.join(server.guild, self._hearing)

    def __repr__(self) -> str:
        return f"DiscordChannel({self._name!r}, server {self._guild})"

    @property
    def name(self) -> str:
        return self._name

    @property
    def traits(self) -> Traits:
        return TRAITS

    # --- listening ----------------------------------------------------------------------------------------------

    async def run(self, listener: Listener, commands: Sequence[Command], menu: Sequence[MenuEntry] = ()) -> None:
        """Listen until cancelled; calls to Discord can go on after that, until `close`."""
        self._hearing.to(listener, menu)
        try:
            await self.connection.run(self._hearing, commands, menu)
        finally:
            await self._hearing.close()

    # --- saying -------------------------------------------------------------------------------------------------

    async def open_thread(
        self, where: PlaceRef | AccountRef, title: str, first: Post, *, key: str, recall: Recall | None
    ) -> Opened:
        parts = render.post(first)
        if isinstance(where, AccountRef):
            begun = await self._opening.for_person(id_of(where), title, parts, key=key, recall=recall)
        else:
            begun = await self._opening.in_place(id_of(where), title, parts, key=key, recall=recall)
        card = message_ref(self._name, begun.card_channel, begun.card)
        return Opened(thread_ref(self._name, begun.thread), card)

    async def post(self, thread: ThreadRef, post: Post, *, key: str, recall: Recall | None) -> tuple[MessageRef, ...]:
        ids = await self._posting.post(id_of(thread), render.post(post), key=key, recall=recall)
        return self._refs(thread, ids)

    async def edit(self, message: MessageRef, post: Post) -> None:
        first, *rest = render.post(post)
        if rest and any(part.payload["content"] for part in rest):
            raise Rejected("a card's message has no room for so many words")
        at = spot(message)
        await self._posting.edit(at.channel, at.message, first.payload)

    async def revise(
        self, thread: ThreadRef, parts: Sequence[MessageRef], post: Post, *, key: str, recall: Recall | None
    ) -> tuple[MessageRef, ...]:
        return self._refs(thread, await self._posting.revise(id_of(thread), parts, post, key=key, recall=recall))

    async def delete(self, message: MessageRef) -> None:
        at = spot(message)
        self._hearing.deleting(at.message)
        await self._posting.delete(at.channel, at.message)

    async def announce(self, place: PlaceRef, post: Post, *, key: str, pin: bool = False) -> MessageRef:
        channel = id_of(place)
        said = await self._reaching.announce(channel, render.post(post), key=key, pin=pin)
        return message_ref(self._name, channel, said)

    async def whisper(
        self, account: AccountRef, post: Post, *, key: str, near: MessageRef | None = None, again: bool = False
    ) -> MessageRef | None:
        del near  # on Discord only an answer to somebody's own doing can be for their eyes alone
        del again  # Discord recognises the nonce of a repetition by itself
        return await self._reaching.whisper(id_of(account), render.post(post), key=key)

    async def quote(self, message: MessageRef) -> Quote:
        return await self._reaching.quote(message, Inbound(self._name, self._rest.me), self._hearing.known_guild())

    def link(self, ref: MessageRef | ThreadRef) -> str:
        return self._reaching.link(ref)

    async def close_thread(self, thread: ThreadRef, *, closed: bool) -> None:
        """Silence puts it away within the hour then, not within the week, and it is not locked: stars are given in it
        meanwhile, and a reply of the client's brings it back. A server has a limit of threads that are not put away.
        """
        change = {"auto_archive_duration": HOUR} if closed else {"auto_archive_duration": WEEK, "archived": False}
        try:
            await self._rest.ask("PATCH", "/channels/{channel_id}", json=change, channel_id=id_of(thread))
        except ChannelError as error:
            # A thread that is put away takes no change but to be taken out.
            if not closed or errors.code_of(error) != errors.ARCHIVED:
                raise

    def _refs(self, thread: ThreadRef, ids: Sequence[str]) -> tuple[MessageRef, ...]:
        return tuple(message_ref(self._name, id_of(thread), entry) for entry in ids)

    # --- asking -------------------------------------------------------------------------------------------------

    async def history(self, thread: ThreadRef, after: str) -> AsyncIterator[Said]:
        channel = id_of(thread)
        mark = after.rpartition(":")[2] or "0"
        if not is_id(mark):
            raise Rejected(f"{after!r} is no message of Discord's")
        async for message in self._posting.messages(channel, mark):
            if said := self._hearing.said(message, channel):
                yield said

    def forget(self, person: str) -> None:
        """Roles come with whatever somebody does; a name is not asked for more often for this."""
        self._profiles.forget(person)

    async def members(self, ids: Collection[str]) -> Sequence[AccountRef]:
        return tuple(AccountRef(self._name, user) for user in await self._profiles.bearing(ids))

    async def not_to_disturb(self, accounts: Sequence[AccountRef]) -> frozenset[AccountRef]:
        """Discord tells a bot only with the intent for presences, which the desk does not ask for."""
        del accounts
        return frozenset()

    async def profile(self, account: AccountRef) -> Profile:
        return await self._profiles.of(id_of(account))

    def read(self, file: FileIn) -> AsyncIterator[bytes]:
        return self._files.read(file)

    @property
    def host(self) -> str:
        return self.connection.host

    async def answers(self) -> bool:
        return await self.connection.answers()

    async def is_up_to_date(self) -> bool:
        """Nobody else hears what this instance hears."""
        return True

    async def health(self) -> str:
        return self._hearing.health

    async def close(self) -> None:
        await self._hearing.close()
        await self.connection.close(self._hearing)
        await self._files.close()
