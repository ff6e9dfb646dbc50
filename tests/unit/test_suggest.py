"""A device that nobody knows yet: which profiles are offered for it."""

from __future__ import annotations

from pathlib import Path

from collector.devices.suggest import suggest
from collector.profiles.files import device_configs
from collector.profiles.library import load_library
from collector.profiles.vocabulary import load_vocabulary

VOCABULARY = load_vocabulary(device_configs())
PROFILE = """
schema: 1
id: {id}
decoder: json
match: [{{topic: "plant/{{device}}"}}]
device_id: "{{device}}"
metrics: {metrics}
examples: [{{description: one, topic: plant/a, payload: {{PH: 7}}, expect: none}}]
"""
PH = "{name: ph, path: [PH], unit: pH}"
TURBIDITY = "{name: turbidity, path: [NTU], unit: NTU}"


def test_the_profile_that_finds_most_in_a_message_comes_first(tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    for name, metrics in {"a-few": f"[{PH}]", "b-most": f"[{PH}, {TURBIDITY}]"}.items():
        (tmp_path / "profiles" / f"{name}.yaml").write_text(PROFILE.format(id=name, metrics=metrics))
    library = load_library((tmp_path,), VOCABULARY)
    found = suggest(library, "plant/x", b'{"PH": 7.1, "NTU": 3}')
    assert [(one.profile.id, one.metrics) for one in found] == [("b-most", ("ph", "turbidity")), ("a-few", ("ph",))]


def test_nothing_is_offered_for_what_fits_nothing(tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "a.yaml").write_text(PROFILE.format(id="a", metrics=f"[{PH}]"))
    library = load_library((tmp_path,), VOCABULARY)
    assert suggest(library, "elsewhere/x", b"{}") == []
    assert suggest(library, "plant/x", b"no json") == []
