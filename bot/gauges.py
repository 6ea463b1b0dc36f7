"""What the desk counts while it works, for Prometheus: `/metrics`. Nothing in it names a person or a ticket."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from datetime import timedelta

    from adapters.port import Answer, Heard, Listener
    from bot.condition import Look

QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)  # seconds; Slack and Discord wait for three
SLOW = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 3600.0)  # seconds


class Gauges:
    """One desk's, with a registry of its own."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._heard = Histogram(
            "helpthread_handling_seconds",
            "From hearing something on a network to its being durable.",
            ("network", "kind"),
            registry=registry,
            buckets=QUICK,
        )
        self._unhandled = Counter(
            "helpthread_unhandled_total",
            "What was heard and could not be handled: the network delivers it again, or the person was told.",
            ("network", "kind"),
            registry=registry,
        )
        self._delivered = Histogram(
            "helpthread_delivery_seconds",
            "From an event to its being shown in a thread that must hear of it.",
            ("network",),
            registry=registry,
            buckets=SLOW,
        )
        self._arrived: dict[str, Histogram] = {}  # by network
        self._setbacks = Counter(
            "helpthread_delivery_setbacks_total",
            "Attempts that did not succeed, by what came of them: postponed, or buried for good.",
            ("network", "outcome"),
            registry=registry,
        )
        self._connected = Gauge(
            "helpthread_network_connected", "Whether the network is being heard.", ("network",), registry=registry
        )
        self._database = Gauge("helpthread_database_up", "Whether the database answers.", registry=registry)
        self._owed = Gauge("helpthread_deliveries_owed", "Deliveries in the outbox.", registry=registry)
        self._lag = Gauge(
            "helpthread_relay_lag_seconds", "How long the oldest delivery in the outbox is owed.", registry=registry
        )

    def listening(self, network: str, listener: Listener) -> Listener:
        """The same listener, counted and timed."""
        timed: dict[type[Heard], Histogram] = {}  # each message passes here: looked up once a kind

        async def counted(heard: Heard) -> Answer:
            kind, begun = type(heard), perf_counter()
            try:
                answer = await listener(heard)
            except Exception:
                self._unhandled.labels(network, kind.__name__.lower()).inc()
                raise
            histogram = timed.get(kind)
            if histogram is None:
                histogram = timed[kind] = self._heard.labels(network, kind.__name__.lower())
            histogram.observe(perf_counter() - begun)
            return answer

        return counted

    def delivered(self, network: str, after: timedelta) -> None:
        """A delivery has arrived, so long after what it tells of."""
        histogram = self._arrived.get(network)
        if histogram is None:
            histogram = self._arrived[network] = self._delivered.labels(network)
        histogram.observe(after.total_seconds())

    def set_back(self, network: str, outcome: str) -> None:
        """An attempt did not succeed: "postponed" or "buried"."""
        self._setbacks.labels(network, outcome).inc()

    def text(self, look: Look) -> bytes:
        """All of it, with how the desk is now, in Prometheus's text format."""
        for network, state in look.networks.items():
            self._connected.labels(network).set(state == "connected")
        self._database.set(look.backlog is not None)
        if look.backlog is not None:
            self._owed.set(look.backlog.owed)
            self._lag.set(look.backlog.seconds)
        return generate_latest(self._registry)
