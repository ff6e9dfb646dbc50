"""One plain value a topic, as scripts, PLC gateways and Node-RED flows send it: `plant/et1/ph` -> `7.02`."""

from __future__ import annotations

from collector.profiles.plain_value import PlainValueDecoder

DECODER = PlainValueDecoder()
