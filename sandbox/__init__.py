"""Stand-ins for the networks, on loopback: Slack and Discord as the desk meets them, over real sockets.

Nothing here imports the desk, its adapters or the networks' SDKs: a stand-in speaks only the public wire
protocols, so it cannot agree with the adapters by accident.
"""
