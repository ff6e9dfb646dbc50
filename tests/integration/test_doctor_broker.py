"""`fieldproof doctor` before real brokers: Mosquitto as it comes, as deploy/ sets it up, and such as refuse things."""

from __future__ import annotations

import datetime as dt
import getpass
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from collector.doctor import broker as entry
from collector.doctor import mosquitto_conf, persistence, publishers, queue
from collector.doctor.finding import Finding, State
from collector.doctor.patient import Meeting, Patient
from collector.ingest.mqtt.probe import Probe
from deploy import check
from tests import servers
from tests.conftest import need
from tests.integration.doctor_ward import of_broker, only, patient, states
from tests.servers import Server, wait_for
from webapp.lan.authority import Subjects
from webapp.lan.files import Files, keep

pytestmark = pytest.mark.services
PASSWORD = "between test and broker"
TOPIC = "fieldproof/dairy/effluent/readings"


def start(folder: Path, settings: str = "allow_anonymous true") -> Server:
    """A Mosquitto with its own defaults, save that it tells of itself every second."""
    need("mosquitto", servers.find("mosquitto") is not None)
    folder.mkdir(parents=True, exist_ok=True)
    port = servers.free_port()
    file = folder / "mosquitto.conf"
    file.write_text(f"listener {port} 127.0.0.1\nuser {getpass.getuser()}\nsys_interval 1\n{settings}\n")
    return Server([servers.find("mosquitto") or "", "-c", str(file)], port, log=folder / "log").start()


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Server]:
    """Mosquitto as it comes."""
    server = start(tmp_path / "plain")
    yield server
    server.stop()


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[Server]:
    """Mosquitto with deploy/mosquitto/, users and rights included."""
    need("mosquitto", servers.find("mosquitto") is not None)
    folder = tmp_path / "deployed"
    folder.mkdir()
    port = servers.free_port()
    file = check.broker_config(folder, port)
    file.write_text(f"{file.read_text()}sys_interval 1\n")
    for user in ("collector", "dairy"):
        check.add_user(folder, user, PASSWORD)
    server = Server([servers.find("mosquitto") or "", "-c", str(file)], port, log=folder / "log").start()
    yield server
    server.stop()


def url(server: Server, user: str = "", password: str = PASSWORD) -> str:
    who = f"{user}:{password.replace(' ', '%20')}@" if user else ""
    return f"mqtt://{who}127.0.0.1:{server.port}"


@contextmanager
def speaking(server: Server, topics: dict[str, int]) -> Iterator[None]:
    """A gateway that publishes on each topic, at its QoS, all the time."""
    over = threading.Event()
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.username_pw_set("dairy", PASSWORD)
    client.connect("127.0.0.1", server.port)
    client.loop_start()

    def speak() -> None:
        while not over.wait(0.05):
            for topic, qos in topics.items():
                client.publish(topic, b"{}", qos)

    speaker = threading.Thread(target=speak)
    speaker.start()
    yield
    over.set()
    speaker.join()
    client.disconnect()
    client.loop_stop()


def when_it_tells(who: Patient) -> None:
    """Mosquitto's first words about itself come a second after its start."""
    wait_for(lambda: bool(of_broker(persistence.look, who)) and bool(who.started), what="$SYS of the broker")


def measured(who: Patient) -> list[Finding]:
    who.waiting = queue.FEW
    return of_broker(queue.look, who)


def test_a_mosquitto_as_it_comes_keeps_1000_messages_and_forgets_them_at_a_restart(
    plain: Server, tmp_path: Path
) -> None:
    who = patient(tmp_path, url(plain))
    assert states(of_broker(entry.look, who)) == ["ok"]
    assert "MQTT 5" in of_broker(entry.look, who)[0].what
    assert only(of_broker(persistence.look, who), State.BAD).what.startswith("persistence is off")
    found = measured(who)
    assert only(found, State.BAD).what.startswith("it keeps 1,000 messages for a collector that is away, and drops")
    assert "max_queued_messages 100000" in only(found, State.BAD).change
    assert "300 of 300" in only(found, State.OK).what


