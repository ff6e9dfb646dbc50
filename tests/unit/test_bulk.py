"""The buffered socket: what has come in part neither spins nor is lost."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator

import pytest
from paho.mqtt.enums import CallbackAPIVersion

from collector.ingest.mqtt.bulk import BufferedSocket, BulkClient
from collector.ingest.mqtt.frames import Frame

PUBLISH = b"\x32\x0a\x00\x03t/x\x00\x07abc"


class Line:
    def __init__(self, ours: socket.socket, theirs: socket.socket) -> None:
        ours.setblocking(False)
        self.theirs = theirs
        self.client = BulkClient(CallbackAPIVersion.VERSION2, client_id="bulk")
        self.socket = BufferedSocket(ours)
        self.client._sock = self.socket  # type: ignore[assignment]
        self.frames: list[Frame] = []
        self.client.on_frames = self.frames.extend

    def read(self) -> bool:
        """Reads once if a loop would be woken; returns whether it would."""
        woken = self.socket.pending() > 0 or bool(select.select([self.socket], [], [], 0)[0])
        if woken:
            self.client.loop_read()
        return woken


@pytest.fixture
def line() -> Iterator[Line]:
    ours, theirs = socket.socketpair()
    line = Line(ours, theirs)
    yield line
    line.client._sock = None
    ours.close()
    theirs.close()


def test_a_part_of_a_frame_is_waited_for_without_spinning(line: Line) -> None:
    line.theirs.send(PUBLISH + PUBLISH[:6])
    assert line.read()
    assert len(line.frames) == 1
    assert not line.read()
    line.theirs.send(PUBLISH[6:])
    assert line.read()
    assert line.frames == [(b"t/x", b"abc", 7, 0x32)] * 2
    assert not line.read()


def test_all_that_came_is_one_read(line: Line) -> None:
    """Four system calls a message are what makes the stock path slow."""
    line.theirs.send(PUBLISH * 500)
    assert line.read()
    assert len(line.frames) == 500
    assert not line.read()
