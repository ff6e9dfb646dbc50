"""What is proposed for a device that nobody has described: topics, device, time, metrics, and examples that pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from collector.devices.check import check_file
from collector.devices.common_names import _NAMES, guess
from collector.devices.find_time import find_time
from collector.devices.learn import Heard, learn
from collector.devices.make import CannotWriteError, write
from collector.devices.propose import Caught, Proposal, propose
from collector.devices.writing import Product
from collector.profiles.files import device_configs
from collector.profiles.library import Library, load_library
from collector.profiles.profile import Profile
from collector.profiles.vocabulary import load_vocabulary

VOCABULARY = load_vocabulary(device_configs())
LIBRARY = load_library((device_configs(),), VOCABULARY)
NOW = 1_795_428_000_000  # 2026-11-23T10:00:00Z


def caught(topic: str, content: Any, at: int = NOW) -> Caught:
    return Caught(topic, content if isinstance(content, bytes) else orjson.dumps(content), at)


def proposed(asked: str, *messages: Caught) -> Proposal:
    found = propose(asked, messages, VOCABULARY)
    assert found is not None
    return found


def written(folder: Path, proposal: Proposal) -> Profile:
    """As a profile that passes all checks."""
    file = write(Product("Acme", "M 1"), proposal, folder, Library(()), VOCABULARY)
    found = check_file(file, VOCABULARY)
    assert (found.faults, found.wrong) == ([], []), file.read_text()
    assert found.profile is not None
    return found.profile


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (["power"], ("active_power", "W")),
        (["totalActPower_kW"], ("active_power", "kW")),
        (["a_voltage"], ("voltage_l1", "V")),
        (["phases", "L3", "current"], ("current_l3", "A")),
        (["ENERGY", "Total"], ("energy_import", "kWh")),
        (["temperature", "value"], ("temperature", "degC")),
        (["flow_m3_h"], ("flow", "m3/h")),
        (["PM2.5"], ("pm2_5", "ug/m3")),
        (["pH"], ("ph", "pH")),
        (["dissolvedOxygen"], ("do", "mg/L")),
        (["total_liters"], ("volume_total", "L")),
        (["counter_kwh"], ("energy_import", "kWh")),
        (["total_m3"], None),
        (["ENERGY", "Today"], None),
        (["power_factor_l1"], None),
        (["value"], None),
        ([0, 1], None),
        (["x" * 100_000], None),
    ],
)
def test_common_names_are_known(path: list[str | int], expected: tuple[str, str] | None) -> None:
    found = guess(path, VOCABULARY)
    assert (found and found[:2]) == expected


@pytest.mark.parametrize("metric", _NAMES)
def test_a_common_name_leads_to_a_metric_with_a_unit_it_may_have(metric: str) -> None:
    assert VOCABULARY.conversion(metric, _NAMES[metric][0]) is not None
    assert metric in VOCABULARY.metrics


@pytest.mark.parametrize(
    ("asked", "topics", "match"),
    [
        ("works/#", ["works/m1/state", "works/m2/state"], "works/{device}/state"),
        ("works/#", ["works/a/state", "works/b/state"], "works/{device}/state"),
        ("works/#", ["works/meter7/state"], "works/{device}/state"),
        ("works/+/hall", ["works/north/hall"], "works/{device}/hall"),
        ("plant2/#", ["plant2/gw/an1"], "plant2/gw/{device}"),
        ("works/m1/#", ["works/m1/state"], "works/{device}/state"),
        ("#", ["acme/v2/kitchen/state"], "acme/v2/{device}/state"),
        ("#", ["kitchen"], "{device}"),
        ("#", ["home/kitchen"], "home/{device}"),
        ("#", ["home/kitchen/state"], "home/{device}/state"),
        ("works/{device}/x/+", ["works/a/x/b"], "works/{device}/x/{part4}"),
    ],
)
def test_the_level_that_is_the_device_is_found(asked: str, topics: list[str], match: str) -> None:
    assert proposed(asked, *(caught(topic, {"power": 1}) for topic in topics)).match == (match,)


def test_kinds_of_message_of_one_device_are_entries_of_their_own(tmp_path: Path) -> None:
    proposal = proposed(
        "works/#", caught("works/meter7/power", {"power": 1}), caught("works/meter7/climate", {"temp": 20, "rh": 50})
    )
    assert sorted(proposal.match) == ["works/{device}/climate", "works/{device}/power"]
    assert {rule.name for rule in written(tmp_path, proposal).metrics} == {"active_power", "temperature", "humidity"}


def test_where_the_topic_does_not_tell_devices_apart_the_message_may(tmp_path: Path) -> None:
    proposal = proposed("up", caught("up", {"meta": {"serial": "A-17"}, "power": 5}))
    assert proposal.device_id == "{payload:meta.serial}"
    assert written(tmp_path, proposal).examples[0]["expect"]["device"] == "a-17"


def test_a_value_a_topic_is_told_by_its_name(tmp_path: Path) -> None:
    values = {"ph": b"7,02", "cod": b"120 mg/L", "odd": b"3"}
    proposal = proposed(
        "works/#", *(caught(f"works/{one}/{name}", text) for one in "ab" for name, text in values.items())
    )
    assert (proposal.decoder, proposal.match, proposal.key) == ("value", ("works/{device}/{name}",), "{name}")
    profile = written(tmp_path, proposal)
    assert [(rule.name, rule.path, rule.unit) for rule in profile.metrics] == [
        ("ph", ("ph",), "pH"), ("cod", ("cod",), "mg/L"),
    ]  # fmt: skip


def test_which_level_is_the_device_is_told_as_a_guess_for_values_too() -> None:
    proposal = proposed("works/#", caught("works/w7/ph", b"7,02"), caught("works/w7/flow", b"3"))
    assert proposal.match == ("works/{device}/{name}",)
    assert any("the device was taken to be the level {device}" in text for text in proposal.look_at)


def test_a_number_with_its_unit_behind_is_read(tmp_path: Path) -> None:
    profile = written(tmp_path, proposed("#", caught("works/m1", {"temp": "18,4 °C", "flow": "3.5 L/s"})))
    assert profile.examples[0]["expect"]["readings"] == {"temperature": 18.4, "flow": 12.6}


def test_a_time_that_nobody_can_read_for_certain_is_told_and_no_value(tmp_path: Path) -> None:
    proposal = proposed("#", caught("works/m1", {"when": "11/25/2026 15:25:24", "power": 1}))
    assert proposal.time is None
    assert [found.path for found in proposal.metrics] == [("power",)]
    assert any("at [when] there is '11/25/2026 15:25:24', which is not ISO 8601" in text for text in proposal.look_at)
    written(tmp_path, proposal)


def test_a_format_that_is_known_brings_its_own_topics_and_device(tmp_path: Path) -> None:
    proposal = proposed("#", caught("tele/plug-x/SENSOR", {"Time": "2026-11-23T11:00:00", "Odd": {"Temperature": 4}}))
    assert (proposal.decoder, proposal.match, proposal.device_id) == ("tasmota", (), "")
    assert written(tmp_path, proposal).id == "acme-m-1"


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ({"ts": NOW / 1000, "power": 1}, {"path": ["ts"], "unit": "s"}),
        ({"ts": NOW, "power": 1}, {"path": ["ts"], "unit": "ms"}),
        ({"a": {"t": NOW * 1_000_000}}, {"path": ["a", "t"], "unit": "ns"}),
        ({"ts": str(NOW)}, {"path": ["ts"], "unit": "ms"}),
        ({"when": "2026-11-23T10:00:02Z"}, {"path": ["when"], "unit": "iso"}),
        ({"when": "2026-11-23T10:00:02"}, {"path": ["when"], "unit": "iso", "zone": "utc"}),
        ({"when": "2026-11-23T15:30:02"}, {"path": ["when"], "unit": "iso", "zone": "site"}),
        ({"boot": NOW - 5_000, "Time": NOW - 9_000}, {"path": ["Time"], "unit": "ms"}),
        ({"installed": "2018-11-14T18:39:40Z", "power": 1_700_000_000}, None),
        ({"when": "noon", "power": True, "n": None}, None),
    ],
)
def test_the_time_is_what_lies_near_the_receipt(content: dict[str, Any], rule: dict[str, Any] | None) -> None:
    found = find_time([(content, NOW)])
    assert (found and found.rule) == rule


def test_a_list_of_names_and_values_is_read_by_its_names(tmp_path: Path) -> None:
    tags = [{"name": "pH", "value": 7.1, "ts": NOW}, {"name": "cod", "value": 120, "ts": NOW}]
    profile = written(tmp_path, proposed("#", caught("gw/plc7/data", {"data": {"tags": tags}, "rssi": -60})))
    assert [(one.path, one.by) for one in profile.named] == [(("data", "tags"), "name")]
    assert [rule.path for rule in profile.metrics[:2]] == [
        ("data", "tags", "pH", "value"),
        ("data", "tags", "cod", "value"),
    ]


@pytest.mark.parametrize(("around", "beside"), [({}, False), ({"batt": 99}, True)])
def test_points_that_a_device_has_kept_have_each_its_time(tmp_path: Path, around: dict[str, Any], beside: bool) -> None:
    log = [{"ts": NOW // 1000 - ago, "power": 5} for ago in (7_200, 3_600, 0)]
    profile = written(tmp_path, proposed("#", caught("gw/plc7/log", {**around, "log": log})))
    (points,) = profile.points
    assert (points.path, points.beside, points.time and points.time.path) == (("log",), beside, ("ts",))
    assert "active_power" in {rule.name for rule in profile.metrics}
    assert "ts" not in {rule.path[-1] for rule in profile.metrics}


def test_how_often_a_device_speaks_is_seen_while_listening(tmp_path: Path) -> None:
    proposal = proposed("#", *(caught("works/m1", {"power": 3}, NOW + minute * 600_000) for minute in range(3)))
    profile = written(tmp_path, proposal)
    assert (profile.every_s, profile.stale_after_s) == (600, 3_000)


def test_a_moment_that_stays_while_messages_come_is_no_time() -> None:
    moments = [({"started": NOW, "sent": NOW + hour * 7_200_000}, NOW + hour * 7_200_000) for hour in range(2)]
    found = find_time(moments)
    assert found is not None
    assert found.path == ("sent",)


def test_of_an_old_file_the_name_tells_the_time() -> None:
    old = {"timestamp": 1_700_000_000, "power": 1_700_000_000}
    found = find_time([(old, NOW)])
    assert found is not None
    assert (found.path, found.seen) == (("timestamp",), False)
    near = find_time([({**old, "at": NOW}, NOW)])
    assert near is not None
    assert (near.path, near.seen) == (("at",), True)


def test_local_time_is_read_in_the_zone_of_the_site_and_the_example_still_passes(tmp_path: Path) -> None:
    proposal = proposed("#", caught("works/m1", {"Time": "2026-11-23T11:00:00", "power": 1}))
    assert any("local time" in text for text in proposal.look_at)
    rule = written(tmp_path, proposal).time
    assert rule is not None
    assert rule.zone == "site"


def test_a_value_that_cannot_be_is_told(tmp_path: Path) -> None:
    proposal = proposed("#", caught("works/m1", {"voltage": 2301}))
    assert any("2301 V cannot be" in text for text in proposal.look_at)
    written(tmp_path, proposal)


def test_two_values_of_one_metric_are_left_to_choose(tmp_path: Path) -> None:
    proposal = proposed("#", caught("works/m1", {"temp": 20, "temperature": 21, "odd": 3}))
    assert [rule.name for rule in written(tmp_path, proposal).metrics] == ["temperature"]
    text = (tmp_path / "profiles/acme/m-1.yaml").read_text()
    assert "temperature stands elsewhere too; which is meant?" in text
    assert "# - {name: …, path: [odd], unit: …}  # 3" in text


def test_without_a_name_that_is_known_all_is_kept_under_its_own(tmp_path: Path) -> None:
    assert written(tmp_path, proposed("#", caught("works/m1", {"odd": 3}))).keep_unlisted


def test_values_without_a_known_name_need_only_their_marks_taken_away(tmp_path: Path) -> None:
    """A person takes the # away and fills in; what stands there then has to be YAML."""
    written(tmp_path, proposed("water/#", caught("water/m-3/verbrauch", b"48213"), caught("water/m-3/x9", b"1")))
    file = tmp_path / "profiles/acme/m-1.yaml"
    lines = [
        line.removeprefix("# ") if line.startswith(("# metrics:", "#   - {name: …, path: [verbrauch]")) else line
        for line in file.read_text().splitlines()
    ]
    text = "\n".join(lines).replace(
        "{name: …, path: [verbrauch], unit: …}", "{name: volume_total, path: [verbrauch], unit: L}"
    )
    file.write_text(text)
    found = check_file(file, VOCABULARY)
    assert found.faults == []
    assert found.profile is not None
    assert [(rule.name, rule.unit) for rule in found.profile.metrics] == [("volume_total", "L")]


