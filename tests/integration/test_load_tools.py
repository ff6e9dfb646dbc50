"""The load tools against a real mosquitto: what they count is what happened, also when the broker goes away."""

from __future__ import annotations

import json
import subprocess
import sys
from threading import Thread

import pytest

from tests.load import frames
from tests.load.connection import RefusedError, open_connection, packet_end
from tests.load.payloads import FILTER, numbered, one_value
from tests.load.publisher import CutError, Publication, publish_frames
from tests.load.subscriber import Counted, Subscriber
from tests.servers import Server, answers, mosquitto, wait_for

pytestmark = pytest.mark.services


@pytest.mark.parametrize("v5", [False, True])
@pytest.mark.parametrize("qos", [0, 1])
def test_what_is_published_is_counted(broker: Server, qos: int, v5: bool) -> None:
    """More messages than there are packet ids."""
    count = 70_000
    subscriber = Subscriber(broker.port, qos=qos, v5=v5)
    seen: list[Counted] = []
    counting = Thread(target=lambda: seen.append(subscriber.run(count, patience_s=20)))
    counting.start()
    published = publish_frames(broker.port, frames.encode(one_value(count), qos), window=1_000)
    counting.join(60)
    subscriber.close()
    assert (published.sent, published.acked) == (count, count if qos else 0)
    assert [counted.count for counted in seen] == [count]
    assert seen[0].rate == pytest.approx(count / seen[0].seconds)
    assert published.started_at <= seen[0].ended_at


def test_a_kept_session_holds_what_came_while_the_subscriber_was_away(broker: Server) -> None:
    Subscriber(broker.port, client_id="kept", clean=False).close()
    publish_frames(broker.port, frames.encode(one_value(3_000)))
    subscriber = Subscriber(broker.port, client_id="kept", clean=False)
    assert subscriber.run(3_000, patience_s=20).count == 3_000
    subscriber.close()
    successor = Subscriber(broker.port, client_id="kept", clean=False)
    with pytest.raises(TimeoutError):
        successor.run(1, patience_s=0.3)
    successor.close()


def test_messages_are_paced_evenly(broker: Server) -> None:
    sends: list[tuple[int, float]] = []
    packets = frames.encode(one_value(600))
    Publication(broker.port, packets, rate=1_000, on_send=lambda sent, at: sends.append((sent, at))).run()
    began = sends[0][1]
    halfway = next(at for sent, at in sends if sent >= 300)
    assert 0.25 < halfway - began < 1.5
    assert 0.55 < sends[-1][1] - began < 3
    assert len(sends) > 100


def test_a_cut_says_what_was_taken_and_the_rest_is_sent_again(broker: Server) -> None:
    """The broker stops in the middle. Nothing that it acknowledged is missing afterwards, nor is anything else."""
    count = 5_000
    Subscriber(broker.port, client_id="kept", clean=False).close()

    def stop_once(sent: int, _: float) -> None:
        if sent >= 2_000 and answers(broker.port):
            broker.stop()

    packets = frames.encode(numbered(count, start=1_000))
    publication = Publication(broker.port, packets, window=500, on_send=stop_once)
    with pytest.raises(CutError, match="sent messages were acknowledged") as cut:
        publication.run()
    assert 1_500 <= cut.value.acked < count
    assert publication.acked == cut.value.acked
    publication.on_send = None
    running = Thread(target=publication.run_through)
    running.start()
    broker.start()
    running.join(60)
    assert publication.acked == count
    # Sent twice, if the broker had taken it and its PUBACK was lost: so read until the last one.
    assert set(_numbers(broker, count - 1)) == set(range(count))


def _numbers(broker: Server, last: int) -> list[int]:
    """Those that a kept session holds, up to `last`."""
    link, data = open_connection(broker.port, "kept", clean=False, topic=FILTER)
    found: list[int] = []
    while not found or found[-1] != last:
        while (end := packet_end(data, 0)) is not None:
            packet, data = data[:end], data[end:]
            found.append(int(packet.rpartition(b":")[2].rstrip(b"}")))
            at = packet.index(b"fieldproof") + len("fieldproof/plant/meter-0000/readings")
            link.sendall(b"\x40\x02" + packet[at : at + 2])
        data += link.recv(65_536) if found[-1:] != [last] else b""
    link.close()
    return found


def test_publish_frames_survives_nothing(broker: Server) -> None:
    broker.stop()
    with pytest.raises(CutError, match="cut after 0 of 0"):
        publish_frames(broker.port, frames.encode(one_value(10)))


def test_a_broker_that_refuses_is_said(broker: Server) -> None:
    folder = broker.log.parent / "closed" if broker.log else None
    assert folder is not None
    folder.mkdir()
    closed = mosquitto(folder, "allow_anonymous false\n")
    with pytest.raises(RefusedError, match="refused the connection: code 5"):
        open_connection(closed.port, "nobody")
    closed.stop()


def test_as_programs_they_print_json(broker: Server) -> None:
    port = ["--port", str(broker.port)]
    tool = [sys.executable, "-m"]
    counting = subprocess.Popen(
        [*tool, "tests.load.subscriber", *port, "--count", "500"], stdout=subprocess.PIPE, text=True
    )
    assert counting.stdout is not None
    assert counting.stdout.readline() == "READY\n"
    publish = [*tool, "tests.load.publisher", *port, "--count", "500", "--shape", "four"]
    published = json.loads(subprocess.run(publish, capture_output=True, text=True, check=True).stdout)
    assert (published["sent"], published["acked"]) == (500, 500)
    wait_for(lambda: counting.poll() is not None, what="the end of counting")
    counted = json.loads(counting.stdout.read())
    counting.stdout.close()
    assert counted["count"] == 500
    assert set(counted) >= {"seconds", "rate", "cpu_seconds", "max_rss"}
