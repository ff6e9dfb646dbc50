"""Decoders by the name a profile gives. A new one is a file beside this, with a `DECODER` in it, and a line here."""

from __future__ import annotations

from collector.profiles.decoder import Decoder
from collector.profiles.decoders import (
    esphome,
    hj212,
    json,
    line_protocol,
    lorawan,
    plain,
    senml,
    shelly_gen1,
    shelly_gen2,
    sparkplug,
    tasmota,
    value,
    zigbee2mqtt,
)

DECODERS: dict[str, Decoder] = {
    "lorawan": lorawan.DECODER,
    "json": json.DECODER,
    "plain": plain.DECODER,
    "esphome": esphome.DECODER,
    "shelly_gen1": shelly_gen1.DECODER,
    "shelly_gen2": shelly_gen2.DECODER,
    "sparkplug": sparkplug.DECODER,
    "tasmota": tasmota.DECODER,
    "value": value.DECODER,
    "zigbee2mqtt": zigbee2mqtt.DECODER,
    "hj212": hj212.DECODER,
    "line_protocol": line_protocol.DECODER,
    "senml": senml.DECODER,
    "senml_cbor": senml.CBOR_DECODER,
}
