"""Decoders by the name a profile gives. A new one is a file beside this and a line here."""

from __future__ import annotations

from collector.profiles.decoders import json_paths, plain
from collector.profiles.decoders.base import Decoder

DECODERS: dict[str, Decoder] = {
    "plain": plain.decode,
    "json": json_paths.decode,
}
