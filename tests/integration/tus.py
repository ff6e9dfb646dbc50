"""A tus client of a few lines, so that a test can send whatever it wants, in any order."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from tests.integration.web_fixtures import Web

TUS = {"Tus-Resumable": "1.0.0"}
CHUNK = {**TUS, "Content-Type": "application/offset+octet-stream"}


def metadata(**given: str) -> str:
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in given.items())


def create(web: Web, who: str, length: int, **given: str) -> Any:
    headers = {**TUS, "Upload-Length": str(length), "Upload-Metadata": metadata(**given)}
    return web.ask("POST", "/uploads", who, headers=headers)


def begin(web: Web, who: str, length: int, **given: str) -> str:
    """The address of a new upload."""
    answer = create(web, who, length, **given)
    assert answer.status_code == 201, answer.text
    location: str = answer.headers["Location"]
    return location


def offset(web: Web, who: str, address: str) -> Any:
    return web.ask("HEAD", address, who, headers=TUS)


def patch(web: Web, who: str, address: str, at: int, data: bytes, checksum: bytes | None = None, **more: str) -> Any:
    headers = {**CHUNK, "Upload-Offset": str(at), **more}
    if checksum is not None:
        headers["Upload-Checksum"] = "sha256 " + base64.b64encode(hashlib.sha256(checksum).digest()).decode()
    return web.ask("PATCH", address, who, headers=headers, data=data)


def upload(web: Web, who: str, data: bytes, **given: str) -> Any:
    """The whole in one go; the answer to the last request."""
    sha256 = hashlib.sha256(data).hexdigest()
    return patch(web, who, begin(web, who, len(data), **{"sha256": sha256, **given}), 0, data, data)
