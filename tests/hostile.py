"""A seeded source of hostile images: real ones, made in memory and then spoilt in every way we could think of.

The same seed gives the same files. By hand, straight into the worker: `python -m tests.hostile 10000`.
"""

from __future__ import annotations

import io
import random
import struct
import sys
import tempfile
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.images import (
    chunk,
    encoded,
    exif_block,
    halves,
    png_16_bit,
    png_of_size,
    profile,
    scene,
    segment,
    with_segment,
)
from webapp.evidence.renditions import ImageWorker, Made

MIMES = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".svg": "image/svg+xml",
    ".heic": "image/heic",
}
TRICKS = (
    *("photo", "../../etc/cron.d/photo", "..\\..\\photo", "/etc/passwd", "C:\\photo", "photo\0.exe", "a" * 300),
    *("photo\r\nX-Evil: 1", "%2e%2e%2fphoto", "photo.php", "CON", "-rf", "\u202egpj.exe", "';--", "", "📷"),
    "<script>alert(1)</script>",
)
_PNG_HEAD = b"\x89PNG\r\n\x1a\n"
_EDGES = (0, 1, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


Spoil = Callable[[random.Random, bytes], bytes]


@cache
def originals() -> tuple[bytes, ...]:
    """Of each kind that is accepted, small enough to make thousands of."""
    photo, exif = scene(160, 120), exif_block(6)
    grey, clear = photo.convert("L"), photo.convert("RGBA")
    clear.putalpha(128)
    frames = [halves(40, 30), halves(40, 30).rotate(180), scene(40, 30)]
    moving = io.BytesIO()
    frames[0].save(moving, "WEBP", save_all=True, append_images=frames[1:], duration=50)
    return (
        encoded(photo, "JPEG", exif=exif, icc_profile=profile()),
        encoded(photo, "JPEG", progressive=True, subsampling=0),
        encoded(photo.convert("CMYK"), "JPEG"),
        encoded(grey, "JPEG", quality=30),
        encoded(photo, "PNG", exif=exif, icc_profile=profile()),
        encoded(photo.convert("P"), "PNG", transparency=3),
        encoded(clear, "PNG"),
        png_16_bit(30, 20, 40_000),
        encoded(grey.convert("1"), "PNG"),
        encoded(photo, "WEBP", exif=exif, icc_profile=profile()),
        encoded(clear, "WEBP", lossless=True),
        moving.getvalue(),
    )


def flip_bits(rng: random.Random, data: bytes) -> bytes:
    """Few or many; half the time near the beginning, where the structure is."""
    out, reach = bytearray(data), len(data) if rng.random() < 0.5 else min(200, len(data))
    for _ in range(rng.choice((1, 2, 8, 64))):
        out[rng.randrange(reach)] ^= 1 << rng.randrange(8)
    return bytes(out)


def truncate(rng: random.Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data))]


def overwrite(rng: random.Random, data: bytes) -> bytes:
    """A run of bytes becomes noise, zeroes, or a piece of another file."""
    at, length = rng.randrange(len(data)), rng.choice((4, 64, 1000))
    other = rng.choice(originals())
    run = rng.choice((rng.randbytes(length), bytes(length), b"\xff" * length, other[at : at + length]))
    return data[:at] + run + data[at + length :]


def splice(rng: random.Random, data: bytes) -> bytes:
    """The beginning of one and the end of another, or a part twice."""
    cut, other = rng.randrange(len(data)), rng.choice((data, rng.choice(originals())))
    return data[:cut] + other[rng.randrange(len(other)) :]


