"""A TCP proxy of ours that breaks what passes through it, in every way that a network breaks things.

It runs in a thread of its own; everything can be changed while it runs. With `http=True` (the default) it knows
requests: then answers can be canned, halved or lost. With `http=False` it carries any protocol.

    with FaultProxy(server.port) as proxy:
        proxy.throttle(up=6_250, down=6_250)
        proxy.lose("POST /api/v1/inspections/", times=1)
        proxy.cut()
"""

from tests.faultproxy.proxy import FaultProxy

__all__ = ["FaultProxy"]