def test_a_unit_that_stands_beside_its_value_is_no_guess(tmp_path: Path) -> None:
    values = {"turb": {"v": 4, "unit": "FNU"}, "temp": {"v": "18,1", "unit": "°C"}, "flow": 3, "flow_unit": "L/s"}
    proposal = proposed("#", caught("works/m1", values))
    assert [(found.metric, found.unit) for found in proposal.metrics] == [
        ("turbidity", "FNU"), ("temperature", "°C"), ("flow", "L/s"),
    ]  # fmt: skip
    assert not any("guessed" in text for text in proposal.look_at)
    written(tmp_path, proposal)


def test_a_unit_beside_several_values_is_that_of_none_of_them() -> None:
    proposal = proposed("#", caught("works/m1", {"power": 3, "flow": 4, "unit": "kW"}))
    assert [found.unit for found in proposal.metrics] == ["W", "m3/h"]


def analyser(status: str) -> dict[str, Any]:
    return {"time": "2026-11-23T10:00:00Z", "pH": {"v": 7.1, "st": status}, "temp": {"v": 18, "st": "OK"}}


def test_words_for_how_a_device_is_doing_become_rules_and_examples(tmp_path: Path) -> None:
    heard = [caught("works/m1", analyser(word)) for word in ("OK", "OK", "CAL", "FAULT")]
    proposal = proposed("#", *heard)
    assert any("heard were OK, CAL, FAULT. What else can it say?" in text for text in proposal.look_at)
    profile = written(tmp_path, proposal)
    assert [
        (rule.path, rule.one_of, rule.none_of, rule.quality.word, set(rule.metrics)) for rule in profile.quality
    ] == [
        (("pH", "st"), None, ("ok", "cal", "fault"), "uncertain", {"ph"}),
        (("pH", "st"), ("cal",), None, "bad", {"ph"}),
        (("pH", "st"), ("fault",), None, "bad", {"ph"}),
        (("temp", "st"), None, ("ok",), "uncertain", {"temperature"}),
    ]
    assert len(profile.examples) == 3
    assert profile.examples[1]["expect"]["readings"]["ph"] == {
        "value": 7.1, "quality": "bad", "reasons": ["calibration"],
    }  # fmt: skip


