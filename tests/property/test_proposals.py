"""Whatever a device sends, what is proposed for it is a profile that passes its own check, or nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.devices.attempt import attempt
from collector.devices.check import check_file
from collector.devices.make import write
from collector.devices.propose import Caught, propose
from collector.devices.writing import Product
from collector.profiles.files import device_configs
from collector.profiles.library import Library, load_library
from collector.profiles.vocabulary import load_vocabulary

VOCABULARY = load_vocabulary(device_configs())
LIBRARY = load_library((device_configs(),), VOCABULARY)
NOW = 1_795_428_000_000
KEYS = st.one_of(
    st.sampled_from(["power", "PH", "a_voltage", "time", "ts", "id", "values", "temperature_C", "on", "1", "…", "{x}"]),
    st.text(max_size=8),
)  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([NOW, NOW / 1000, "2026-11-23T10:00:00", "2026-11-23T11:00:00Z", "7,1", "1,234", "<1", "12 mg/L"]),
    st.text(max_size=12),
)  # fmt: skip
# As gateways and loggers send them: names and values, or points with a time each.
LISTS = st.lists(
    st.fixed_dictionaries(
        {"value": SCALARS},
        optional={"name": st.text(max_size=4), "ts": st.integers(NOW - 9_000_000, NOW) | st.none(), "power": SCALARS},
    ),
    max_size=4,
)
DOCUMENTS = st.recursive(
    SCALARS | LISTS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6), max_leaves=20
)
TOPICS = st.one_of(
    st.sampled_from(["tele/x/SENSOR", "zigbee2mqtt/x", "shellies/em-1/emeter/0/power", "a/sensor/c/state"]),
    st.lists(st.sampled_from(["works", "m1", "state", "ph", "a b", "ü", "{device}", "$x", ""]), min_size=1, max_size=5)
    .map("/".join).filter(bool),
)  # fmt: skip


def encoded(document: Any) -> bytes:
    try:
        return orjson.dumps(document)
    except TypeError:
        return repr(document).encode("utf-8", "replace")


PAYLOADS = st.one_of(
    DOCUMENTS.map(encoded), st.binary(max_size=40), SCALARS.map(lambda one: str(one).encode("utf-8", "replace"))
)
MESSAGES = st.lists(st.builds(Caught, TOPICS, PAYLOADS, st.integers(NOW, NOW + 60_000)), min_size=1, max_size=6)


@given(MESSAGES, st.sampled_from(["#", "works/#", "+/m1", "works/{device}/#"]))
@settings(max_examples=300, deadline=None)
def test_what_is_proposed_passes_its_own_check(messages: list[Caught], asked: str) -> None:
    proposal = propose(asked, messages, VOCABULARY)
    if proposal is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        file = write(Product("Acme", "M1"), proposal, Path(folder), Library(()), VOCABULARY)
        found = check_file(file, VOCABULARY)
        assert (found.faults, found.wrong) == ([], []), file.read_text()


@given(TOPICS, PAYLOADS)
@settings(max_examples=300, deadline=None)
def test_every_message_can_be_tried(topic: str, payload: bytes) -> None:
    for library in (LIBRARY, Library(LIBRARY.profiles[:1])):
        found = attempt(topic, payload, NOW, library, VOCABULARY)
        assert bool(found.moments) or found.why
