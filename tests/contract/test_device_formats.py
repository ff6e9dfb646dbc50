"""A decoder, a key of a profile or a unit that is half done is found here."""

from __future__ import annotations

import pytest

from collector.profiles import layout_schema, schema, time_rule
from collector.profiles.decoders import DECODERS
from collector.profiles.files import device_configs
from collector.profiles.library import load_library
from collector.profiles.vocabulary import load_vocabulary

README = (device_configs() / "README.md").read_text(encoding="utf-8")
VOCABULARY = load_vocabulary(device_configs())
PROFILES = load_library((device_configs(),), VOCABULARY).profiles


@pytest.mark.parametrize("name", sorted(DECODERS))
def test_a_decoder_is_described_and_used_by_a_profile(name: str) -> None:
    assert f"| `{name}` |" in README
    assert name in {profile.decoder for profile in PROFILES}


@pytest.mark.parametrize(
    "key",
    [
        *schema.ProfileSchema().fields,
        *schema.MetricSchema().fields,
        *schema.QualitySchema().fields,
        *schema.WhenSchema().fields,
        *schema.LimitSchema().fields,
        *time_rule.TimeSchema().fields,
        *sorted({*layout_schema.FieldSchema().fields, *layout_schema.BlockSchema().fields} - {"fields_"}),
        *sorted({*layout_schema.ChannelSchema().fields, *layout_schema.RecordsSchema().fields} - {"fields_"}),
    ],
)
def test_every_key_is_described(key: str) -> None:
    assert f"`{key}" in README or f"{key}:" in README or f"{key}," in README or f"{key}}}" in README


@pytest.mark.parametrize("metric", VOCABULARY.metrics.values(), ids=lambda metric: metric.name)
def test_the_unit_of_every_metric_is_one(metric: object) -> None:
    assert VOCABULARY.understood(metric.unit), metric  # type: ignore[attr-defined]