@contextmanager
def hearing_all(server: Server) -> Iterator[list[str]]:
    """The topics of all that anybody publishes."""
    heard: list[str] = []
    client = paho.Client(CallbackAPIVersion.VERSION2)
    subscribed = threading.Event()
    client.on_message = lambda _, __, message: heard.append(message.topic)
    client.on_subscribe = lambda *_: subscribed.set()
    client.connect("127.0.0.1", server.port)
    client.loop_start()
    client.subscribe("#", 1)
    assert subscribed.wait(10)
    yield heard
    client.disconnect()
    client.loop_stop()


def test_unasked_the_limit_is_read_from_the_settings_and_nothing_is_published(plain: Server, tmp_path: Path) -> None:
    who = patient(tmp_path, url(plain))
    with hearing_all(plain) as heard:
        (found,) = of_broker(queue.look, who)
        assert found.state is State.BAD
        assert found.what.startswith("it keeps 1,000 messages for a collector that is away (by ")
        assert heard == []
        measured(who)
        # All but what this broker drops for whoever does not keep up: it keeps 1,000 for us as well.
        wait_for(lambda: len(heard) >= 1_000, what="the messages of a measurement")
    assert all(topic.startswith("fieldproof/_doctor/") for topic in heard)


def test_unasked_and_without_settings_to_read_it_is_not_known_and_told_how_to_find_out(
    plain: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mosquitto_conf, "find", lambda *_: None)
    (found,) = of_broker(queue.look, patient(tmp_path, url(plain)))
    assert found.state is State.UNKNOWN
    assert "fieldproof doctor --measure-queue" in found.change
    assert "max_queued" in found.change


@pytest.mark.parametrize("v5", [True, False], ids=["v5", "v3.1.1"])
def test_the_measurement_leaves_no_session_behind(plain: Server, tmp_path: Path, v5: bool) -> None:
    who = patient(tmp_path, url(plain))
    who.meetings[who.brokers[0].name] = Meeting(v5, {}, None)
    measured(who)
    with Probe(who.brokers[0], who.settings, v5=v5, client_id=queue.session_id(who), clean=False) as probe:
        assert not probe.connect().session_present


def test_what_a_doctor_left_over_3_1_1_that_was_killed_the_next_one_ends(plain: Server, tmp_path: Path) -> None:
    who = patient(tmp_path, url(plain))
    who.meetings[who.brokers[0].name] = Meeting(False, {}, None)

    def left() -> bool:
        with Probe(who.brokers[0], who.settings, v5=False, client_id=queue.session_id(who), clean=False) as probe:
            return probe.connect().session_present

    assert not left()
    assert left(), "the first look made one"
    of_broker(queue.look, who)
    assert not left()


def test_what_fell_to_our_own_measurement_is_not_counted_as_lost(plain: Server, tmp_path: Path) -> None:
    who = patient(tmp_path, url(plain))
    who.settings.data.mkdir()
    when_it_tells(who)
    measured(who)
    wait_for(lambda: _counted(who) == 500, what="the broker's own count")
    assert any("has dropped no message" in finding.what for finding in of_broker(persistence.look, who))
    who.settings.data.joinpath("doctor.json").unlink()
    assert any("has dropped 500 messages" in finding.what for finding in of_broker(persistence.look, who))


def _counted(who: Patient) -> int:
    told = persistence.own_words(who, who.brokers[0], v5=True)
    return int(told.get("$SYS/broker/publish/messages/dropped", "0"))


def test_the_deployed_broker_is_in_order(deployed: Server, tmp_path: Path) -> None:
    who = patient(tmp_path, url(deployed, "collector"))
    when_it_tells(who)
    who.waiting = queue.FEW
    found = [finding for look in (entry.look, persistence.look, queue.look) for finding in of_broker(look, who)]
    assert states(found) == ["ok"] * len(found), found
    assert any("it keeps 4,500,000 messages for a collector that is away" in finding.what for finding in found)
    assert any("saved every 5 min" in finding.what for finding in found)


def test_a_broker_that_forbids_the_trial_is_told_apart_from_one_that_drops(deployed: Server, tmp_path: Path) -> None:
    (found,) = measured(patient(tmp_path, url(deployed, "dairy")))
    assert found.state is State.UNKNOWN
    assert "topic readwrite fieldproof/_doctor/#" in found.change


