"""1,000 spoilt messages for each decoder. A new decoder is tried as soon as a profile uses it."""

from __future__ import annotations

import pytest

from collector.profiles.decoders import DECODERS
from tests.fuzz.campaign import campaign, originals, spoilt


# One that no profile uses yet is found by tests/contract/test_device_formats.py.
@pytest.mark.parametrize("decoder", [name for name in sorted(DECODERS) if originals(name)])
def test_spoilt_messages_become_readings_or_a_reasoned_refusal(decoder: str) -> None:
    *_, outcome = campaign(decoder, 1_000, seed=1)
    assert outcome.faults == []
    # Some are still understood: else nothing behind the first check would be tried.
    assert outcome.with_readings >= 50


def test_the_same_seed_makes_the_same_messages() -> None:
    assert originals("senml")
    assert [spoilt("senml", 1, number) for number in range(50)] == [spoilt("senml", 1, number) for number in range(50)]
    assert spoilt("senml", 1, 0) != spoilt("senml", 2, 0)


def test_a_decoder_that_raises_and_one_that_stalls_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(DECODERS["senml"], "records", broken)
    *_, outcome = campaign("senml", 100, seed=1)
    assert "a decoder failed: KeyError" in outcome.faults[0]
    monkeypatch.setattr("tests.fuzz.campaign.SLOWEST_MS", 0.0)
    *_, outcome = campaign("hj212", 1, seed=1)
    assert " ms for " in outcome.faults[0]
