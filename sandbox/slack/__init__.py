"""A Slack workspace on loopback: Web API, Socket Mode and signed HTTP, with people to act in it."""

from sandbox.slack.server import SlackSandbox
from sandbox.slack.setup import SlackSetup

__all__ = ["SlackSandbox", "SlackSetup"]
