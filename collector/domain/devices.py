"""Device ids: slugs of `[a-z0-9._-]`, unique in the installation; the native name is kept beside them."""

from __future__ import annotations

import re
from functools import lru_cache

_NOT_ALLOWED = re.compile(r"[^a-z0-9._-]+")
MAX_LENGTH = 128


# What is remembered by topic or name is remembered up to this length: no real topic is longer, and a hostile one may
# have 65,535 bytes.
LONGEST_REMEMBERED = 512


def slug(native: str) -> str:
    """The id for a native name: lower case, other characters become one `-`.

    Empty when nothing is left, or more than an id may have: cut off it would be the id of another device too.
    """
    return _slug(native) if len(native) <= LONGEST_REMEMBERED else ""


# The same few names come again with every message.
@lru_cache(maxsize=10_000)
def _slug(native: str) -> str:
    made = _NOT_ALLOWED.sub("-", native.strip().lower()).strip("-.")
    return made if len(made) <= MAX_LENGTH else ""
