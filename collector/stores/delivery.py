"""One batch on its way to a destination: whole if it is taken, else halved until what is refused stands alone."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
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
    """A single row, record or line, and what was said about it.

    `unproven`: it may be that everything is refused, for nothing of its kind was taken since that began.
    """

    entry: Entry
    error: StoreRejected
    unproven: bool = False


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
        # Kinds of which something was taken: in this batch; and in the last one that held any of them.
        self._taken: set[Kind] = set()
        self._taking: set[Kind] = set()
        self._random = random.Random(0)  # noqa: S311

    @property
    def suspicious(self) -> bool:
        """Nothing is taken any more."""
        return self._in_a_row >= SUSPICIOUS

    def send(self, entries: list[Entry]) -> list[Refused]:
        """Everything but what is returned was taken. Raises StoreUnavailable; then nothing is known of the batch."""
        self._taken = set()
        refused: list[Refused] = []
        for one in self._refused(entries):
            refused.append(one)
            if one.error.wholesale:
                self._suspect(one, entries)
        self._taking -= {one.entry.kind for one in refused if one.error.wholesale}
        return self._weighed(refused)

    def send_again(self, entries: list[Entry]) -> list[Refused]:
        """Of what was refused before: another refusal of it says nothing about all the rest."""
        self._taken = set()
        return self._weighed(list(self._refused(entries)))

    def _suspect(self, one: Refused, entries: list[Entry]) -> None:
        self._in_a_row += 1
        if self.suspicious and not self._any_taken(entries):
            self._taking.discard(one.entry.kind)
            raise EverythingRefused(f"{self._destination.name} refuses all that is sent: {one.error}")

    def _weighed(self, refused: list[Refused]) -> list[Refused]:
        self._taking |= self._taken
        weighed = [replace(one, unproven=one.error.wholesale and one.entry.kind not in self._taking) for one in refused]
        proven = next((one for one in weighed if one.error.wholesale and not one.unproven), None)
        if proven is not None and self._try([proven.entry]) is None:
            # Put right while this batch was under way: what was taken proves nothing about what was refused before.
            raise StoreUnavailable(f"{self._destination.name} takes what it has just refused: all is sent again")
        return weighed

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
        """Of some from all over the batch. Drawn by lot: what is refused may recur at any fixed distance."""
        every = [single for entry in entries for single in singles(entry)]
        some = self._random.sample(every, min(SUSPICIOUS, len(every)))
        return any(self._try([single]) is None for single in some)

    def _try(self, entries: list[Entry]) -> StoreRejected | None:
        if self._stopping():
            raise StoreUnavailable("stopping")
        try:
            self._destination.deliver(entries)
        except StoreRejected as error:
            return error
        self._in_a_row = 0
        self._taken.update(entry.kind for entry in entries)
        return None
