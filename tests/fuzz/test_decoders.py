"""1,000 spoilt messages for each decoder. A new decoder is tried as soon as a profile uses it."""

from __future__ import annotations

import pytest

from collector.profiles.decoders import DECODERS
from tests.fuzz.campaign import campaign
from tests.fuzz.subjects import subject, subjects


@pytest.mark.parametrize("name", subjects())
def test_spoilt_messages_become_readings_or_a_reasoned_refusal(name: str) -> None:
    *_, outcome = campaign(name, 1_000, seed=1)
    assert outcome.faults == []
    # Some are still understood: else nothing behind the first check would be tried.
    assert outcome.with_readings >= 50


def test_the_same_seed_makes_the_same_messages() -> None:
    one, other = ([subject("senml").sent(seed, number) for number in range(50)] for seed in (1, 2))
    assert one == [subject("senml").sent(1, number) for number in range(50)]
    assert one != other


def test_a_decoder_that_raises_and_one_that_stalls_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(DECODERS["senml"], "records", broken)
    *_, outcome = campaign("senml", 100, seed=1)
    assert "a decoder failed: KeyError" in outcome.faults[0]
    monkeypatch.setattr("tests.fuzz.campaign.SLOWEST_MS", 0.0)
    *_, outcome = campaign("hj212", 1, seed=1)
    assert " ms for " in outcome.faults[0]