def lie_about_lengths(rng: random.Random, data: bytes) -> bytes:
    """Of a chunk, a segment, or the whole."""
    out = bytearray(data)
    if data.startswith(b"\xff\xd8"):
        marks = [at for at in range(2, len(data) - 4) if data[at] == 0xFF and 0xC0 <= data[at + 1] <= 0xFE]
        struct.pack_into(">H", out, rng.choice(marks) + 2, rng.choice(_EDGES) & 0xFFFF)
    elif data.startswith(_PNG_HEAD):
        kinds = [at for at in range(12, len(data) - 4) if data[at : at + 4].isalpha()]
        struct.pack_into(">I", out, rng.choice(kinds) - 4, rng.choice(_EDGES))
    else:
        struct.pack_into("<I", out, rng.choice((4, 16)), rng.choice(_EDGES))
    return bytes(out)


def giant(rng: random.Random, data: bytes) -> bytes:
    """The header claims a size that the data do not have, with a right checksum."""
    sides = [rng.choice((0, 1, 65_500, 0xFFFF, rng.randrange(1, 0x7FFFFFFF))) for _ in range(2)]
    out = bytearray(data)
    if data.startswith(_PNG_HEAD):
        struct.pack_into(">II", out, 16, *sides)
        struct.pack_into(">I", out, 29, zlib.crc32(out[12:29]))
        return bytes(out)
    if data.startswith(b"RIFF"):
        frame = b"VP8X" + struct.pack("<I", 10) + bytes([rng.randrange(256), 0, 0, 0])
        canvas = b"".join(struct.pack("<I", side & 0xFFFFFF)[:3] for side in sides)
        return data[:12] + frame + canvas + data[12:]
    for at in range(2, len(data) - 9):
        if data[at] == 0xFF and data[at + 1] in (0xC0, 0xC2):
            struct.pack_into(">HH", out, at + 5, *(side & 0xFFFF for side in sides))
            break
    return bytes(out)


def insert(rng: random.Random, data: bytes) -> bytes:
    """Segments and chunks that nobody ordered: noise, or thousands of them."""
    body, many = rng.randbytes(rng.choice((0, 10, 5_000))), rng.choice((1, 1, 3, 2_000))
    if data.startswith(b"\xff\xd8"):
        return with_segment(data, segment(rng.randrange(0xC0, 0xFF), body, rng.choice((None, None, 0, 0xFFFF))) * many)
    if data.startswith(_PNG_HEAD):
        kind = rng.choice((b"tEXt", b"iTXt", b"PLTE", b"tRNS", b"IHDR", b"acTL", b"fdAT", b"gAMA", b"IEND"))
        return data[:33] + chunk(kind, body) * many + data[33:]
    return data + rng.choice((b"EXIF", b"ICCP", b"ANMF", b"ALPH")) + struct.pack("<I", len(body)) + body * many


def exif_tricks(rng: random.Random, data: bytes) -> bytes:
    """Directories that point at themselves or far away, counts without end, texts that are no texts."""
    rows = []
    for _ in range(rng.choice((1, 5, 200))):
        tag = rng.choice((0x0112, 0x010F, 0x0110, 0x8769, 0x8825, 0x9003, 0xA005, 0x927C, rng.randrange(0xFFFF)))
        rows.append(struct.pack("<HHII", tag, rng.randrange(14), rng.choice(_EDGES), rng.choice((8, *_EDGES))))
    following = struct.pack("<I", rng.choice((0, 8, 0xFFFF)))
    block = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", rng.choice((len(rows), 0xFFFF))) + b"".join(rows) + following
    block += rng.randbytes(rng.choice((0, 100, 60_000)))
    if data.startswith(b"\xff\xd8"):
        return with_segment(data, *[segment(0xE1, block[:65_000])] * rng.choice((1, 1, 50)))
    if data.startswith(_PNG_HEAD):
        return data[:33] + chunk(b"eXIf", block[6:]) + data[33:]
    return encoded(scene(40, 30), "WEBP", exif=block)


