"""Decoders by the name a profile gives. A new one is a file beside this, with a `DECODER` in it, and a line here."""

from __future__ import annotations

from collector.profiles.decoder import Decoder
from collector.profiles.decoders import json, plain

DECODERS: dict[str, Decoder] = {
    "json": json.DECODER,
    "plain": plain.DECODER,
}