def test_each_expected_value_is_one_line_to_correct_by_hand(tmp_path: Path) -> None:
    local = {"Time": "2026-11-23T11:00:00", "power": 1, "voltage": 230, "current": 3}
    written(tmp_path, proposed("#", caught("works/m1", local)))
    lines = (tmp_path / "profiles/acme/m-1.yaml").read_text().splitlines()
    assert "        active_power: {value: 0.001, quality: uncertain, reasons: [clock]}" in lines
    points = {"list": [{"time": f"2026-11-23T09:5{at}:00Z", "ph": 7} for at in range(5)]}
    profile = written(tmp_path / "points", proposed("#", caught("works/m1", points)))
    assert len(profile.examples[0]["expect"]) == 5


def test_a_word_that_may_mean_anything_makes_no_rule(tmp_path: Path) -> None:
    profile = written(tmp_path, proposed("#", caught("works/m1", {"power": 3, "mode": "RUN"})))
    assert profile.quality == ()
    assert (
        "# - {path: [mode], one_of: […], quality: bad}  # heard: RUN"
        in (tmp_path / "profiles/acme/m-1.yaml").read_text()
    )


def test_a_word_that_is_new_is_worth_listening_on() -> None:
    heard = Heard()
    for _ in range(9):
        heard.add(caught("works/m1", analyser("OK")))
    assert heard.repeated == 8
    heard.add(caught("works/m1", analyser("CAL")))
    assert heard.repeated == 0


