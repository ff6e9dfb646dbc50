"""Settings: where they come from, and that every fault is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.errors import ConfigError
from collector.ingest.mqtt.client import Broker
from collector.settings import Settings, load_settings

NO_FILE = Path("/nonexistent/fieldproof.toml")


def test_options_win_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "fieldproof.toml"
    file.write_text('port = 1\nhost = "a"\ndata = "x"\n')
    settings = load_settings({"FIELDPROOF_PORT": "2", "FIELDPROOF_HOST": "b"}, file, {"port": 3, "host": None})
    assert (settings.port, settings.host, settings.data) == (3, "b", Path("x"))


def test_a_secret_is_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    settings = load_settings({"FIELDPROOF_SECRET_KEY_FILE": str(tmp_path / "secret")})
    assert settings.secret_key == "s3cret"


def test_every_fault_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "fieldproof.toml"
    file.write_text('prot = 1\nmqtt_url = "http://x"\n')
    env = {
        "FIELDPROOF_PORT": "http", "FIELDPROOF_INFLUX_URL": "localhost", "FIELDPROOF_MQTT_CERT": "c.pem",
        "FIELDPROOF_INFLUX_TOKEN_FILE": "/nonexistent",
    }  # fmt: skip
    with pytest.raises(ConfigError) as caught:
        load_settings(env, file)
    text = "\n".join(caught.value.faults)
    for part in ("unknown key 'prot'", "mqtt_url: 'http://x'", "FIELDPROOF_PORT: 'http'", "FIELDPROOF_INFLUX_URL",
                 "FIELDPROOF_MQTT_CERT", "/nonexistent"):  # fmt: skip
        assert part in text


@pytest.mark.parametrize("file", ["port = ", "\udcff"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, file: str) -> None:
    path = tmp_path / "fieldproof.toml"
    path.write_bytes(file.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError, match=r"fieldproof\.toml"):
        load_settings({}, path)


def test_a_password_in_an_address_is_never_told() -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings({"FIELDPROOF_MQTT_URL": "mqtt://bob:hunter2@h:99999"})
    assert "99999" in caught.value.faults[0]
    assert "hunter2" not in caught.value.faults[0]


def test_a_misspelt_variable_is_a_fault() -> None:
    with pytest.raises(ConfigError, match="FIELDPROOF_MQTTURL"):
        load_settings({"FIELDPROOF_MQTTURL": "mqtt://h"})


@pytest.mark.parametrize("url", ["mqtt://", "tcp://x", "mqtt://a,mqtt://a:1883?site=b", "mqtt://a?qos=2"])
def test_a_broker_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="MQTT_URL"):
        load_settings({"FIELDPROOF_MQTT_URL": url})


def test_several_brokers_may_be_given_and_a_comma_in_a_password_separates_nothing() -> None:
    settings = load_settings({"FIELDPROOF_MQTT_URL": "mqtt://u:p,w@a?site=dairy, mqtts://b:8884"})
    first, second = Broker.parse_all(settings.mqtt_url or "")
    assert (first.host, first.port, first.password, first.site) == ("a", 1883, "p,w", "dairy")
    assert (second.name, second.tls, second.site) == ("b:8884", True, None)


def test_a_password_in_an_influxdb_address_is_not_shown() -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings({"FIELDPROOF_INFLUX_URL": "influx://bob:hunter2@h:8086", "FIELDPROOF_INFLUX_BUCKET": "b"})
    assert "hunter2" not in str(caught.value)
    assert Settings(influx_url="https://bob:hunt@er2@h:8086/x").influx_address == "https://h:8086/x"
