"""Loads a demo site and checks everything in it before anything is simulated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from marshmallow import ValidationError

from collector.demo.faults import reference_faults
from collector.demo.records import (
    Aspect,
    Counter,
    Cycle,
    DemoSite,
    Device,
    Exceedance,
    Location,
    Signal,
    Signals,
    Window,
    record_id,
)
from collector.demo.schema import WEEKDAYS, DemoSchema, minutes_of_day
from collector.domain.limits import Limit
from collector.errors import ConfigError
from collector.profiles.files import device_configs, read_yaml
from collector.profiles.vocabulary import Vocabulary, flatten, load_vocabulary

Content = dict[str, Any]


def load_demo_site(path: Path | None = None, vocabulary: Vocabulary | None = None) -> DemoSite:
    """The demo site of this installation, or of `path`. Raises ConfigError with every fault, each with its key."""
    path = path or device_configs() / "sites" / "demo.yaml"
    vocabulary = vocabulary or load_vocabulary(device_configs())
    try:
        content: Content = DemoSchema().load(read_yaml(path))
    except ValidationError as error:
        raise ConfigError(flatten(path, error.messages_dict)) from error
    faults = reference_faults(content, vocabulary)
    if faults:
        raise ConfigError([f"{path}: {fault}" for fault in faults])
    return _site(content)


def _site(content: Content) -> DemoSite:
    site = content["site"]["id"]
    return DemoSite(
        id=site,
        name=content["site"]["name"],
        timezone=content["site"]["timezone"],
        locations=tuple(_location(site, entry) for entry in content["locations"]),
        aspects=tuple(_aspect(site, entry) for entry in content["aspects"]),
        devices=tuple(_device(site, entry) for entry in content["devices"]),
        limits=tuple(_limit(site, entry, content["devices"]) for entry in content["limits"]),
        signals=_signals(content["signals"]),
    )


def _location(site: str, entry: Content) -> Location:
    parent = record_id(site, "location", entry["parent"]) if entry["parent"] else None
    return Location(record_id(site, "location", entry["id"]), entry["id"], entry["name"], parent)


def _aspect(site: str, entry: Content) -> Aspect:
    return Aspect(
        id=record_id(site, "aspect", entry["id"]),
        slug=entry["id"],
        name=entry["name"],
        activity=entry["activity"],
        impact=entry["impact"],
        condition=entry["condition"],
        significant=entry["significant"],
        location_id=record_id(site, "location", entry["location"]),
    )


def _device(site: str, entry: Content) -> Device:
    return Device(
        id=entry["id"],
        source_name=entry["source_name"],
        name=entry["name"],
        profile=entry["profile"],
        location_id=record_id(site, "location", entry["location"]),
        aspect_id=record_id(site, "aspect", entry["aspect"]),
        aspects={metric: record_id(site, "aspect", aspect) for metric, aspect in entry["aspects"].items()},
        stale_after_s=entry["stale_after_s"],
        history_s=entry["history_s"],
    )


def _limit(site: str, entry: Content, devices: list[Content]) -> Limit:
    name, metric = entry["point"].split("/")
    device = next(found for found in devices if found["id"] == name)
    return Limit(
        id=record_id(site, "limit", entry["id"]),
        version=1,
        device=name,
        metric=metric,
        kind=entry["kind"],
        level=entry["level"],
        priority=entry["priority"],
        value=entry["value"],
        deadband=entry["deadband"],
        on_delay_ms=entry["on_delay_s"] * 1000,
        off_delay_ms=entry["off_delay_s"] * 1000,
        message=entry["message"],
        site=site,
        aspect=record_id(site, "aspect", device["aspects"].get(metric, device["aspect"])),
    )


def _signals(entry: Content) -> Signals:
    rhythm = entry["rhythm"]
    return Signals(
        seed=entry["seed"],
        since_s=int(entry["counters_since"].timestamp()),
        rhythm=(*rhythm["weekday"] * 5, *rhythm["saturday"], *rhythm["sunday"]),
        cleaning_at=tuple(minutes_of_day(text) for text in entry["cleaning"]["at"]),
        cleaning_minutes=entry["cleaning"]["minutes"],
        points={point: _signal(signal) for point, signal in entry["points"].items()},
        counters={point: Counter(**counter) for point, counter in entry["counters"].items()},
        exceedances=tuple(_exceedance(found) for found in entry["exceedances"]),
        stuck=_window(entry["stuck"], "point"),
        dropout=_window(entry["dropout"], "device"),
        calibration=_window(entry["calibration"], "point"),
        units=entry["units"],
    )


def _signal(entry: Content) -> Signal:
    cycle = Cycle(**entry["cycle"]) if entry["cycle"] else None
    return Signal(**{**entry, "cycle": cycle, "includes": tuple(entry["includes"])})


def _exceedance(entry: Content) -> Exceedance:
    return Exceedance(
        id=entry["id"],
        point=entry["point"],
        target=entry["target"],
        add=entry["add"],
        rise_s=entry["rise_min"] * 60,
        hold_s=entry["hold_min"] * 60,
        fall_s=entry["fall_min"] * 60,
        weight=entry["weight"],
        hours=(entry["hours"][0], entry["hours"][1]),
        days=frozenset(WEEKDAYS.index(day) for day in entry["days"]),
        note=entry["note"],
    )


def _window(entry: Content, key: str) -> Window:
    return Window(
        of=entry[key],
        every_days=entry["every_days"],
        minute=minutes_of_day(entry["at"]),
        minutes=entry["minutes"],
        buffer=entry.get("buffer", 0.0),
    )
