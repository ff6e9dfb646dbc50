"""The child process in which photos are decoded: `python -I -m webapp.evidence.image_worker <pid of the parent>`.

Standard input is a socket. A request is one byte with the open original as a file descriptor; the answer is a line of
JSON, followed by the two renditions when there are any. So the child needs no file system, and gets none.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from typing import Any, BinaryIO

from webapp.evidence import sandbox


def main() -> None:
    sandbox.limit()
    with socket.socket(fileno=os.dup(0)) as line:
        try:
            # Only now: Pillow and its libraries are to live within the limits.
            from webapp.evidence import images
        except Exception as error:
            _send(line, {"failed": str(error)})
            raise
        _send(line, {"ready": sandbox.lock(int(sys.argv[1]), threads=images.HEIC)})
        while (descriptor := _receive(line)) is not None:
            sandbox.renew_cpu()
            with os.fdopen(descriptor, "rb") as file:
                _answer(line, file)


def _answer(line: socket.socket, file: BinaryIO) -> None:
    from webapp.evidence.images import Refusal, render

    try:
        made, thumb, large = render(file)
    except Refusal as refusal:
        _send(line, {"refused": refusal.reason})
    else:
        _send(line, {**made, "sizes": [len(thumb), len(large)]}, thumb, large)


def _receive(line: socket.socket) -> int | None:
    """The next original, or None when the parent has hung up."""
    request, descriptors, _, _ = socket.recv_fds(line, 1, 1)
    return descriptors[0] if request and descriptors else None


def _send(line: socket.socket, answer: dict[str, Any], *bodies: bytes) -> None:
    line.sendall(json.dumps(answer).encode() + b"\n" + b"".join(bodies))


if __name__ == "__main__":
    main()
