"""A stock paho subscriber that only counts, in the best light: one thread, its own loop, acknowledging by itself.

`python -m tests.load.paho_subscriber --help`; it prints what `tests.load.subscriber` prints.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from dataclasses import asdict
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.load.payloads import FILTER
from tests.load.subscriber import Counted, cpu_seconds


class PahoSubscriber:
    """Subscribed when it is made."""

    def __init__(self, port: int, *, client_id: str = "paho-counts", clean: bool = True, v5: bool = False) -> None:
        protocol = MQTTProtocolVersion.MQTTv5 if v5 else MQTTProtocolVersion.MQTTv311
        made: dict[str, Any] = {} if v5 else {"clean_session": clean}
        connected: dict[str, Any] = {"clean_start": clean, "properties": _session(clean)} if v5 else {}
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=protocol, **made)
        self._client.on_connect = lambda client, *_: client.subscribe(FILTER, 1)
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._subscribed = False
        self._seen = 0
        self._started = 0.0
        self._client.connect("127.0.0.1", port, **connected)
        while not self._subscribed:
            self._client.loop(0.05)

    def run(self, count: int) -> Counted:
        cpu = cpu_seconds()
        while self._seen < count:
            self._client.loop(0.05)
        ended = time.time()
        seconds = max(ended - self._started, 1e-9)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return Counted(
            self._seen, seconds, self._seen / seconds, cpu_seconds() - cpu, peak, self._started, ended
        )  # fmt: skip

    def close(self) -> None:
        self._client.disconnect()
        while self._client.loop(0.05) == paho.MQTT_ERR_SUCCESS:
            pass

    def _on_subscribe(self, *_: object) -> None:
        self._subscribed = True

    def _on_message(self, *_: object) -> None:
        if not self._seen:
            self._started = time.time()
        self._seen += 1


def _session(clean: bool) -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.ReceiveMaximum = 65_535
    properties.SessionExpiryInterval = 0 if clean else 3_600
    return properties


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--client-id", default="paho-counts")
    parser.add_argument("--persistent", action="store_true", help="keep the session on the broker")
    parser.add_argument("--v5", action="store_true", help="MQTT 5 instead of 3.1.1")
    given = parser.parse_args()
    subscriber = PahoSubscriber(given.port, client_id=given.client_id, clean=not given.persistent, v5=given.v5)
    print("READY", flush=True)
    counted = subscriber.run(given.count)
    subscriber.close()
    print(json.dumps(asdict(counted)), flush=True)


if __name__ == "__main__":
    main()
