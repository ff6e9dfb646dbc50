"""Profiles are changed while a real collector runs: what it reads changes, and nothing is lost meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.clock import now_ms
from tests.servers import Server, wait_for
from tests.world import World

PROFILE = """
schema: 1
id: probe
decoder: json
match: [{topic: "probes/{device}"}]
device_id: "{device}"
time: {path: [t], unit: ms}
metrics: [{name: METRIC, path: [v], unit: UNIT}]
examples:
  - {description: one, topic: probes/a, payload: {t: 1795428000000, v: 7}, expect: {device: a, readings: {METRIC: 7}}}
"""
TAKEN = b"profiles taken"


@pytest.fixture
def plant(tmp_path: Path, broker: Server) -> Iterator[World]:
    world = World(tmp_path, broker, {"FIELDPROOF_DEVICES": str(tmp_path / "devices")})
    (tmp_path / "devices" / "profiles").mkdir(parents=True)
    world.seed()
    collector = world.collector()
    yield world
    collector.stop()


def write(world: World, metric: str, unit: str) -> None:
    text = PROFILE.replace("METRIC", metric).replace("UNIT", unit)
    (world.folder / "devices" / "profiles" / "probe.yaml").write_text(text)


def log(world: World) -> bytes:
    return (world.folder / "collector.log").read_bytes()


def await_taken(world: World, times: int) -> None:
    wait_for(lambda: log(world).count(TAKEN) >= times, 30, f"profiles taken {times} times")


@pytest.mark.services
def test_a_device_is_read_as_soon_as_its_profile_is_there_and_otherwise_after_it_is_corrected(plant: World) -> None:
    write(plant, "ph", "pH")
    await_taken(plant, 1)
    plant.publish([{"t": now_ms(), "v": 7.0}], "probes/a")
    plant.await_rows("SELECT device_id FROM point WHERE device_id='a' AND metric='ph'", 1)
    write(plant, "turbidity", "NTU")
    await_taken(plant, 2)
    plant.publish([{"t": now_ms(), "v": 7.0}], "probes/a")
    plant.await_rows("SELECT device_id FROM point WHERE device_id='a' AND metric='turbidity'", 1)


@pytest.mark.services
def test_a_faulty_file_changes_nothing_and_is_told(plant: World) -> None:
    write(plant, "ph", "pH")
    await_taken(plant, 1)
    write(plant, "ph", "kWh")
    wait_for(lambda: b"those before stay in use" in log(plant), 30, "the fault being told")
    assert b"probe.yaml:8: metrics.0.unit: 'kWh' cannot be converted to" in log(plant)
    wait_for(lambda: "kWh" in str(plant.site_query("SELECT stats FROM collector")), 30, "the site being told")
    plant.publish([{"t": now_ms(), "v": 7.0}], "probes/a")
    plant.await_rows("SELECT device_id FROM point WHERE device_id='a' AND metric='ph' AND value=7", 1)


@pytest.mark.services
def test_topics_that_nobody_wants_any_more_are_given_back_to_the_broker(plant: World) -> None:
    write(plant, "ph", "pH")
    await_taken(plant, 1)
    (plant.folder / "devices" / "profiles" / "probe.yaml").unlink()
    await_taken(plant, 2)
    plant.publish([{"t": now_ms(), "v": 7.0}], "probes/a")
    plant.publish([{"time": now_ms(), "values": {"ph": 7.0}}])
    wait_for(lambda: plant.count("reading") == 1, 30, "the reading after it")
    assert plant.count("dead_letter") == 0, "the broker still sent it"


@pytest.mark.services
def test_a_stream_loses_nothing_while_profiles_come_and_go(plant: World) -> None:
    """The plant's own stream, at some hundred messages a second, through four changes."""
    done = threading.Event()
    sent = 0

    def stream() -> None:
        nonlocal sent
        while not done.is_set():
            at = now_ms()
            sent += plant.publish([{"time": at - n, "values": {"ph": 7.0}} for n in range(20)])
            done.wait(0.1)

    publisher = threading.Thread(target=stream)
    publisher.start()
    try:
        for change, (metric, unit) in enumerate(
            [("ph", "pH"), ("turbidity", "NTU"), ("flow", "m3/h"), ("cod", "mg/L")]
        ):
            write(plant, metric, unit)
            await_taken(plant, change + 1)
    finally:
        done.set()
        publisher.join()
    wait_for(lambda: plant.count("reading") >= sent, 30, f"{sent} readings")
    assert plant.count("reading") == sent
    assert plant.count("dead_letter") == 0
    assert b"disconnected" not in log(plant)
