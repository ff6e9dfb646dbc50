"""paho's client with a receive path that reads the socket in bulk: a hundred messages for one system call.

The stock path costs four `recv` calls and one `select` for each message. Here the socket is read in large pieces,
PUBLISH frames are parsed in one loop (`frames.py`), and everything else goes through paho's own code. That needs parts
of paho that are not public, so it is used only with the versions it was tested with (docs/decisions/0021).
"""

from __future__ import annotations

import logging
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

import paho.mqtt as paho_package
import paho.mqtt.client as paho
from paho.mqtt.enums import MessageType, MQTTErrorCode, MQTTProtocolVersion

from collector.ingest.mqtt.frames import Frame, MalformedFrame, Oversize, Stop, parse, pubacks

log = logging.getLogger(__name__)

TESTED_VERSIONS = frozenset({"2.2.0"})
# One read: about 1,700 messages of 150 bytes.
READ_BYTES = 256 * 1024
# After a read that came back short the kernel is given this long to gather more: a few messages at a time would cost a
# system call and a wake-up on both sides for each. It is the whole price in latency.
COALESCE_S = 0.002


class BufferedSocket:
    """What paho needs of a socket, on top of large reads."""

    def __init__(self, raw: socket.socket) -> None:
        self._raw = raw
        self.buffer = b""
        self.position = 0
        # An SSL socket may hold decrypted bytes that `select` does not see.
        self._held: Callable[[], int] = raw.pending if isinstance(raw, ssl.SSLSocket) else lambda: 0

    def fill(self) -> int:
        """Append one large read to what is left, and return its size; 0 at the end of the connection.

        Raises BlockingIOError when nothing is there, OSError when the connection is broken.
        """
        data = self._read()
        if data:
            self.buffer = data if self.position >= len(self.buffer) else self.buffer[self.position :] + data
            self.position = 0
        return len(data)

    def _read(self) -> bytes:
        if not isinstance(self._raw, ssl.SSLSocket):
            return self._raw.recv(READ_BYTES)
        # A read of TLS gives one record, which a broker makes for each message: gather what there is.
        pieces: list[bytes] = []
        size = 0
        try:
            while size < READ_BYTES and (piece := self._raw.recv(READ_BYTES)):
                pieces.append(piece)
                size += len(piece)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            if not pieces:
                raise BlockingIOError from None
        return b"".join(pieces)

    def recv(self, size: int) -> bytes:
        """As paho's own path reads: first what was read already."""
        if self.position >= len(self.buffer):
            return self._raw.recv(size)
        piece = self.buffer[self.position : self.position + size]
        self.position += len(piece)
        return piece

    def pending(self) -> int:
        """What can be had without waiting. A part of a frame is not: asking again for it at once would only spin."""
        return self._held()

    def send(self, data: bytes) -> int:
        return self._raw.send(data)

    def close(self) -> None:
        self._raw.close()

    def fileno(self) -> int:
        return self._raw.fileno()

    def setblocking(self, flag: bool) -> None:
        self._raw.setblocking(flag)


class BulkClient(paho.Client):
    """`on_frames` is given what one read brought; it takes the place of `on_message` for QoS 0 and 1."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on_frames: Callable[[list[Frame]], None] = lambda _frames: None
        self._oversize: Oversize | None = None
        self._short = True

    def _create_socket(self) -> Any:
        self._oversize = None
        return BufferedSocket(super()._create_socket())  # type: ignore[arg-type]

    def acknowledge(self, packet_ids: list[int]) -> None:
        """All PUBACKs in one write."""
        self._packet_queue(MessageType.PUBACK, pubacks(packet_ids), 0, 1)

    def loop_read(self, _max_packets: int = 1) -> MQTTErrorCode:
        buffered: Any = self._sock
        if buffered is None:
            return MQTTErrorCode.MQTT_ERR_NO_CONN
        if self._in_packet["command"]:
            return self._read_other()
        if self._short:
            time.sleep(COALESCE_S)
        try:
            size = buffered.fill()
        except BlockingIOError:
            self._short = True
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        except OSError as error:
            log.debug("cannot read from the broker: error=%s", error)
            size = 0
        if not size:
            return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_CONN_LOST)
        self._short = size < READ_BYTES
        self._last_bytes_received = time.monotonic()
        return self._use(buffered)

    def _use(self, buffered: BufferedSocket) -> MQTTErrorCode:
        """Everything that the buffer holds whole, until another packet has ended the connection."""
        while self.socket() is not None:
            try:
                stop = self._publishes(buffered)
            except MalformedFrame as error:
                log.error("the broker sent what is not MQTT, connecting anew: error=%s", error)
                return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_PROTOCOL)
            if stop is not Stop.OTHER:
                break
            code = self._read_other()
            if code != MQTTErrorCode.MQTT_ERR_SUCCESS or self._in_packet["command"]:
                return code
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _publishes(self, buffered: BufferedSocket) -> Stop:
        v5 = self._protocol == MQTTProtocolVersion.MQTTv5
        if self._oversize is not None:
            buffered.position = self._oversize.take(buffered.buffer, buffered.position)
            if not self._oversize.whole:
                return Stop.MORE
            done, self._oversize = self._oversize, None
            self.on_frames([done.frame(v5=v5)])
        frames, buffered.position, stop = parse(buffered.buffer, buffered.position, v5=v5)
        if frames:
            self.on_frames(frames)
        if stop is Stop.OVERSIZE:
            self._oversize = Oversize(buffered.buffer, buffered.position)
            buffered.position = self._oversize.start
            return self._publishes(buffered)
        return stop

    def _read_other(self) -> MQTTErrorCode:
        """Any other packet, by paho's own code."""
        code = self._packet_read()
        if code == MQTTErrorCode.MQTT_ERR_AGAIN:
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        return self._loop_rc_handle(code) if code > 0 else MQTTErrorCode.MQTT_ERR_SUCCESS


def client_class() -> type[paho.Client]:
    """The bulk client, or paho's own where the installed paho is not one that was tested."""
    version = str(getattr(paho_package, "__version__", "unknown"))
    if version in TESTED_VERSIONS:
        return BulkClient
    log.warning(
        "receiving slowly: paho-mqtt %s is not one that the fast receive loop was tested with (%s)",
        version,
        ", ".join(sorted(TESTED_VERSIONS)),
    )
    return paho.Client
