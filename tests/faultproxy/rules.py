"""What shall happen to which requests: our answer in place of the server's, a part of the server's, or none at all."""

from __future__ import annotations

import gzip
import threading
import zlib
from dataclasses import dataclass


@dataclass
class Rule:
    """For requests whose "METHOD path" begins with `begins`; `left` times more, None for always.

    With `answer` or `hang` the server does not see the request, unless `carried_out`. Else it does, and the client gets
    `after` bytes of its answer. `holding`: only when the body, unpacked, holds these bytes.
    """

    begins: str
    left: int | None
    answer: bytes | None = None
    after: int | None = None
    carried_out: bool = False
    hang: bool = False
    holding: bytes | None = None


class Rules:
    """Set by the test's thread, asked by the proxy's."""

    def __init__(self) -> None:
        # How many requests a rule was applied to.
        self.applied = 0
        self._rules: list[Rule] = []
        self._rewrites: dict[bytes, bytes] = {}
        self._lock = threading.Lock()

    def add(self, rule: Rule) -> None:
        with self._lock:
            self._rules.append(rule)

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()
            self._rewrites.clear()

    def rewrite(self, path: str, to: str) -> None:
        with self._lock:
            self._rewrites[path.encode()] = to.encode()

    def rewritten(self, head: bytes) -> bytes:
        """A request's head as the server shall get it."""
        with self._lock:
            for path, to in self._rewrites.items():
                method, _, rest = head.partition(b" ")
                if rest.startswith(path):
                    return method + b" " + to + rest[len(path) :]
        return head

    def look_inside(self, line: str) -> bool:
        """Whether the body has to be known before `take` is asked."""
        with self._lock:
            return any(rule.holding is not None and _fits(rule, line) for rule in self._rules)

    def take(self, line: str, body: bytes = b"") -> Rule | None:
        """The first rule that fits, used up by one."""
        with self._lock:
            for rule in self._rules:
                if _fits(rule, line) and (rule.holding is None or rule.holding in unpacked(body)):
                    if rule.left is not None:
                        rule.left -= 1
                    self.applied += 1
                    return rule
        return None


def _fits(rule: Rule, line: str) -> bool:
    return rule.left != 0 and line.startswith(rule.begins)


def unpacked(body: bytes) -> bytes:
    """Of a gzipped body what is inside; any other as it is."""
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error):
        return body
