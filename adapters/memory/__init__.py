"""A network in this process: a whole channel for stories and tests, with its people, forms and faults."""

from adapters.memory.channel import TRAITS, MemoryChannel
from adapters.memory.network import MemoryNetwork
from adapters.memory.people import NotPossible, People
from adapters.memory.screens import Sorry

__all__ = ["TRAITS", "MemoryChannel", "MemoryNetwork", "NotPossible", "People", "Sorry"]
