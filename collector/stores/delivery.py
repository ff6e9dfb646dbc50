"""One batch on its way to a destination: whole if it is taken, else halved until what is refused stands alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from collector.errors import StoreRejected, StoreUnavailable
from collector.stores.entries import Entry, Kind, halves, singles

# So many rows refused one after the other, none taken in between: then some of all the batch are tried, and if none of
# these is taken either, the fault is not in the rows.
SUSPICIOUS = 20


class Destination(Protocol):
    """Where entries go. Delivering the same entries again must change nothing."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str | None:
        """What is at the other end, in its own words; None when it has not said."""
        ...

    @property
    def kinds(self) -> frozenset[Kind]:
        """What it takes; all else in the outbox is not for it."""
        ...

    @property
    def lazy(self) -> frozenset[Kind]:
        """Kinds of which a newer entry makes an older one pointless: while no other waits they may gather."""
        ...

    @property
    def batch(self) -> int:
        """How many readings and records to hand over at once."""
        ...

    def deliver(self, entries: list[Entry]) -> None:
        """Raises StoreUnavailable (all are kept and tried again) or StoreRejected (the content was refused)."""
        ...


class EverythingRefused(StoreUnavailable):
    """The destination answers, and takes nothing of what it is given: for a person to set right."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A single row, record or line, and what was said about it."""

    entry: Entry
    error: StoreRejected


def halve(entries: list[Entry]) -> list[list[Entry]]:
    """Two halves of what was refused, or one part when it cannot be cut further."""
    if len(entries) == 1:
        return [[half] for half in halves(entries[0])]
    middle = len(entries) // 2
    return [entries[:middle], entries[middle:]]


class Delivery:
    """`stopping` is asked before each request: a batch that is refused line by line takes seconds."""

    def __init__(self, destination: Destination, stopping: Callable[[], bool]) -> None:
        self._destination = destination
        self._stopping = stopping
        # Over batches: where little is sent, each of them holds a few lines only.
        self._in_a_row = 0

    def send(self, entries: list[Entry], *, suspicious: int | None = SUSPICIOUS) -> list[Refused]:
        """Everything but what is returned was taken. Raises StoreUnavailable; then nothing is known of the batch."""
        refused: list[Refused] = []
        for one in self._refused(entries):
            refused.append(one)
            if suspicious is None or not one.error.wholesale:
                continue
            self._in_a_row += 1
            if self._in_a_row >= suspicious and not self._any_taken(entries):
                raise EverythingRefused(f"{self._destination.name} refuses all that is sent: {one.error}")
        return refused

    def _refused(self, entries: list[Entry]) -> Iterator[Refused]:
        error = self._try(entries)
        if error is None:
            return
        parts = halve(entries)
        if len(parts) == 1:
            yield Refused(entries[0], error)
        elif error.every:
            yield from (Refused(single, error) for entry in entries for single in singles(entry))
        else:
            for part in parts:
                yield from self._refused(part)

    def _any_taken(self, entries: list[Entry]) -> bool:
        """Of some that are spread over the whole batch."""
        every = [single for entry in entries for single in singles(entry)]
        return any(self._try([single]) is None for single in every[:: max(1, len(every) // SUSPICIOUS)])

    def _try(self, entries: list[Entry]) -> StoreRejected | None:
        if self._stopping():
            raise StoreUnavailable("stopping")
        try:
            self._destination.deliver(entries)
        except StoreRejected as error:
            return error
        self._in_a_row = 0
        return None
