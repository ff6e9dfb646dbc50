"""What devices, scripts and attackers send and should not: twenty-odd kinds, each with what must become of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle

from collector.domain.reading import Reason
from tests.faults.matrix.stream import Numbered

PLAIN = "fieldproof/plant/hostile/readings"
SHELLY = "shellypro3em-hostile/events/rpc"
# More than the pipeline looks into, and more than the receive loop gathers in memory.
LARGE, HUGE = 1_500_000, 2_500_000


@dataclass(frozen=True)
class Kind:
    """`payload` of a number, so that each is another one. A dead letter with `reason`, a reading that `flags`, or both.

    `most`: no more than so many of them, because they are large.
    """

    name: str
    topic: str
    payload: Callable[[int], bytes]
    reason: str | None = None
    flags: Reason | None = None
    most: int | None = None


def _values(text: str, more: str = "") -> Callable[[int], bytes]:
    """Of the plain format, with `text` in place of the values; `n` is told, so that no two are the same."""
    return lambda n: f'{{"n":{n},"values":{text}{more}}}'.encode()


def _large(size: int) -> Callable[[int], bytes]:
    return lambda n: _values('{"ph":7}', f',"padding":"{"x" * size}"')(n)


def _shelly(params: str, source: str = '"shellypro3em-hostile"') -> Callable[[int], bytes]:
    return lambda n: f'{{"n":{n},"src":{source},"params":{params}}}'.encode()


KINDS = (
    Kind("nothing at all", PLAIN, lambda n: b"", "not_json"),
    Kind("not JSON", PLAIN, lambda n: b"ph=7.1;%d" % n, "not_json"),
    Kind("bytes that are no UTF-8", PLAIN, lambda n: b'{"values":{"ph":"\xff\xfe%d"}}' % n, "not_json"),
    Kind("cut off in the middle", PLAIN, lambda n: _values('{"ph":7')(n)[:-1], "not_json"),
    Kind("nested too deeply", PLAIN, lambda n: b"%s%d" % (b"[" * 3_000, n), "not_json"),
    Kind("not a number", PLAIN, _values('{"ph":NaN}'), "not_json"),
    Kind("a number without end", PLAIN, _values('{"ph":1e999}'), "not_json"),
    Kind("a bare number", PLAIN, lambda n: b"%d" % n, "bad_format"),
    Kind("a bare text", PLAIN, lambda n: b'"ph 7.1 %d"' % n, "bad_format"),
    Kind("an empty list", PLAIN, lambda n: b"[%s]" % (b" " * (n % 5_000)), "empty"),
    Kind("a list with one fault", PLAIN, lambda n: b'[{"values":{"ph":7}},%d]' % n, "bad_format", Reason.NONE),
    Kind("no values", PLAIN, lambda n: b'{"ph":%d}' % n, "bad_format"),
    Kind("values in a list", PLAIN, _values("[7.1]"), "bad_format"),
    Kind("values that are empty", PLAIN, _values("{}"), "bad_format"),
    Kind("a time in words", PLAIN, _values('{"ph":7}', ',"time":"yesterday"'), "bad_format"),
    Kind("a time that is true", PLAIN, _values('{"ph":7}', ',"time":true'), "bad_format"),
    Kind("a time beyond all calendars", PLAIN, _values('{"ph":7}', ',"time":1e30'), "bad_format"),
    Kind("a quality that is a list", PLAIN, _values('{"ph":7}', ',"quality":["good"]'), "bad_format"),
    Kind("a unit as long as a letter", PLAIN, _values('{"ph":7}', f',"units":{{"ph":"{"m" * 100}"}}'), "bad_format"),
    Kind("a metric of control characters", PLAIN, _values('{"\\u0000\\u001b\\u0007":7}'), "bad_format"),
    Kind("a device without a letter", "fieldproof/plant/°°/readings", _values('{"ph":7}'), "no_device"),
    Kind("a level without a name", "fieldproof//hostile/readings", _values('{"ph":7}'), "no_device"),
    Kind("too large", PLAIN, _large(LARGE), "too_large", most=3),
    Kind("huge", PLAIN, _large(HUGE), "too_large", most=3),
    Kind("a meter without a name", SHELLY, _shelly('{"em:0":{"a_freq":50}}', "null"), "no_device"),
    Kind("a meter's time in words", SHELLY, _shelly('{"ts":"noon","em:0":{"a_freq":50}}'), "bad_time"),
    # No poison, but not to be trusted either: stored, and marked.
    Kind("a time in the far future", PLAIN, _values('{"ph":7}', ',"time":"2999-01-01T00:00:00Z"'), flags=Reason.CLOCK),
    Kind("a time before clocks were set", PLAIN, _values('{"ph":7}', ',"time":0'), flags=Reason.CLOCK),
    Kind("a status for a value", PLAIN, _values('{"ph":"n/a"}'), flags=Reason.NO_VALUE),
    Kind("an object for a value", PLAIN, _values('{"ph":{"v":7}}'), flags=Reason.NO_VALUE),
    Kind("outside physics", PLAIN, _values('{"ph":99}'), flags=Reason.RANGE),
    Kind("a unit of something else", PLAIN, _values('{"ph":7}', ',"units":{"ph":"kWh"}'), flags=Reason.UNIT),
    Kind("a metric that nobody knows", PLAIN, _values('{"p\\u0000h":7}'), flags=Reason.UNKNOWN_METRIC),
)  # fmt: skip


@dataclass
class Mixed:
    """The messages, and after every so many of them one that is poison, of each kind in turn."""

    messages: Numbered
    every: int
    # What must become of the poison that was sent.
    kinds: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    flags: Counter[int] = field(default_factory=Counter)

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        kinds = cycle(KINDS)
        for number, message in enumerate(self.messages):
            yield message
            if number % self.every == self.every - 1:
                yield self._spoilt(next(kind for kind in kinds if self._may(kind)), number)

    def _may(self, kind: Kind) -> bool:
        return kind.most is None or self.kinds[kind.name] < kind.most

    def _spoilt(self, kind: Kind, number: int) -> tuple[str, bytes]:
        self.kinds[kind.name] += 1
        if kind.reason is not None:
            self.reasons[kind.reason] += 1
        if kind.flags is not None:
            self.flags[int(kind.flags)] += 1
        return kind.topic, kind.payload(number)
