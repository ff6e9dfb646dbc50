"""The broker that `fieldproof up` brings: mosquitto with queues that hold, else one that is told not to be durable."""

from __future__ import annotations

from pathlib import Path

import pytest

from webapp import broker


def test_without_mosquitto_the_demo_says_that_its_broker_is_not_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """amqtt delivers nothing again after a reconnect: a collector must not take it for a broker that keeps things."""
    monkeypatch.setattr(broker, "find_mosquitto", lambda: None)
    found = broker.demo_broker(tmp_path)
    assert "webapp.amqtt_broker" in found.command
    assert (found.durable, found.label) == (False, "amqtt (demo broker, not durable)")


def test_mosquittos_defaults_which_drop_messages_are_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "find_mosquitto", lambda: "/usr/sbin/mosquitto")
    assert broker.demo_broker(tmp_path).durable
    lines = (tmp_path / "mosquitto.conf").read_text().splitlines()
    settings = dict(line.split(" ", 1) for line in lines if not line.startswith("#"))
    assert int(settings["max_inflight_messages"]) > 20
    assert int(settings["max_queued_messages"]) > 1_000
    assert settings["persistence"] == "true"
    assert int(settings["autosave_interval"]) < 1_800
