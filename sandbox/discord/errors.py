"""Discord's refusals: HTTP status, code and message (discord.com/developers/docs/topics/opcodes-and-status-codes)."""

from __future__ import annotations

from typing import Any

KNOWN: dict[int, tuple[int, str]] = {
    0: (401, "401: Unauthorized"),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10015: (404, "Unknown Webhook"),
    10087: (404, "Unknown tag"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    30003: (400, "Maximum number of pins reached for the channel (250)"),
    30010: (400, "Maximum number of reactions reached (20)"),
    30033: (400, "Maximum number of thread participants reached (1000)"),
    30034: (400, "Max number of daily application command creates has been reached (200)"),
    40067: (400, "A tag is required to create a forum post in this channel"),
    40005: (413, "Request entity too large"),
    40060: (400, "Interaction has already been acknowledged."),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50013: (403, "Missing Permissions"),
    50016: (400, "Provided too few or too many messages to delete. Must provide at least 2 and at most 100."),
    50034: (400, "A message provided was too old to bulk delete"),
    50024: (400, "Cannot execute action on this channel type"),
    50027: (401, "Invalid Webhook Token"),
    50033: (400, "Invalid recipient(s)"),
    50083: (400, "Thread is archived"),
    160004: (400, "A thread has already been created for this message"),
    160005: (400, "Thread is locked"),
    160006: (400, "Maximum number of active threads reached"),
}


class Refused(Exception):  # noqa: N818 - it is Discord's answer, not a fault
    """Discord says no."""

    def __init__(self, code: int, errors: dict[str, Any] | None = None) -> None:
        status, message = KNOWN.get(code, (400, "Invalid Form Body"))
        super().__init__(f"{code}: {message} {errors or ''}")
        self.status = status
        self.body: dict[str, Any] = {"message": message, "code": code}
        if errors:
            self.body["errors"] = errors


def invalid(found: list[tuple[str, str]]) -> None:
    """Refuse a form body for these (path, message) findings; nothing where there are none."""
    if found:
        raise Refused(50035, {path: {"_errors": [{"code": "INVALID", "message": message}]} for path, message in found})
