"""New devices in the list, and the page of one device: values, last message, gaps, and what its profile says."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from collector.errors import StoreUnavailable
from tests.integration import web_world as world
from tests.integration.web_fixtures import Web, both_databases
from tests.integration.web_world import HOUR, MINUTE, NOW, SECOND
from webapp.queries.gaps import gaps, uplinks_lost

TOPIC = "shellypro3em-a8032ab12c34/events/rpc"
PAYLOAD = orjson.dumps(
    {
        "src": "shellypro3em-a8032ab12c34",
        "method": "NotifyStatus",
        "params": {"ts": 1.0, "em:0": {"total_act_power": 5}},
    }
)
GOOD, UNCERTAIN, BAD = 0, 1, 2


def with_message(ident: str, topic: str, payload: bytes, size: int | None = None, **more: Any) -> Any:
    site, state = more.pop("site", None), more.pop("state", "unassigned")
    return world.device(
        ident, site, state, last_topic=topic, last_payload=payload, last_payload_size=size or len(payload),
        last_message_at=NOW - SECOND, **more,
    )  # fmt: skip


def page(web: Web, ident: str, who: str = "manager") -> dict[str, Any]:
    answer = web.get(f"/devices/{ident}", who)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def only(items: list[dict[str, Any]], ident: str) -> dict[str, Any]:
    return next(item for item in items if item["id"] == ident)


@both_databases
def test_a_new_device_is_listed_with_its_first_values_and_the_profiles_that_fit_it(web: Web) -> None:
    web.add(
        with_message("meter", TOPIC, PAYLOAD, profile="shelly-pro-3em"),
        world.point("meter", "active_power", 5.0),
        world.point("meter", "zzz_unknown", 1.0, quality="uncertain", reasons=["unknown_metric"]),
    )
    item = only(web.items("/devices?state=unassigned"), "meter")
    assert (item["profile"], item["profile_name"], item["topic"]) == ("shelly-pro-3em", "Shelly Pro 3EM", TOPIC)
    assert [value["metric"] for value in item["values"]] == ["active_power", "zzz_unknown"]
    assert item["values"][0] == item["values"][0] | {
        "label": "Power", "value": 5.0, "quality": "good", "observed_at": "2026-11-23T09:59:57.000Z",
    }  # fmt: skip
    assert item["suggested"][0] == {"id": "shelly-pro-3em", "name": "Shelly Pro 3EM", "metrics": 1}
    assert len(item["suggested"]) <= 5


def test_only_new_devices_are_listed_with_values(web: Web) -> None:
    listed = {item["id"]: set(item) for item in web.items("/devices")}
    assert {"topic", "values", "suggested"} <= listed["stray"]
    assert not {"topic", "values", "suggested"} & listed["dairy.effluent"]


def test_a_list_shows_eight_values_of_a_new_device_and_its_page_all(web: Web) -> None:
    web.add(*(world.point("stray", f"x{n}", 1.0) for n in range(20)))
    assert len(only(web.items("/devices"), "stray")["values"]) == 8
    values = page(web, "stray")["values"]
    assert len(values) == 21
    assert values[0]["metric"] == "ph"


def test_a_message_that_was_not_kept_whole_is_judged_by_its_topic_and_by_what_reads_it(web: Web) -> None:
    web.add(with_message("meter", TOPIC, PAYLOAD[:20], size=9000, profile="shelly-pro-3em"))
    (first, *_) = page(web, "meter")["suggested"]
    assert (first["id"], first["metrics"]) == ("shelly-pro-3em", 0)


@pytest.mark.parametrize(
    ("payload", "size", "shown", "encoding"),
    [
        (b'{"v": 1}\n', None, '{"v": 1}\n', "text"),
        ("21 °C".encode(), None, "21 °C", "text"),
        ("21 °C".encode()[:4], 900, "21 ", "text"),
        (b"\x01\x75\x5c", None, "01 75 5c", "hex"),
        (b"a\x00b", None, "61 00 62", "hex"),
        (b"", None, "", "text"),
    ],
)
def test_the_last_message_is_shown_as_text_or_as_bytes(
    web: Web, payload: bytes, size: int | None, shown: str, encoding: str
) -> None:
    web.add(with_message("meter", "a/b", payload, size))
    assert page(web, "meter")["last_message"] == {
        "topic": "a/b",
        "payload": shown,
        "encoding": encoding,
        "size": size or len(payload),
        "truncated": size is not None,
        "received_at": "2026-11-23T09:59:59.000Z",
    }


def test_an_inspector_sees_neither_the_last_message_nor_dead_letters(web: Web) -> None:
    web.add(with_message("dairy.meter", "a/b", b"{}", site="dairy", state="active"))
    seen = page(web, "dairy.meter", "inspector")
    assert seen["last_message"] is None
    assert "dead_letters" not in seen
    assert page(web, "dairy.meter", "auditor")["last_message"]["payload"] == "{}"


def test_dead_letters_of_the_devices_topic_are_counted_and_the_newest_shown(web: Web) -> None:
    letters = [world.letter(f"l{n}", "dairy") for n in range(7)]
    for n, letter in enumerate(letters):
        letter.last_seen_at = NOW - n * MINUTE
    letters[6].last_seen_at = NOW - 8 * 24 * HOUR
    web.add(with_message("dairy.meter", "a/b", b"{}", site="dairy", state="active"), *letters)
    found = page(web, "dairy.meter")["dead_letters"]
    # Six of the week, and those of the cast with that topic, but for the brewery's: each came twice.
    assert found["count"] == 16
    assert [letter["last_seen_at"][11:16] for letter in found["latest"]] == ["10:00", *["09:59"] * 3, "09:58"]


def test_battery_and_signal_are_found_among_the_values(web: Web) -> None:
    assert (page(web, "stray")["battery"], page(web, "stray")["signal"]) == (None, None)
    web.add(world.point("stray", "battery_voltage", 3.6), world.point("stray", "signal_to_noise", 7.5))
    assert page(web, "stray")["battery"] == {
        "metric": "battery_voltage", "value": 3.6, "unit": "V", "observed_at": "2026-11-23T09:59:57.000Z",
    }  # fmt: skip
    web.add(world.point("stray", "battery", 80.0), world.point("stray", "signal_strength", -90.0))
    shown = page(web, "stray")
    assert (shown["battery"]["value"], shown["signal"]["metric"]) == (80.0, "signal_strength")


def test_a_page_says_what_the_profile_knows(web: Web) -> None:
    web.add(with_message("meter", TOPIC, PAYLOAD, profile="shelly-pro-3em"))
    shown, profile = page(web, "meter"), web.parts.profiles.get("shelly-pro-3em")
    assert profile is not None
    assert shown["expected_every_s"] == profile.every_s
    assert shown["caveats"]
    assert all(caveat["text"] and caveat["link"].startswith("https://") for caveat in shown["caveats"])
    unknown = page(web, "stray")
    assert (unknown["expected_every_s"], unknown["caveats"], unknown["limits"]) == (None, [], [])


def test_gaps_are_times_without_anything_good_or_bad(web: Web) -> None:
    web.add(world.device("dairy.meter", "dairy", "active", profile="fieldproof-plain", first_seen_at=NOW - 48 * HOUR))
    start = NOW - 24 * HOUR
    times = [t for t in range(start, NOW, MINUTE) if not start + 2 * HOUR <= t < start + 3 * HOUR]
    # What is bad has come all the same, and by any metric.
    bad = [t for t in times if start + 5 * HOUR <= t < start + 6 * HOUR]
    web.write_readings("dairy.meter", "ph", [(t, 7.0, GOOD) for t in times if t not in set(bad)])
    web.write_readings("dairy.meter", "cod", [(t, None, BAD) for t in bad])
    (gap,) = page(web, "dairy.meter")["gaps"]
    # The last one came at 11:59: to within a sixth of three minutes.
    assert gap == {"from": "2026-11-22T11:59:30.000Z", "to": "2026-11-22T13:00:00.000Z"}


def test_a_device_that_fell_silent_has_a_gap_until_now_and_a_new_one_none_before_it_came(web: Web) -> None:
    web.add(world.device("dairy.meter", "dairy", "active", profile="fieldproof-plain", first_seen_at=NOW - 2 * HOUR))
    web.write_readings("dairy.meter", "ph", [(NOW - 2 * HOUR + n * MINUTE, 7.0, GOOD) for n in range(61)])
    (gap,) = page(web, "dairy.meter")["gaps"]
    assert gap["to"] == "2026-11-23T10:00:00.000Z"
    assert gap["from"].startswith("2026-11-23T09:01") or gap["from"].startswith("2026-11-23T09:00")


def test_a_gap_is_never_made_longer_than_it_was() -> None:
    assert list(gaps([0, 10, 50], 0, 60, 30, 10)) == [(20, 50)]
    assert list(gaps([0, 10, 40], 0, 50, 30, 10)) == []
    assert list(gaps([], 100, 150, 30, 10)) == [(100, 150)]


def test_the_page_goes_without_gaps_while_the_store_is_away(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> list[int]:
        raise StoreUnavailable("away")

    monkeypatch.setattr(web.parts.store, "heard", away)
    shown = page(web, "dairy.effluent")
    assert "gaps" not in shown
    assert shown["uplinks_lost"] is None


@pytest.mark.parametrize(
    ("counters", "lost"),
    [
        ([], 0),
        ([5.0], 0),
        ([5.0, 6.0, 7.0], 0),
        ([5.0, 7.0, 10.0], 3),
        ([5.0, 5.0, None, 6.0], 0),
        ([90.0, 0.0, 1.0], 0),
    ],
)
def test_uplinks_that_were_left_out_are_lost_and_a_counter_that_began_anew_lost_none(
    counters: list[float | None], lost: int
) -> None:
    assert uplinks_lost(counters) == lost


def test_lost_uplinks_are_told_of_devices_that_count_them(web: Web) -> None:
    assert page(web, "dairy.effluent")["uplinks_lost"] is None
    web.add(world.point("dairy.effluent", "uplink_counter", 12.0))
    counted = [(NOW - HOUR + n * MINUTE, float(n), GOOD) for n in range(10) if n not in (3, 4, 7)]
    web.write_readings("dairy.effluent", "uplink_counter", counted)
    assert page(web, "dairy.effluent")["uplinks_lost"] == 3


def test_profiles_are_found_by_words_of_maker_model_and_metrics(web: Web) -> None:
    found = web.items("/profiles?q=SHELLY%20pro%203em", "inspector")
    assert found[0]["id"] == "shelly-pro-3em"
    assert all("shelly" in item["name"].casefold() for item in found)
    assert found[0] == found[0] | {
        "name": "Shelly Pro 3EM", "vendor": "Shelly", "model": "Pro 3EM", "kind": "energy_meter",
    }  # fmt: skip
    assert "active_power" in found[0]["metrics"]
    assert web.items("/profiles?q=nothing-like-this") == []


def test_profiles_can_be_read_page_by_page(web: Web) -> None:
    whole = [item["id"] for item in web.items("/profiles")]
    paged: list[str] = []
    cursor = ""
    while cursor is not None:
        answer = web.get(f"/profiles?limit=1&cursor={cursor}").json
        paged += [item["id"] for item in answer["items"]]
        cursor = answer["next"]
    assert paged == whole
