"""Discord behind the channel port: discord.py for the gateway, REST and rate limits; the rest is translation."""
