"""The profiles as a list for people: found by a word, or written down as the page docs/devices.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from collector.profiles.profile import Profile

# What the kinds of a profile are called as headings, in the order of the page.
_HEADINGS = {
    "energy_meter": "Electricity meters",
    "plug": "Plugs",
    "water_meter": "Water meters",
    "flow_meter": "Flow meters",
    "gas_meter": "Gas meters",
    "heat_meter": "Heat meters",
    "pulse_counter": "Pulse counters",
    "effluent_monitor": "Water quality and effluent",
    "level_monitor": "Levels",
    "air_monitor": "Air",
    "noise_monitor": "Noise",
    "weather_station": "Weather",
    "gateway": "Gateways",
    "generic": "Anything else",
}


def search(profiles: Iterable[Profile], text: str) -> list[Profile]:
    """Those in whose id, kind, decoder, products or metrics every word of the text stands, by id."""
    words = text.casefold().split()
    found = [profile for profile in profiles if all(word in _about(profile) for word in words)]
    return sorted(found, key=lambda profile: profile.id)


def _about(profile: Profile) -> str:
    metrics = [rule.name for rule in profile.metrics]
    return " ".join([profile.id, profile.about.kind, profile.decoder, *profile.about.names, *metrics]).casefold()


def metrics_of(profile: Profile) -> list[str]:
    """Each once, in the order of the profile."""
    return list(dict.fromkeys(rule.name for rule in profile.metrics))


def products_of(profile: Profile) -> str:
    """Each vendor once, with its models: `Shelly Plus Plug S, Plus 1PM; Sonoff Pow R2`."""
    models: dict[str, list[str]] = {}
    for product in profile.about.products:
        models.setdefault(product["vendor"], []).append(product["model"])
    return "; ".join(f"{vendor} {', '.join(mine)}" for vendor, mine in models.items())


def page(profiles: Sequence[Profile]) -> str:
    """docs/devices.md."""
    products = sum(len(profile.about.names) for profile in profiles)
    come = f"{len(profiles)} profiles for {products} products come with Fieldproof."
    lines = [
        "# Supported devices",
        "",
        "<!-- Written by `make devices` from device_configs/profiles/. Changes by hand are lost. -->",
        "",
        f"{come} On your installation, with your own: `fieldproof devices list --search water`.",
        "A device that is not here is described in one file: [device-profiles.md](device-profiles.md).",
    ]
    for kind, heading in _HEADINGS.items():
        if mine := sorted((one for one in profiles if one.about.kind == kind), key=_order):
            lines += ["", f"## {heading}", "", *_table(mine), "", *_caveats(mine)]
    return "\n".join(lines).rstrip() + "\n"


def _order(profile: Profile) -> tuple[str, str]:
    return " ".join(profile.about.names).casefold(), profile.id


def _table(profiles: Sequence[Profile]) -> Iterator[str]:
    yield "| device | profile | decoder | metrics |"
    yield "|---|---|---|---|"
    for profile in profiles:
        names = _cell(", ".join(profile.about.names) or profile.id)
        listed = [f"`{name}`" for name in metrics_of(profile)]
        listed += ["what the message names"] if profile.keep_unlisted else []
        yield f"| {names} | `{profile.id}` | `{profile.decoder}` | {', '.join(listed)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _caveats(profiles: Sequence[Profile]) -> Iterator[str]:
    told = [profile for profile in profiles if profile.about.caveats]
    if told:
        yield "What to know before relying on them:"
        yield ""
    for profile in told:
        for caveat in profile.about.caveats:
            yield f"- `{profile.id}`: {' '.join(caveat['text'].split())} ([page]({_from_docs(caveat['link'])}))"


def _from_docs(link: str) -> str:
    """A page of our own is named as from the top of the checkout."""
    return link if "://" in link else f"../{link}"
