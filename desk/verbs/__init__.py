"""What people do to tickets: each verb a plain function over a transaction, all or nothing.

A verb checks the right to do it, moves the ticket, records one event and owes it to the threads that must hear.
"""

from desk.verbs.acting import Actor
from desk.verbs.assigning import assign_newcomer, candidates, come_back, go_away
from desk.verbs.delivering import (
    delivery_failed,
    drop_deliveries,
    place_closed,
    place_open,
    retry_deliveries,
    thread_replaced,
    try_again,
)
from desk.verbs.erasing import ERASED, Footprint, erase, footprint, given
from desk.verbs.fields import FIELD_LIMIT, checked_values, set_fields
from desk.verbs.handling import (
    REASON_LIMIT,
    STARS,
    assign,
    claim,
    close,
    rate,
    reopen,
    set_priority,
    set_status,
    set_tags,
)
from desk.verbs.incoming import IncomingMessage, IncomingTicket, Source, know, take_in
from desk.verbs.joining import answer_all, link_parent, merge, split, to_split
from desk.verbs.linking import (
    CODE_LENGTH,
    CODE_LIVES,
    CODE_SIGNS,
    GUESSES,
    Offer,
    continue_here,
    guess,
    is_linked,
    link,
    offer_link,
    offered,
    unlink,
)
from desk.verbs.moving import move
from desk.verbs.opening import DESCRIPTION_LIMIT, SUBJECT_LIMIT, Draft, checked, open_ticket
from desk.verbs.talking import add_note, answer, edit, open_internal_talk, say, withdraw
from desk.verbs.tending import close_after_silence, drop_attachments, let_attachments_go, warn_of_silence
from desk.verbs.threading import add_follower, follow, unfollow
from desk.verbs.transcripts import keep_transcript, may_read

__all__ = [
    "CODE_LENGTH",
    "CODE_LIVES",
    "CODE_SIGNS",
    "DESCRIPTION_LIMIT",
    "ERASED",
    "FIELD_LIMIT",
    "GUESSES",
    "REASON_LIMIT",
    "STARS",
    "SUBJECT_LIMIT",
    "Actor",
    "Draft",
    "Footprint",
    "IncomingMessage",
    "IncomingTicket",
    "Offer",
    "Source",
    "add_follower",
    "add_note",
    "answer",
    "answer_all",
    "assign",
    "assign_newcomer",
    "candidates",
    "checked",
    "checked_values",
    "claim",
    "close",
    "close_after_silence",
    "come_back",
    "continue_here",
    "delivery_failed",
    "drop_attachments",
    "drop_deliveries",
    "edit",
    "erase",
    "follow",
    "footprint",
    "given",
    "go_away",
    "guess",
    "is_linked",
    "keep_transcript",
    "know",
    "let_attachments_go",
    "link",
    "link_parent",
    "may_read",
    "merge",
    "move",
    "offer_link",
    "offered",
    "open_internal_talk",
    "open_ticket",
    "place_closed",
    "place_open",
    "rate",
    "reopen",
    "retry_deliveries",
    "say",
    "set_fields",
    "set_priority",
    "set_status",
    "set_tags",
    "split",
    "take_in",
    "thread_replaced",
    "to_split",
    "try_again",
    "unfollow",
    "unlink",
    "warn_of_silence",
    "withdraw",
]
