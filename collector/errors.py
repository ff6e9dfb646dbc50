"""The errors that decide what happens next: each says by its type whether a retry can help (DESIGN §7)."""

from __future__ import annotations

from collections.abc import Sequence


class ConfigError(Exception):
    """The configuration cannot be used. Carries every fault found, not just the first; the command exits with 78."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = list(faults)


class MessageError(Exception):
    """A message that can never become readings: it goes to the dead letters with this reason and is acknowledged."""

    def __init__(self, reason: str, detail: str) -> None:
        # It may quote the message, and PostgreSQL takes no text with a NUL.
        detail = detail.replace("\0", "\N{REPLACEMENT CHARACTER}")
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class StoreUnavailable(Exception):  # noqa: N818 - the name states the condition, as in DESIGN §7
    """The destination cannot take anything now. Keep the entries and try again later.

    `retry_after_s`: how long the destination asks to be left alone.
    """

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class StoreRejected(Exception):  # noqa: N818
    """The destination took the request and refused its content: sending the same again will not help."""

    def __init__(
        self, message: str, *, reason: str = "refused", doubtful: bool = False, wholesale: bool = False,
        every: bool = False,
    ) -> None:  # fmt: skip
        """`reason` is that of the dead letter, when a single row is refused.

        `doubtful`: it may be trouble of the destination's own, in words that blame the content.
        `wholesale`: it may concern all there is, not this row alone.
        `every`: every row of this request was refused; cutting it would tell nothing more.
        """
        super().__init__(message)
        self.reason = reason
        self.doubtful = doubtful
        self.wholesale = wholesale
        self.every = every
