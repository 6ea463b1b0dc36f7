"""All routes of the REST API: the modules that register them, gathered."""

from __future__ import annotations

from sandbox.discord import reactions, rest, rest_commands, rest_threads
from sandbox.discord.rest import ROUTES

MODULES = (rest, rest_threads, reactions, rest_commands)

__all__ = ["MODULES", "ROUTES"]
