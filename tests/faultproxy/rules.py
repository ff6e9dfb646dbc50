"""What shall happen to which requests: an answer of ours in place of the server's, or only a part of the server's."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass
class Rule:
    """For requests whose "METHOD path" begins with `begins`; `left` times more, None for always.

    With `answer` the server does not see the request. Else it does, and the client gets `after` bytes of its answer.
    """

    begins: str
    left: int | None
    answer: bytes | None = None
    after: int | None = None


class Rules:
    """Set by the test's thread, asked by the proxy's."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._lock = threading.Lock()

    def add(self, rule: Rule) -> None:
        with self._lock:
            self._rules.append(rule)

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def take(self, line: str) -> Rule | None:
        """The first rule that fits, used up by one."""
        with self._lock:
            for rule in self._rules:
                if rule.left != 0 and line.startswith(rule.begins):
                    if rule.left is not None:
                        rule.left -= 1
                    return rule
        return None
