"""Photos for the tests: noise, so that nothing compresses them, each different and each time the same."""

from __future__ import annotations

import hashlib
import io
import random
from dataclasses import dataclass
from functools import cache

from PIL import Image
from playwright.sync_api import FilePayload

# What noise costs as a JPEG of this quality.
_QUALITY = 80
_BYTES_PER_PIXEL = 0.68
_WIDTH = 640


@dataclass(frozen=True)
class Photo:
    name: str
    content: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def payload(self) -> FilePayload:
        """For a file input."""
        return {"name": self.name, "mimeType": "image/jpeg", "buffer": self.content}


@cache
def photo_file(number: int, size_kb: int = 300) -> Photo:
    """The photo of that number; its size comes out within some per cent."""
    height = max(8, round(size_kb * 1000 / _BYTES_PER_PIXEL / _WIDTH))
    noise = random.Random(f"photo {number}").randbytes(_WIDTH * height * 3)
    out = io.BytesIO()
    Image.frombytes("RGB", (_WIDTH, height), noise).save(out, "JPEG", quality=_QUALITY)
    return Photo(f"IMG_{number:04}.jpg", out.getvalue())