def compressed_bombs(rng: random.Random, data: bytes) -> bytes:
    """A few kilobytes that unpack to megabytes: texts, profiles, pictures."""
    bomb = zlib.compress(bytes(rng.choice((2_000_000, 20_000_000))), 9)
    if rng.random() < 0.3:
        return png_of_size(*rng.choice(((20_000, 100), (1, 60_000), (60_000, 1), (9_000, 9_000))))
    png = data if data.startswith(_PNG_HEAD) else originals()[4]
    kind = rng.choice((chunk(b"zTXt", b"a\0\0" + bomb), chunk(b"iCCP", b"a\0\0" + bomb), chunk(b"IDAT", bomb)))
    return png[:33] + kind * rng.choice((1, 5)) + png[33:]


def polyglot(rng: random.Random, data: bytes) -> bytes:
    """A photo that is also something else."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("../evil.sh", "rm -rf /")
    script = b"<html><script>alert(document.cookie)</script></html>"
    more = rng.choice((archive.getvalue(), script, b"%PDF-1.7\n%%EOF", b"#!/bin/sh\nid\n", rng.choice(originals())))
    if data.startswith(b"\xff\xd8") and rng.random() < 0.5:
        return with_segment(data, segment(0xFE, more[:65_000]))
    return data + more


def something_else(rng: random.Random, _data: bytes) -> bytes:
    """Not a photo at all, whatever its name says."""
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><image href="file:///etc/passwd"/></svg>'
    entities = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><svg>&b;&b;</svg>'
    form = rng.choice(("GIF", "TIFF", "BMP", "ICO", "PPM", "TGA", "EPS", "PDF", "AVIF"))
    head = rng.choice(
        (b"\xff\xd8\xff", _PNG_HEAD, b"RIFF\xff\xff\xff\xffWEBPVP8 ", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    )
    return rng.choice((svg, entities, encoded(halves(16, 16), form), head, head + rng.randbytes(3_000), b""))


SPOILS: tuple[Spoil, ...] = (
    *(flip_bits, flip_bits, truncate, overwrite, splice, lie_about_lengths, giant, insert),
    *(exif_tricks, compressed_bombs, polyglot, something_else),
)


def hostile_files(seed: int, count: int) -> Iterator[tuple[str, str, bytes]]:
    """Name, claimed type and bytes. One in three is spoilt twice; names and types are as little to be trusted."""
    rng = random.Random(seed)
    for _ in range(count):
        data = rng.choice(originals())
        for _ in range(rng.choice((1, 1, 2))):
            data = rng.choice(SPOILS)(rng, data) if len(data) > 40 else data
        ending = rng.choice(tuple(MIMES))
        yield rng.choice(TRICKS) + ending, MIMES[ending], data


@dataclass
class Outcome:
    """What became of a run, and what the worker's memory did meanwhile (KiB, after each hundred files)."""

    made: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    memory: list[int] = field(default_factory=list)


def feed(worker: ImageWorker, folder: Path, files: Iterator[tuple[str, str, bytes]]) -> Outcome:
    """One after another into the worker. A supervisor's exception comes through."""
    outcome, original = Outcome(), folder / "original"
    for number, (_, _, data) in enumerate(files, 1):
        original.write_bytes(data)
        with original.open("rb") as file:
            answer = worker.make(file, folder / "thumb.webp", folder / "large.webp")
        if isinstance(answer, Made):
            outcome.made += 1
        else:
            outcome.refused[answer.reason] += 1
        if number % 100 == 0 and worker.pid is not None:
            outcome.memory.append(resident_kib(worker.pid))
    return outcome


def resident_kib(pid: int) -> int:
    """Memory that a process has in use."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def main() -> None:
    seed, count = int(sys.argv[2]) if len(sys.argv) > 2 else 1, int(sys.argv[1])
    begun, worker = time.monotonic(), ImageWorker()
    with tempfile.TemporaryDirectory() as folder:
        outcome = feed(worker, Path(folder), hostile_files(seed, count))
    worker.close()
    print(f"{count} files in {time.monotonic() - begun:.0f} s: {outcome.made} made, {dict(outcome.refused)}")
    print(f"worker's memory, KiB: {min(outcome.memory)} to {max(outcome.memory)}, at last {outcome.memory[-1]}")


if __name__ == "__main__":
    main()
