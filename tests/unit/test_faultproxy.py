"""The proxy of the fault tests, tried with real sockets: what it breaks must be broken, and nothing else."""

from __future__ import annotations

import gzip
import http.client
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.faultproxy import FaultProxy
from tests.servers import free_port, wait_for

BIG = bytes(range(256)) * 400


class Handler(BaseHTTPRequestHandler):
    """Answers with what it was sent; a GET with BIG. `seen` has what was carried out."""

    protocol_version = "HTTP/1.1"
    seen: list[str]

    def do_GET(self) -> None:
        self._send(BIG)

    def do_PUT(self) -> None:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers["Content-Length"]))
        self._send(body)

    def _send(self, body: bytes) -> None:
        self.seen.append(f"{self.command} {self.path}")
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


class Target:
    def __init__(self, server: ThreadingHTTPServer, seen: list[str]) -> None:
        self.port, self.seen = int(server.server_address[1]), seen


@pytest.fixture
def target() -> Iterator[Target]:
    seen: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"seen": seen}))
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield Target(server, seen)
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def proxy(target: Target) -> Iterator[FaultProxy]:
    with FaultProxy(target.port) as found:
        yield found


def ask(proxy: FaultProxy, method: str = "GET", path: str = "/", body: bytes | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=20)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def seconds(proxy: FaultProxy, body: bytes) -> float:
    began = time.monotonic()
    assert ask(proxy, "PUT", "/x", body) == (200, body)
    return time.monotonic() - began


def test_it_carries_requests_and_counts_them(proxy: FaultProxy) -> None:
    assert ask(proxy, "PUT", "/a", BIG) == (200, BIG)
    assert ask(proxy, "GET", "/b") == (200, BIG)
    assert proxy.requests == ["PUT /a", "GET /b"]
    assert proxy.connections == 2
    assert proxy.cuts == 0
    assert min(proxy.bytes_up, proxy.bytes_down / 2) >= len(BIG)


def test_a_connection_carries_many_requests_with_and_without_chunks(proxy: FaultProxy) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=20)
    for number in range(5):
        connection.request("PUT", f"/{number}", iter([b"one ", b"two"]), encode_chunked=True)
        assert connection.getresponse().read() == b"one two"
        connection.request("PUT", f"/{number}", b"three")
        assert connection.getresponse().read() == b"three"
    connection.close()
    assert (proxy.connections, len(proxy.requests)) == (1, 10)


def test_a_slow_line_is_slow_by_about_its_ratio_and_shared(proxy: FaultProxy) -> None:
    body = BIG[:40_000]
    proxy.throttle(up=80_000)
    alone = seconds(proxy, body)
    proxy.throttle(up=20_000)
    assert 2 < seconds(proxy, body) / alone < 8
    proxy.throttle(up=80_000)
    began = time.monotonic()
    pair = [threading.Thread(target=seconds, args=(proxy, body)) for _ in range(2)]
    for one in pair:
        one.start()
    for one in pair:
        one.join()
    assert (time.monotonic() - began) / alone > 1.5, "two connections have one line between them"
    proxy.heal()
    assert seconds(proxy, body) < alone


def test_delay_is_added(proxy: FaultProxy) -> None:
    plain = seconds(proxy, b"x")
    proxy.delay_s = 0.2
    assert seconds(proxy, b"x") - plain > 0.3


def test_cutting_resets_what_is_open_and_nothing_later(proxy: FaultProxy, target: Target) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=20) as half:
        half.sendall(b"PUT /half HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nonly this")
        wait_for(lambda: proxy.requests == ["PUT /half"], what="the request")
        assert proxy.cut() == 1
        with pytest.raises(ConnectionResetError):
            half.recv(1)
    assert ask(proxy, "PUT", "/again", b"x") == (200, b"x")
    assert target.seen == ["PUT /again"]
    wait_for(lambda: proxy.cuts == 1, what="the count of the cut")


def test_no_network_refuses_until_it_is_back(proxy: FaultProxy, target: Target) -> None:
    proxy.go_down()
    with pytest.raises(ConnectionError):
        ask(proxy)
    assert target.seen == []
    proxy.come_up()
    assert ask(proxy)[0] == 200


def test_a_silent_line_carries_nothing_until_it_is_healed(proxy: FaultProxy, target: Target) -> None:
    proxy.fall_silent()
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=0.3)
    connection.request("PUT", "/row", b"x")
    with pytest.raises(TimeoutError):
        connection.getresponse()
    connection.close()
    assert target.seen == []
    proxy.heal()
    assert ask(proxy, "PUT", "/again", b"x") == (200, b"x")


def test_a_server_that_is_away_is_a_reset_and_the_next_one_is_found(target: Target) -> None:
    with FaultProxy(free_port()) as proxy:
        with pytest.raises(ConnectionError):
            ask(proxy)
        proxy.target_port = target.port
        assert ask(proxy)[0] == 200


