"""Device ids: slugs of `[a-z0-9._-]`, unique in the installation; the native name is kept beside them."""

from __future__ import annotations

import re
from functools import lru_cache

_NOT_ALLOWED = re.compile(r"[^a-z0-9._-]+")
MAX_LENGTH = 128


def slug(native: str) -> str:
    """The id for a native name: lower case, other characters become one `-`. Empty when nothing is left."""
    return _slug(native[: 2 * MAX_LENGTH])


# The same few names come again with every message.
@lru_cache(maxsize=10_000)
def _slug(native: str) -> str:
    return _NOT_ALLOWED.sub("-", native.strip().lower()).strip("-.")[:MAX_LENGTH]
