"""Whatever a phone, a tus client or an exported file may send: a fault with its reason, never an exception."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from collector.demo.site import load_demo_site
from tests.contract.test_docs import ROOT
from webapp.api.uploads import parse_metadata
from webapp.demo_templates import read_template
from webapp.inspections.arrival import clock_error
from webapp.inspections.content import items_of, load_content
from webapp.problems import Problem
from webapp.questions import QUESTIONS
from webapp.questions.reading import snapshot_faults

TEXT = st.text(max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(["choice", "options", "number", "text", "photos", "source", "instrument"])
WORDS = st.sampled_from(["pass", "na", "sensor", "handheld", "clean", "nothing"])
# Mostly of the right keys: what lies behind a key is where it hurts.
SHAPES = (("choice",), ("options",), ("number", "text"), ("text",), ("photos",), ("source",),
          ("source", "number", "text", "instrument"))  # fmt: skip
VALUE = st.dictionaries(KEYS | TEXT, WORDS | JSON, max_size=4) | st.sampled_from(SHAPES).flatmap(
    lambda names: st.fixed_dictionaries({name: WORDS | JSON | st.lists(WORDS) for name in names})
)
_, CONTENT = read_template(ROOT / "device_configs" / "templates" / "weekly-dairy-round.yaml", load_demo_site())
ITEMS = list(items_of(CONTENT))
PARTS = st.sampled_from(["sha256 ", "lat ", "mime", ",", "QUJD", "=", "!"])
SNAPSHOT = {
    "point": "a/ph", "label": "pH", "value": None, "unit": "pH", "precision": 2, "quality": "bad", "reasons": [],
    "observed_at": "x", "age_s": 1, "freshness": "live", "limits": [{"kind": "high", "level": "permit", "value": 9}],
}  # fmt: skip


@settings(max_examples=2000, deadline=None)
@given(
    item=st.sampled_from(ITEMS), value=VALUE, note=TEXT, photos=st.lists(TEXT, max_size=3),
    reading=st.none() | st.just(SNAPSHOT) | JSON.map(lambda value: {**SNAPSHOT, "value": value}),
)  # fmt: skip
def test_any_value_is_faulty_or_can_be_judged_and_told(
    item: Any, value: dict[str, Any], note: str, photos: list[str], reading: Any
) -> None:
    kind = QUESTIONS[item["type"]]
    content = {"value": value, "note": note, "photos": photos, "reading": reading}
    if reading is not None and snapshot_faults(reading):
        return
    faults = kind.faults(item, content)
    assert all(isinstance(fault, str) for fault in faults)
    if not faults:
        assert kind.outcome(item, content) in ("pass", "fail", "na", "neutral", "unanswered")
        assert isinstance(kind.text(item, content), str)


@settings(max_examples=1000, deadline=None)
@given(st.dictionaries(st.sampled_from(["title", "sections", "gallery"]) | TEXT, JSON, max_size=4))
def test_any_template_is_refused_in_words_or_loaded(content: dict[str, Any]) -> None:
    with suppress(ValidationError):
        assert load_content(content)["sections"]


@settings(max_examples=1500, deadline=None)
@given(JSON)
def test_any_snapshot_is_faulty_or_whole(snapshot: Any) -> None:
    if isinstance(snapshot, dict):
        assert all(isinstance(fault, str) for fault in snapshot_faults(snapshot))


@settings(max_examples=1500, deadline=None)
@given(
    st.text(max_size=80) | st.lists(st.sampled_from(["sha256 ", "lat ", "mime", ",", "QUJD", "=", "!"])).map("".join)
)
def test_any_upload_metadata_is_refused_in_words_or_read(header: str) -> None:
    known = {"sha256", "mime", "captured_at", "inspection", "filename", "lat", "lon", "accuracy"}
    with suppress(Problem):
        assert set(parse_metadata(header)) <= known


@given(st.text(max_size=30) | st.integers().map(str))
def test_any_clock_header_is_a_number_or_nothing(header: str) -> None:
    found = clock_error(header, 1_795_428_000_000)
    assert found is None or abs(found) < 2**53


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_unanswered_item_is_never_a_pass(name: str) -> None:
    item = next(item for item in ITEMS if item["type"] == name)
    content = {"value": None, "note": "", "photos": [], "reading": None}
    assert QUESTIONS[name].outcome(item, content) == "unanswered"
    assert QUESTIONS[name].text(item, content) == ""
