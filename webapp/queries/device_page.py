"""One device with all that is known of it: its values, its last message, what is wrong, and what its profile says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, undefer_group

from collector.profiles.profile import Profile
from collector.profiles.vocabulary import Vocabulary
from collector.sitedb.tables import DeadLetter, Device
from webapp.auth import Principal
from webapp.device_profiles import DeviceProfiles
from webapp.json import iso
from webapp.queries import scope
from webapp.queries.collectors import dead_letter_item
from webapp.queries.devices import add_profile_names, device_items, latest_values, suggested
from webapp.queries.points import describe

_BATTERY = ("battery", "battery_voltage")
_SIGNAL = ("signal_strength", "link_quality", "signal_to_noise")
_LETTERS_MS = 7 * 86_400_000
_LETTERS_SHOWN = 5
# What a text may hold besides what can be seen.
_BLANKS = "\t\r\n"


def device_page(
    db: Session, who: Principal, ident: str, profiles: DeviceProfiles, vocabulary: Vocabulary, now: int
) -> dict[str, Any] | None:
    """All but what the store of readings knows; None when there is no such device that one may see."""
    found = select(Device).where(scope.devices(who), Device.id == ident).options(undefer_group("message"))
    device = db.scalars(found.execution_options(populate_existing=True)).one_or_none()
    if device is None:
        return None
    item = device_items(db, [device], now)[0]
    add_profile_names([item], profiles)
    values = latest_values(db, [ident], vocabulary).get(ident, [])
    may_look_within = who.role != "inspector"
    if may_look_within:
        item["dead_letters"] = _dead_letters(db, who, device, now)
    profile = profiles.get(device.profile)
    return {
        **item,
        "topic": device.last_topic,
        "values": values,
        "suggested": suggested(device, profiles),
        "battery": _own(values, _BATTERY),
        "signal": _own(values, _SIGNAL),
        "expected_every_s": profile.every_s if profile else None,
        "last_message": _message(device) if may_look_within else None,
        **_told_by(profile, vocabulary),
    }


def _own(values: Sequence[dict[str, Any]], metrics: Sequence[str]) -> dict[str, Any] | None:
    """The first of these metrics that the device sends."""
    by_metric = {value["metric"]: value for value in values if value["value"] is not None}
    found = next((by_metric[metric] for metric in metrics if metric in by_metric), None)
    return None if found is None else {name: found[name] for name in ("metric", "value", "unit", "observed_at")}


def _dead_letters(db: Session, who: Principal, device: Device, now: int) -> dict[str, Any]:
    """Nothing says which device a message was of that could not be read: these are of the same topic."""
    if device.last_topic is None:
        return {"count": 0, "latest": []}
    of_topic = (
        scope.dead_letters(who),
        DeadLetter.last_seen_at > now - _LETTERS_MS,
        DeadLetter.topic == device.last_topic,
    )
    newest = select(DeadLetter).where(*of_topic).order_by(DeadLetter.last_seen_at.desc(), DeadLetter.id)
    return {
        "count": int(db.scalar(select(func.sum(DeadLetter.count)).where(*of_topic)) or 0),
        "latest": [dead_letter_item(letter) for letter in db.scalars(newest.limit(_LETTERS_SHOWN))],
    }


def _message(device: Device) -> dict[str, Any] | None:
    payload = device.last_payload
    if device.last_topic is None or payload is None:
        return None
    size = device.last_payload_size or len(payload)
    truncated = size > len(payload)
    text = _text(payload, truncated=truncated)
    return {
        "topic": device.last_topic,
        "payload": payload.hex(" ") if text is None else text,
        "encoding": "hex" if text is None else "text",
        "size": size,
        "truncated": truncated,
        "received_at": iso(device.last_message_at),
    }


def _text(payload: bytes, *, truncated: bool) -> str | None:
    """None for what is no text. The cut may have gone through a letter of up to four bytes."""
    for cut in range(4 if truncated else 1):
        try:
            text = payload[: len(payload) - cut].decode()
        except UnicodeDecodeError:
            continue
        return text if all(letter.isprintable() or letter in _BLANKS for letter in text) else None
    return None


def _told_by(profile: Profile | None, vocabulary: Vocabulary) -> dict[str, Any]:
    """What the vendor says that a person should know."""
    if profile is None:
        return {"caveats": [], "calibration": [], "limits": []}
    about = profile.about
    return {
        "caveats": [{"text": one["text"], "link": one["link"]} for one in about.caveats],
        "calibration": [
            {"every_days": one["every_days"], "metrics": list(one["metrics"])} for one in about.calibration
        ],
        "limits": [
            {
                **{name: limit[name] for name in ("metric", "kind", "level", "value", "why")},
                "unit": describe(vocabulary, limit["metric"])["unit"],
            }
            for limit in about.limits
        ],
    }
