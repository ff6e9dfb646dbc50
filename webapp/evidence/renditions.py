"""The supervisor of the image worker: one child, one image at a time, and nothing that a photo does reaches us.

The child is not believed either: whoever broke into it would answer in its place.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, BinaryIO, Literal, get_args

from webapp.evidence.child import COMMAND, Child, Lost
from webapp.evidence.disk import disk
from webapp.evidence.sniff import mime_of

log = logging.getLogger(__name__)

Reason = Literal["too_many_pixels", "truncated", "unreadable", "too_slow", "crashed", "no_heic", "too_large"]

DEADLINE_S = 30.0
# A decoder that leaks does so in a child that does not live long.
_IMAGES_A_CHILD = 200
_MAX_RENDITION = 16 << 20
_MAX_SIDE = 1 << 26
_MAX_TEXT = 64
_TEXTS = ("taken_at", "make", "model")


class WorkerUnavailable(Exception):  # noqa: N818 - a condition, not a fault
    """The child cannot be started, or was stopped. Says nothing about the photo: try again later."""


@dataclass(frozen=True, slots=True)
class Made:
    """Both renditions are in place. Width and height as a person sees the photo; facts as in images.py."""

    width: int
    height: int
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refused:
    """There is no rendition, and trying again would not help. The original is kept as it is."""

    reason: Reason


class ImageWorker:
    """Safe to share between threads: they wait for one another."""

    def __init__(self, deadline_s: float = DEADLINE_S, command: Sequence[str] = COMMAND) -> None:
        self._deadline_s = deadline_s
        self._command = command
        self._turn = threading.Lock()
        self._child: Child | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        child = self._child
        return child.process.pid if child is not None else None

    def make(self, original: BinaryIO, thumb: Path, large: Path) -> Made | Refused:
        """Raises WorkerUnavailable, or StoreUnavailable when the renditions cannot be written."""
        with self._turn:
            child = self._ready_child()
            until = monotonic() + self._deadline_s
            try:
                made, bodies = self._ask(child, original, until)
            except TimeoutError:
                self._end(child)
                log.warning("image worker too slow, killed: deadline_s=%.0f", self._deadline_s)
                return Refused("too_slow")
            except (Lost, OSError) as error:
                return self._after_loss(child, error)
            except BaseException:
                # Whatever it answers after this would be taken for the next photo's.
                self._end(child)
                raise
        if isinstance(made, Made):
            for path, body in zip((thumb, large), bodies, strict=True):
                _write(path, body)
        return made

    def close(self) -> None:
        """Also in the middle of an image, which is then nobody's fault: `make` raises WorkerUnavailable."""
        self._closed = True
        child = self._child
        if child is not None:
            child.process.kill()
        with self._turn:
            if self._child is not None:
                self._end(self._child)

    def _ready_child(self) -> Child:
        child = self._child
        if child is not None and (child.images >= _IMAGES_A_CHILD or child.process.poll() is not None):
            self._end(child)
        if self._closed:
            raise WorkerUnavailable("the image worker was stopped")
        return self._child or self._start()

    def _start(self) -> Child:
        child: Child | None = None
        try:
            child = self._child = Child(self._command)
            guards = child.receive_ready()
        except (Lost, OSError) as error:
            if child is not None:
                self._end(child)
            raise WorkerUnavailable(f"the image worker does not start: {error}") from error
        log.info("image worker started: pid=%d guards=%s", child.process.pid, guards)
        return child

    def _ask(self, child: Child, original: BinaryIO, until: float) -> tuple[Made | Refused, list[bytes]]:
        child.send(original)
        answer = child.receive_answer(until)
        if "refused" in answer:
            reason = answer["refused"]
            if reason not in get_args(Reason):
                raise Lost("a reason that we do not know")
            # It has come to the end of its memory, and may hold on to a part of it.
            if reason == "too_large":
                self._end(child)
            return Refused(reason), []
        made, sizes = _checked(answer)
        bodies = [child.receive(size, until) for size in sizes]
        if any(mime_of(body) != "image/webp" for body in bodies):
            raise Lost("a rendition that is no WebP")
        return made, bodies

    def _after_loss(self, child: Child, error: Exception) -> Refused:
        self._end(child)
        if self._closed:
            raise WorkerUnavailable("the image worker was stopped") from error
        code = child.process.returncode
        if code == -signal.SIGXCPU:
            log.warning("image worker came to the end of its processor time")
            return Refused("too_slow")
        log.warning("image worker lost, a new one takes over: code=%s error=%s", code, error)
        return Refused("crashed")

    def _end(self, child: Child) -> None:
        self._child = None
        child.end()


def _checked(answer: dict[str, Any]) -> tuple[Made, list[int]]:
    """Raises Lost at anything but what the child should say."""
    sizes, facts = answer.get("sizes"), answer.get("facts")
    if not isinstance(sizes, list) or len(sizes) != 2 or not isinstance(facts, dict):
        raise Lost("an answer without sizes or facts")
    kept: dict[str, Any] = {name: text for name in _TEXTS if _is_text(text := facts.get(name))}
    made = Made(
        _count(answer.get("width"), _MAX_SIDE),
        _count(answer.get("height"), _MAX_SIDE),
        kept | {"has_gps": facts.get("has_gps") is True},
    )
    return made, [_count(size, _MAX_RENDITION) for size in sizes]


def _count(value: object, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= most:
        raise Lost("a number out of all bounds")
    return value


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_TEXT and value.isprintable()


def _write(path: Path, body: bytes) -> None:
    """Whole or not at all, also after a power cut: a photo is called ready by the database."""
    with disk(path.parent):
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            with draft.open("xb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
