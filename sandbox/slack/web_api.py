"""The Web API: each method a function of the workspace, refused as Slack refuses (docs.slack.dev/reference/methods)."""

from __future__ import annotations

from sandbox.slack import web_conversations, web_messages, web_views  # noqa: F401 - they enter their methods in the table
from sandbox.slack.methods import METHODS

__all__ = ["METHODS"]
