"""config.toml: its keys, what they mean together, and mistakes in it as one line each; the secrets beside it."""

from bot.config.reading import ConfigError, load, secret
from bot.config.whole import Config, StorageSection

__all__ = ["Config", "ConfigError", "StorageSection", "load", "secret"]
