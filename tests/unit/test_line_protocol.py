"""Line protocol: what InfluxDB would read otherwise is escaped, and a field never changes its type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from collector.domain.reading import Quality, Reading, Reason
from collector.stores import line_protocol
from collector.stores.entries import LINES_EACH, reading_entries
from collector.stores.line_protocol import alarm_line, reading_lines, row_line, site_of

T0 = 1_795_521_600_000


def reading(value: float | None, quality: Quality = Quality.GOOD, at: int = T0, **more: Any) -> Reading:
    names = {"device": "plant.effluent", "metric": "ph", **more}
    return Reading(
        observed_at=at, value=value, quality=quality, reasons=Reason.NONE, received_at=T0, stamped=False, **names
    )


def alarm(**changes: Any) -> dict[str, Any]:
    record = {
        "id": "a-1", "level": "permit", "condition": "active", "site_id": "plant", "device_id": "d", "metric": "ph",
        "limit_id": "l", "raised_at": T0, "cleared_at": None, "acknowledged_at": None, "value": 9, "peak": 9.5,
        "revision": 1,
    }  # fmt: skip
    return {**record, **changes}


@pytest.fixture
def small_cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(line_protocol, "_PREFIXES_MOST", 3)
    line_protocol._prefixes.clear()
    yield 3
    line_protocol._prefixes.clear()


@pytest.mark.parametrize(
    ("value", "quality", "fields"),
    [
        (7.25, Quality.GOOD, "value=7.25"),
        # An integer written first would refuse every float after it.
        (7, Quality.GOOD, "value=7.0"),
        (True, Quality.GOOD, "value=1.0"),
        (0.0, Quality.GOOD, "value=0.0"),
        (1e300, Quality.GOOD, "value=1e+300"),
        (7.25, Quality.UNCERTAIN, 'value=7.25,quality="uncertain"'),
        (7.25, Quality.BAD, 'value=7.25,quality="bad"'),
        (None, Quality.BAD, 'quality="bad"'),
        # Never without a field, whatever comes.
        (None, Quality.GOOD, 'quality="good"'),
    ],
)
def test_a_value_is_a_float_and_the_quality_is_left_out_when_good(
    value: float | None, quality: Quality, fields: str
) -> None:
    expected = f"readings,site=plant,device=plant.effluent,metric=ph {fields} {T0}"
    assert reading_lines([reading(value, quality)], "plant") == [expected]
    assert row_line(("plant.effluent", "ph", "plant", T0, value, int(quality), 0, T0)) == expected


def test_a_line_escapes_what_line_protocol_would_read_otherwise() -> None:
    text = 'readings,site=unassigned,device=a\\,b\\ c\\=d_e,metric=ph value=1.0,quality="uncertain" 5'
    assert row_line(("a,b c=d\ne", "ph", None, 5, 1, 1, 0, 5)) == text
    assert reading_lines([reading(1, Quality.UNCERTAIN, 5, device="a,b c=d\ne")], None) == [text]


def test_what_is_remembered_of_points_stays_bounded_and_lines_stay_right(small_cache: int) -> None:
    for number in range(10):
        (line,) = reading_lines([reading(1.0, device=f"d{number}")], "plant")
        assert line.startswith(f"readings,site=plant,device=d{number},metric=ph ")
        assert len(line_protocol._prefixes) <= small_cache


def test_a_device_that_changes_its_site_gets_lines_with_the_new_one() -> None:
    assert [site_of(reading_lines([reading(1.0)], site)[0]) for site in ("north", "south", None)] == [
        "north", "south", None,
    ]  # fmt: skip


def test_a_commit_makes_one_entry_of_latest_values_and_lines_in_portions() -> None:
    long = [reading(float(i), at=T0 + i) for i in range(LINES_EACH + 1)]
    short = [reading(5.0, device="other")]
    latest, first, second = reading_entries([long, short], {"plant.effluent": "plant"}, long_term=True)
    assert (latest.kind, latest.count) == ("latest", 2)
    assert [(entry.kind, entry.count) for entry in (first, second)] == [("lines", LINES_EACH), ("lines", 2)]
    lines = b"\n".join((first.body, second.body)).decode().split("\n")
    assert lines == [*reading_lines(long, "plant"), *reading_lines(short, None)]


def test_without_a_long_term_store_no_lines_are_made() -> None:
    entries = reading_entries([[reading(1.0), reading(2.0, at=T0 + 1)]], {}, long_term=False)
    assert [(entry.kind, entry.count) for entry in entries] == [("latest", 1)]


def test_every_revision_of_an_alarm_has_its_own_time_so_that_the_order_of_writing_does_not_matter() -> None:
    raised, higher = alarm(), alarm(peak=11.0, revision=2)
    late = alarm(condition="cleared", cleared_at=T0 + 5, acknowledged_at=T0 + 1, revision=3)
    times = [int(alarm_line(one).rsplit(" ", 1)[1]) for one in (raised, higher, late)]
    assert times == [T0 * 1_000_000 + 1, T0 * 1_000_000 + 2, (T0 + 5) * 1_000_000 + 3]
    assert alarm_line(raised).startswith('alarms,site=plant,device=d,metric=ph,limit=l alarm="a-1",level="permit",')


def test_no_name_is_a_tag_and_a_field() -> None:
    """InfluxDB 3 refuses that, and 1.x finds neither of the two by its name afterwards."""
    for line in (reading_lines([reading(1.0, Quality.BAD)], "plant")[0], alarm_line(alarm())):
        key, fields, _ = line.split(" ")
        tags = {part.partition("=")[0] for part in key.split(",")[1:]}
        assert tags.isdisjoint(part.partition("=")[0] for part in fields.split(","))