def test_what_holds_no_value_is_not_described() -> None:
    assert propose("#", [caught("a", b"hello"), caught("b", b"\xff\x00"), caught("c", {"a": []})], VOCABULARY) is None


def test_two_models_that_would_be_one_file_are_refused(tmp_path: Path) -> None:
    proposal = proposed("#", caught("works/m1", {"power": 3}))
    written(tmp_path, proposal)
    with pytest.raises(CannotWriteError, match="stays as it is"):
        write(Product("acme", "m-1"), proposal, tmp_path, Library(()), VOCABULARY)
    with pytest.raises(CannotWriteError, match="a letter or a figure"):
        write(Product("…", "…"), proposal, tmp_path, Library(()), VOCABULARY)


def test_what_a_known_profile_reads_is_said_first() -> None:
    heard = Heard()
    heard.add(caught("fieldproof/plant/et1/readings", {"values": {"ph": 7}}))
    heard.add(caught("works/m1/state", {"power": 3}))
    heard.add(caught("works/m1/text", b"hello"))
    found = learn("#", heard, LIBRARY, VOCABULARY)
    assert [(known.id, known.metrics) for known in found.known] == [("fieldproof-plain", ("ph",))]
    assert found.proposal is not None
    assert [one.topic for one in found.proposal.examples] == ["works/m1/state"]
    assert found.unread == ("works/m1/text",)


