"""The demo site's file: what it refers to exists, and every fault is named with its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from collector.demo.site import load_demo_site
from collector.errors import ConfigError
from collector.profiles.files import device_configs
from collector.profiles.library import load_library
from collector.profiles.vocabulary import load_vocabulary

Content = dict[str, Any]


def original() -> Content:
    text = (device_configs() / "sites" / "demo.yaml").read_text(encoding="utf-8")
    content: Content = yaml.safe_load(text)
    return content


def faults_of(folder: Path, change: Callable[[Content], object]) -> list[str]:
    content = original()
    change(content)
    path = folder / "demo.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_demo_site(path)
    assert all(fault.startswith(str(path)) for fault in caught.value.faults)
    return [fault.removeprefix(f"{path}: ") for fault in caught.value.faults]


def test_the_site_has_what_its_description_promises() -> None:
    site = load_demo_site()
    assert (site.id, site.name, site.timezone) == ("dairy", "Meadowbrook Dairy", "Europe/Dublin")
    assert ZoneInfo(site.timezone)
    assert {location.name for location in site.locations} == {
        "Site",
        "Mains room",
        "Refrigeration plant",
        "Boiler house",
        "Effluent plant",
        "Balance tank",
        "Aeration basin",
        "Outfall",
    }
    assert {aspect.name for aspect in site.aspects} == {
        "Electricity use",
        "Fuel combustion in boilers",
        "Refrigeration energy and refrigerant",
        "Treated effluent to river",
        "Cleaning chemicals to drain",
    }
    assert len(site.devices) == 5
    assert 8 <= len(site.limits) <= 12


def test_every_device_has_a_profile_that_is_shipped() -> None:
    vocabulary = load_vocabulary(device_configs())
    known = {profile.id for profile in load_library([device_configs()], vocabulary).profiles}
    assert {device.profile for device in load_demo_site().devices} <= known


def test_ids_are_the_same_on_every_installation_and_refer_to_one_another() -> None:
    first, second = load_demo_site(), load_demo_site()
    assert first.as_dict() == second.as_dict()
    locations = {location.id for location in first.locations}
    aspects = {aspect.id for aspect in first.aspects}
    assert {location.parent_id for location in first.locations} - {None} <= locations
    assert {aspect.location_id for aspect in first.aspects} <= locations
    assert {device.location_id for device in first.devices} <= locations
    assert {device.aspect_id for device in first.devices} <= aspects
    assert {limit.aspect for limit in first.limits} <= aspects
    assert len({limit.id for limit in first.limits}) == len(first.limits)


def test_a_limit_belongs_to_the_aspect_of_its_metric() -> None:
    site = load_demo_site()
    names = {aspect.id: aspect.name for aspect in site.aspects}
    aspect = {f"{limit.device}/{limit.metric}": names[limit.aspect or ""] for limit in site.limits}
    assert aspect["dairy.effluent/ph"] == "Cleaning chemicals to drain"
    assert aspect["dairy.effluent/cod"] == "Treated effluent to river"


def test_every_limit_says_what_to_do() -> None:
    assert all(len(limit.message) > 30 for limit in load_demo_site().limits)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda c: c["site"].update(timezone="Europe/Dublin2"), "site.timezone: 'Europe/Dublin2' is not a time zone"),
        (lambda c: c["locations"][3].update(parent="attic"), "locations.3.parent: there is no 'attic' further up"),
        (lambda c: c["aspects"][0].update(location="attic"), "aspects.0.location: there is no 'attic'; known: "),
        (lambda c: c["devices"][1].update(aspect="noise"), "devices.1.aspect: there is no 'noise'"),
        (lambda c: c["devices"][1].update(id="dairy.cooler"), "devices.1.id: the plain format's topic makes it"),
        (lambda c: c["devices"].append(c["devices"][0]), "devices: the id 'shellypro3em-a8032ab12c34' stands there"),
        (lambda c: c["limits"][0].update(point="dairy.effluent/smell"), "limits.0.point: the metric 'smell' is not in"),
        (lambda c: c["limits"][0].update(value=15), "limits.0.value: 15.0 pH is outside the physical bounds"),
        (lambda c: c["limits"][0].update(level="bad"), "limits.0.level: Must be one of: warning, action, permit"),
        (lambda c: c["limits"][0].update(mesage="typo"), "limits.0.mesage: Unknown field"),
        (lambda c: c["signals"]["stuck"].update(at="25:00"), "signals.stuck.at: must be a time of day"),
        (lambda c: c["signals"]["dropout"].update(device="dairy.x"), "signals.dropout.device: there is no 'dairy.x'"),
        (lambda c: c["signals"]["exceedances"][0].update(add=1), "signals.exceedances.0: give either target or add"),
        (lambda c: c["signals"]["exceedances"][0].update(hold_min=55), "signals.exceedances.0: rise, hold and fall"),
        (lambda c: c["signals"]["units"].update({"dairy.effluent/flow": "mg/L"}), "signals.units.dairy.effluent/flow:"),
    ],
)
def test_a_fault_is_named_with_its_place(tmp_path: Path, change: Callable[[Content], object], fault: str) -> None:
    assert any(found.startswith(fault) for found in faults_of(tmp_path, change))


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    def change(content: Content) -> None:
        content["aspects"][0]["location"] = "attic"
        content["limits"][0]["value"] = 15
        content["signals"]["dropout"]["device"] = "dairy.x"

    assert len(faults_of(tmp_path, change)) == 3


def test_a_syntax_error_is_told_with_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "demo.yaml"
    path.write_text("schema: 1\nsite: {id: dairy\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"{path}:\d+: "):
        load_demo_site(path)
