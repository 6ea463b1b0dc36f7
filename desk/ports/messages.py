"""Part of the transaction: messages, drafts, cards for everybody, transcripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from desk.model import (
        AccountRef,
        Attachment,
        Audience,
        KeptDraft,
        Kind,
        Message,
        MessageRef,
        PlaceRef,
        Thread,
        Transcript,
        Version,
    )


class Messages(Protocol):
    """See `desk.ports.Transaction`."""

    # --- messages -------------------------------------------------------------------------------------------

    def add_message(
        self,
        *,
        ticket: int,
        author_id: int,
        kind: Kind,
        body: str,
        by: Audience,
        thread_id: int | None,
        origin: MessageRef | None,
        attachments: Sequence[Attachment],
    ) -> Message | None:
        """A new message, or None where this `origin` is already known (a redelivery)."""

    def message(self, message_id: int) -> Message:
        """The newest version. KeyError where there is none."""

    def message_from(self, origin: MessageRef) -> Message | None:
        """The message that was said there on the network, if it was recorded."""

    def lately_said(self, thread: Thread, *, limit: int) -> Sequence[tuple[MessageRef, Message]]:
        """The newest messages that were said in this thread where it is now, with their places there; oldest first."""

    def description(self, ticket: int) -> Message:
        """A ticket's first message. KeyError where the ticket has none."""

    def versions(self, message_id: int) -> Sequence[Version]:
        """All that it ever said, oldest first, the newest included. KeyError where there is none."""

    def add_version(self, message: Message, *, body: str) -> Message:
        """A newer version with this body, edited now; the older ones are kept."""

    def mark_deleted(self, message: Message) -> Message:
        """Withdrawn now; the words are kept in the record."""

    def messages(self, ticket: int) -> Sequence[Message]:
        """All messages of a ticket in their newest version, oldest first."""

    # --- drafts ---------------------------------------------------------------------------------------------

    def add_draft(self, draft: KeptDraft) -> KeptDraft:
        """Keep it, made now; gives it with its id."""

    def draft(self, draft_id: int, account: AccountRef) -> KeptDraft | None:
        """If it is still kept and is this account's."""

    def newest_draft(self, account: AccountRef, way: str, *, since: datetime) -> KeptDraft | None:
        """The newest that came this way since then."""

    def add_to_draft(self, draft: KeptDraft, *, body: str, attachments: Sequence[Attachment]) -> KeptDraft:
        """More words and files for it, below the others."""

    def drop_draft(self, draft: KeptDraft) -> None: ...

    # --- cards for everybody --------------------------------------------------------------------------------

    def pinned(self) -> Mapping[PlaceRef, tuple[MessageRef, str]]:
        """Where a card stands for everybody: its message, and the digest of what it shows."""

    def keep_pinned(self, place: PlaceRef, message: MessageRef, card: str) -> None: ...

    def forget_pinned(self, place: PlaceRef) -> None: ...

    # --- transcripts ----------------------------------------------------------------------------------------

    def add_transcript(
        self, *, ticket: int, asker_id: int, language: str, form: str, inside: bool, name: str, size: int, sha256: str
    ) -> Transcript:
        """Made now; its bytes are in the store already."""

    def transcript(self, transcript_id: int) -> Transcript:
        """KeyError where there is none."""
