"""Slack behind the channel port: threads in channels and direct messages, slash commands, modals, over Socket Mode."""
