"""What people do to tickets: each verb a plain function over a transaction, all or nothing.

A verb checks the right to do it, moves the ticket, records one event and owes it to the threads that must hear.
"""

from desk.verbs.acting import Actor
from desk.verbs.delivering import delivery_failed, try_again
from desk.verbs.handling import STARS, claim, close, rate, reopen
from desk.verbs.linking import (
    CODE_LENGTH,
    CODE_LIVES,
    CODE_SIGNS,
    GUESSES,
    Offer,
    continue_here,
    guess,
    link,
    offer_link,
    offered,
    unlink,
)
from desk.verbs.opening import DESCRIPTION_LIMIT, SUBJECT_LIMIT, Draft, checked, open_ticket
from desk.verbs.talking import add_note, edit, open_internal_talk, say, withdraw
from desk.verbs.transcripts import keep_transcript, may_read

__all__ = [
    "CODE_LENGTH",
    "CODE_LIVES",
    "CODE_SIGNS",
    "DESCRIPTION_LIMIT",
    "GUESSES",
    "STARS",
    "SUBJECT_LIMIT",
    "Actor",
    "Draft",
    "Offer",
    "add_note",
    "checked",
    "claim",
    "close",
    "continue_here",
    "delivery_failed",
    "edit",
    "guess",
    "keep_transcript",
    "link",
    "may_read",
    "offer_link",
    "offered",
    "open_internal_talk",
    "open_ticket",
    "rate",
    "reopen",
    "say",
    "try_again",
    "unlink",
    "withdraw",
]
