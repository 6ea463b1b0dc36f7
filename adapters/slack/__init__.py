"""Slack: threads in channels and direct messages, slash commands, modals, over Socket Mode."""

from adapters.slack.channel import SlackChannel
from adapters.slack.config import EVENTS, SCOPES, SlackConfig, SlackTokens

__all__ = ["EVENTS", "SCOPES", "SlackChannel", "SlackConfig", "SlackTokens"]