def outcomes(target: Target, seed: int) -> list[bool]:
    with FaultProxy(target.port, seed=seed) as proxy:
        proxy.cut_share(0.5, (0, len(BIG)))
        return [_comes(proxy) for _ in range(20)]


def _comes(proxy: FaultProxy) -> bool:
    try:
        return ask(proxy) == (200, BIG)
    except (OSError, http.client.HTTPException):
        return False


def test_a_share_of_the_connections_is_cut_and_the_same_ones_with_the_same_seed(target: Target) -> None:
    first = outcomes(target, 7)
    assert 3 < first.count(False) < 17
    assert outcomes(target, 7) == first
    assert outcomes(target, 8) != first


def test_a_canned_answer_stands_in_for_the_server_so_many_times(proxy: FaultProxy, target: Target) -> None:
    proxy.answer("PUT /busy", 503, b"<html>later</html>", times=2)
    assert [ask(proxy, "PUT", "/busy/1", BIG) for _ in range(2)] == [(503, b"<html>later</html>")] * 2
    assert ask(proxy, "PUT", "/busy/1", b"x") == (200, b"x")
    assert ask(proxy, "GET", "/busy/1")[0] == 200
    assert target.seen == ["PUT /busy/1", "GET /busy/1"]
    proxy.answer("GET /", 401, times=None)
    assert {ask(proxy)[0] for _ in range(5)} == {401}
    proxy.heal()
    assert ask(proxy)[0] == 200


def test_a_canned_answer_may_carry_headers_and_be_for_certain_bodies_only(proxy: FaultProxy, target: Target) -> None:
    proxy.answer("PUT /", 429, b"later", times=None, headers={"Retry-After": "7"}, holding=b"poison")
    for body in (b"some poison in it", gzip.compress(b"some poison in it")):
        assert ask(proxy, "PUT", "/a", body) == (429, b"later")
    assert ask(proxy, "PUT", "/b", BIG) == (200, BIG)
    assert target.seen == ["PUT /b"]
    assert proxy.faults == 2
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=20)
    connection.request("PUT", "/a", b"poison")
    assert connection.getresponse().headers["Retry-After"] == "7"
    connection.close()


def test_the_server_may_do_its_work_and_our_answer_come_back_in_place_of_its_own(
    proxy: FaultProxy, target: Target
) -> None:
    proxy.answer("PUT /row", 422, b"not all of it", carried_out=True)
    assert ask(proxy, "PUT", "/row/1", BIG) == (422, b"not all of it")
    assert ask(proxy, "PUT", "/row/2", BIG) == (200, BIG)
    assert target.seen == ["PUT /row/1", "PUT /row/2"]


def test_the_server_may_be_asked_for_another_path_than_the_client_asked_for(proxy: FaultProxy, target: Target) -> None:
    proxy.rewrite("/new?", "/old?more=1&")
    assert ask(proxy, "PUT", "/new?a=b", BIG) == (200, BIG)
    assert ask(proxy, "PUT", "/newer", BIG) == (200, BIG)
    assert target.seen == ["PUT /old?more=1&a=b", "PUT /newer"]
    assert proxy.requests == ["PUT /new?a=b", "PUT /newer"]


def test_a_request_that_hangs_is_taken_and_never_answered(proxy: FaultProxy, target: Target) -> None:
    proxy.hang("PUT /row")
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=0.3)
    connection.request("PUT", "/row/1", BIG)
    with pytest.raises(TimeoutError):
        connection.getresponse()
    connection.close()
    assert target.seen == []
    assert ask(proxy, "PUT", "/row/1", b"x") == (200, b"x")


def test_a_halved_answer_ends_after_so_many_bytes(proxy: FaultProxy) -> None:
    proxy.halve("GET /", 5_000)
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=20) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert len(read_to_end(raw)) <= 5_000
    assert proxy.bytes_down == 5_000
    assert ask(proxy) == (200, BIG)


def read_to_end(raw: socket.socket) -> bytes:
    """A reset may throw away what had arrived."""
    got = b""
    try:
        while piece := raw.recv(65536):
            got += piece
    except ConnectionResetError:
        pass
    return got


def test_a_lost_acknowledgement_is_of_a_request_that_was_carried_out(proxy: FaultProxy, target: Target) -> None:
    proxy.lose("PUT /row")
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        ask(proxy, "PUT", "/row/1", b"x")
    assert target.seen == ["PUT /row/1"]
    assert proxy.bytes_down == 0
    assert ask(proxy, "PUT", "/row/1", b"x") == (200, b"x")


def test_any_protocol_passes_when_it_is_not_asked_to_know_http(target: Target) -> None:
    with FaultProxy(target.port, http=False) as proxy:
        assert ask(proxy, "PUT", "/a", BIG) == (200, BIG)
        assert proxy.requests == []
        assert proxy.bytes_up > len(BIG)
