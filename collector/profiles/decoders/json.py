"""Metrics found at fixed paths of a JSON payload, as the profile lists them."""

from __future__ import annotations

from collector.profiles.decoder import Decoder

# All of it stands in the base: most other formats are brought into this one.
DECODER = Decoder()