@pytest.mark.parametrize("user", ["", "collector"])
def test_wrong_credentials_are_told_as_such(deployed: Server, tmp_path: Path, user: str) -> None:
    who = patient(tmp_path, url(deployed, user, "wrong"))
    found = only(of_broker(entry.look, who), State.BAD)
    assert "refuses us" in found.what
    assert "FIELDPROOF_MQTT_URL" in found.change
    assert states(of_broker(queue.look, who) + of_broker(publishers.look, who)) == ["unknown", "unknown"]


def test_what_is_published_at_qos_0_is_named(deployed: Server, tmp_path: Path) -> None:
    who = patient(tmp_path, url(deployed, "collector"))
    careful, careless = TOPIC, "fieldproof/dairy/meter/readings"
    with speaking(deployed, {careful: 1, careless: 0}):
        (found,) = of_broker(publishers.look, who)
    assert found.state is State.WARN
    assert careless in found.what
    assert careful not in found.what
    with speaking(deployed, {careful: 1}):
        (found,) = of_broker(publishers.look, who)
    assert "all published at QoS 1" in found.what


def test_nothing_heard_is_not_called_good(plain: Server, tmp_path: Path) -> None:
    (found,) = of_broker(publishers.look, patient(tmp_path, url(plain)))
    assert found.state is State.UNKNOWN


def test_nobody_there_says_how_to_start_one(tmp_path: Path) -> None:
    who = patient(tmp_path, f"mqtt://127.0.0.1:{servers.free_port()}")
    found = only(of_broker(entry.look, who), State.BAD)
    assert "nothing listens" in found.what
    assert "fieldproof up --demo" in found.change


def test_plain_mqtt_where_tls_is_asked_for_is_told(plain: Server, tmp_path: Path) -> None:
    who = patient(tmp_path, f"mqtts://127.0.0.1:{plain.port}")
    found = only(of_broker(entry.look, who), State.BAD)
    assert "TLS" in found.what


def test_a_name_that_nobody_knows_is_told(tmp_path: Path) -> None:
    who = patient(tmp_path, "mqtt://no-such-host.invalid:1883")
    assert "not known" in only(of_broker(entry.look, who), State.BAD).what


def test_something_that_is_no_broker_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes connections and says nothing."""
    monkeypatch.setattr("collector.ingest.mqtt.probe.ANSWER_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        who = patient(tmp_path, f"mqtt://127.0.0.1:{mute.getsockname()[1]}")
        assert "does not answer in MQTT" in only(of_broker(entry.look, who), State.BAD).what


def with_tls(folder: Path, made_at: dt.datetime) -> tuple[Server, Files]:
    """A broker with a certificate of 396 days that was made then."""
    folder.mkdir()
    files = Files.of(folder / "keys")
    keep(files, Subjects(("localhost",), (ip_address("127.0.0.1"),)), now=made_at)
    server = start(folder, f"allow_anonymous true\ncertfile {files.server}\nkeyfile {files.server_key}")
    return server, files


@pytest.mark.parametrize(("age", "state", "words"), [(1, "ok", "valid for 39"), (390, "warn", "ends in 5 days")])
def test_a_certificate_that_ends_soon_is_told_in_time(tmp_path: Path, age: int, state: str, words: str) -> None:
    server, files = with_tls(tmp_path / "tls", dt.datetime.now(dt.UTC) - dt.timedelta(days=age))
    found = of_broker(entry.look, patient(tmp_path, f"mqtts://localhost:{server.port}", mqtt_ca=files.ca))
    assert found[0].state == state
    assert words in found[0].what
    assert found[1].state is State.OK
    server.stop()


def test_a_certificate_of_a_stranger_is_not_trusted(tmp_path: Path) -> None:
    server, _ = with_tls(tmp_path / "tls", dt.datetime.now(dt.UTC))
    found = only(of_broker(entry.look, patient(tmp_path, f"mqtts://localhost:{server.port}")), State.BAD)
    assert "is not trusted" in found.what
    assert "FIELDPROOF_MQTT_CA" in found.change
    server.stop()


def test_limits_that_a_broker_tells_are_weighed() -> None:
    """Mosquitto 2.0 has no setting for these; the numbers are what a v5 broker may put into its CONNACK."""
    told = {"MaximumQoS": 0, "WildcardSubscriptionAvailable": 0, "SessionExpiryInterval": 7200}
    assert states(list(entry.limits(told))) == ["bad", "bad", "warn"]
    assert "for 2 h only" in list(entry.limits(told))[2].what
    assert list(entry.limits({})) == []