def test_a_profile_that_keeps_values_as_they_come_does_not_know_the_device(tmp_path: Path) -> None:
    heard = Heard()
    uplink = {
        "f_port": 1,
        "f_cnt": 7,
        "decoded_payload": {"temperature": 21.5},
        "rx_metadata": [{"rssi": -60, "snr": 7}],
    }
    ids = {"device_id": "d1", "application_ids": {"application_id": "a"}, "dev_eui": "0004A30B001C0530"}
    message = {"end_device_ids": ids, "received_at": "2026-11-23T10:00:00Z", "uplink_message": uplink}
    heard.add(caught("v3/a@t/devices/d1/up", message))
    found = learn("#", heard, LIBRARY, VOCABULARY)
    assert found.known == ()
    assert found.kept_by == ("lorawan-generic",)
    assert found.proposal is not None
    assert ("object", "temperature") in {rule.path for rule in written(tmp_path, found.proposal).metrics}


def test_listening_for_long_keeps_a_few_of_each_kind() -> None:
    heard = Heard()
    for number in range(2_000):
        heard.add(caught("works/m1", {"power": number}))
    assert (heard.total, heard.kinds, len(heard.kept), heard.repeated) == (2_000, 1, 3, 1_999)
    heard.add(caught("works/m1", {"power": 1, "flow": 2}))
    assert heard.repeated == 0
    for number in range(2_000):
        heard.add(caught(f"works/{number}", {"power": 1}))
    assert len(heard.kept) < 1_000
