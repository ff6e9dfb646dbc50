"""Device profiles: what a manager chooses from when adopting a device."""

from __future__ import annotations

from typing import Any

from collector.profiles.profile import Profile
from webapp.access import READER
from webapp.device_profiles import name_of
from webapp.resource import Resource
from webapp.schemas.devices import Profiles, ProfilesQuery
from webapp.services import services

resource = Resource("profiles", "How types of devices are read")


@resource.view("/profiles", access=READER, query=ProfilesQuery, answer=Profiles)
def profiles(args: dict[str, Any]) -> dict[str, Any]:
    """Profiles by name. `q` looks for all its words in maker, model, kind and metrics."""
    words = (args["q"] or "").casefold().split()
    found = [profile for profile in services().profiles.all() if all(word in _text(profile) for word in words)]
    after = next((place for place, profile in enumerate(found, 1) if profile.id == args["cursor"]), 0)
    shown = found[after : after + args["limit"]]
    more = len(found) > after + len(shown)
    return {"items": [_item(profile) for profile in shown], "next": shown[-1].id if more else None}


def _text(profile: Profile) -> str:
    return " ".join((profile.id, profile.about.kind, *profile.about.names, *_metrics(profile))).casefold()


def _metrics(profile: Profile) -> list[str]:
    return list(dict.fromkeys(rule.name for rule in profile.metrics))


def _item(profile: Profile) -> dict[str, Any]:
    product = next(iter(profile.about.products), {})
    return {
        "id": profile.id,
        "name": name_of(profile),
        "vendor": product.get("vendor"),
        "model": product.get("model"),
        "kind": profile.about.kind,
        "products": profile.about.names,
        "metrics": _metrics(profile),
    }
