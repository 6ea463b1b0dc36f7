"""The stand-ins in a browser: Slack's workspace and Discord's server side by side, drawn from what the bot sent."""

from sandbox.page.server import Page, Stage

__all__ = ["Page", "Stage"]
