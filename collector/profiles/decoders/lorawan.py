"""LoRaWAN devices behind ChirpStack 4 or The Things Stack 3, read by one profile on either network.

What the profile's paths and conditions see is described in collector/profiles/lorawan/uplink.py. The decoded values
stand under `object`: those of the network's codec, and for what it does not give those of the profile's `layout`.
Points with a time of their own are read by the same paths: `[object, temperature]` is also the temperature of a point.

Joins, acknowledgements, errors and uplinks that someone simulated are passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from collector.errors import MessageError
from collector.profiles.decoder import Decoder, Record, Unreadable, elements, parse_json
from collector.profiles.lorawan import chirpstack, things_stack
from collector.profiles.lorawan.uplink import Document
from collector.profiles.profile import Points, Profile
from collector.profiles.rules import MetricRule

_READ = frozenset({"up", "status"})
# A codec may give any unit: what nobody has described is kept, but not believed.


class LorawanDecoder(Decoder):
    own_time = True
    reads_bytes = True
    values_at = ("object",)
    defaults: ClassVar[Mapping[str, Any]] = {
        "match": [
            {"topic": "application/{application}/device/{dev_eui}/event/up"},
            {"topic": "application/{application}/device/{dev_eui}/event/status"},
            {"topic": "v3/{application}/devices/{device}/up"},
        ],
        "device_id": "{payload:eui}",
        "source_name": "{payload:name}",
        # Most sensors speak every 10 or 20 minutes, and some of what they say is never heard.
        "expect": {"every_s": 1200, "stale_after_s": 7200},
    }
    always = (
        MetricRule("uplink_counter", ("counter",), "count", optional=True),
        MetricRule("signal_strength", ("rssi",), "dBm", optional=True),
        MetricRule("signal_to_noise", ("snr",), "dB", optional=True),
        MetricRule("battery", ("battery",), "%", optional=True),
    )

    def read(self, parts: Mapping[str, str], payload: bytes) -> Document:  # noqa: ARG002
        try:
            message = parse_json(payload)
        except MessageError as error:
            raise chirpstack.unreadable(payload) or error from None
        if isinstance(message, dict):
            if chirpstack.is_ours(message):
                return chirpstack.read(message)
            if things_stack.is_ours(message):
                return things_stack.read(message)
        raise MessageError(
            "bad_format",
            "neither an event of ChirpStack 4 (with deviceInfo) nor of The Things Stack 3 (with end_device_ids)",
        )

    def records(
        self, profile: Profile, parts: Mapping[str, str], content: Document  # noqa: ARG002
    ) -> Iterable[Record | Unreadable]:  # fmt: skip
        if content["event"] not in _READ:
            return
        content, fault = _with_layout(profile, content)
        if not profile.points or any(listed.beside for listed in profile.points):
            yield Record(content, content.get("time"))
        for listed in profile.points:
            yield from _points(profile, listed, content)
        if fault:
            yield Unreadable(fault)


DECODER = LorawanDecoder()


def _with_layout(profile: Profile, content: Document) -> tuple[Document, str]:
    """With the values of the device's own bytes that the network's codec does not give, and what could not be read."""
    if profile.layout is None or not content.get("bytes"):
        return content, ""
    found, fault = profile.layout.read(content["port"], bytes(content["bytes"]))
    if "object" in content:
        # What the network could read is no fault.
        return {**content, "object": {**found, **content["object"]}}, ""
    return ({**content, "object": found} if found else content), fault


def _points(profile: Profile, listed: Points, content: Document) -> Iterator[Record | Unreadable]:
    for found in elements(profile, listed, content):
        if isinstance(found, Unreadable):
            yield found
        else:
            time = found.time if listed.time else content.get("time")
            # How it was heard belongs to the message, not to what the device had kept.
            made = Record({"object": found.point}, time)
            yield made._replace(unit=found.unit, point=found.point)
