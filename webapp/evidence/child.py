"""The image worker seen from outside: a process, started and ended, and what is said to it and heard from it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from time import monotonic
from typing import Any, BinaryIO

# Isolated: no variable of the environment and no file of the working directory says what is imported.
COMMAND = (sys.executable, "-I", "-m", "webapp.evidence.image_worker")
_START_S = 30.0
_MAX_LINE = 4096


class Lost(Exception):  # noqa: N818 - a condition, not a fault
    """The child hung up, or talks nonsense."""


class Child:
    """One process, our end of its socket, and the thread that it belongs to."""

    def __init__(self, command: Sequence[str]) -> None:
        self.images = 0
        self.line, theirs = socket.socketpair()
        self._over = threading.Event()
        started: Future[subprocess.Popen[bytes]] = Future()
        # Linux ends the child with the thread that started it. The thread that asks first may be a short-lived one.
        self._keeper = threading.Thread(target=self._keep, args=(command, theirs, started), name="image-worker")
        self._keeper.daemon = True
        self._keeper.start()
        try:
            self.process = started.result()
        except OSError:
            self.line.close()
            raise

    def _keep(self, command: Sequence[str], theirs: socket.socket, started: Future[subprocess.Popen[bytes]]) -> None:
        with theirs:
            try:
                process = _start_process([*command, str(os.getpid())], theirs)
            except OSError as error:
                started.set_exception(error)
                return
        started.set_result(process)
        self._over.wait()

    def send(self, original: BinaryIO) -> None:
        self.images += 1
        self.line.setblocking(True)
        socket.send_fds(self.line, [b"i"], [original.fileno()])

    def receive(self, size: int, until: float) -> bytes:
        """Exactly `size` bytes. Raises TimeoutError or Lost."""
        parts, left = [], size
        while left:
            self.line.settimeout(max(0.001, until - monotonic()))
            part = self.line.recv(min(left, 1 << 20))
            if not part:
                raise Lost("it hung up")
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    def receive_answer(self, until: float) -> dict[str, Any]:
        line = b""
        while not line.endswith(b"\n"):
            if len(line) >= _MAX_LINE:
                raise Lost("an answer without an end")
            line += self.receive(1, until)
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            raise Lost("an answer that is no JSON") from None
        if not isinstance(answer, dict):
            raise Lost("an answer that is no object")
        return answer

    def receive_ready(self) -> str:
        """What the sandbox could do."""
        answer = self.receive_answer(monotonic() + _START_S)
        if "ready" not in answer:
            raise Lost(str(answer.get("failed")))
        return ",".join(answer["ready"]) or "limits only"

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.line.close()
        self._over.set()
        self._keeper.join()


def _start_process(command: list[str], line: socket.socket) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own module
        command,
        stdin=line.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Settings come as environment variables, with passwords among them.
        env=_environment(),
        cwd="/",
    )


def _environment() -> dict[str, str]:
    """What a Python may need to find its own libraries, and nothing else."""
    kept = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")
    return {"LC_ALL": "C.UTF-8"} | {name: os.environ[name] for name in kept if name in os.environ}
