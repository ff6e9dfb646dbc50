"""Photos made in memory: no image file is kept in the repository."""

from __future__ import annotations

import io
import random
import struct
import zlib
from functools import cache
from typing import Any

from PIL import ExifTags, Image, ImageCms

RED, BLUE = (200, 30, 30), (30, 30, 200)


def halves(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Red above, blue below: one sees which way up it is."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (0, height // 2, width, height))
    return image.convert(mode)


@cache
def scene(width: int, height: int, seed: int = 0) -> Image.Image:
    """Something with as much detail as a photo has, and soft edges."""
    size = (max(2, width // 4), max(2, height // 4))
    noise = Image.frombytes("L", size, random.Random(seed).randbytes(size[0] * size[1])).resize((width, height))
    slope = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (noise, slope, Image.blend(noise, slope, 0.5)))


def encoded(image: Image.Image, form: str, **more: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **more)
    return out.getvalue()


def exif_block(orientation: int = 1, **texts: str) -> bytes:
    """With a place, a camera and a time, as phones write it."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Make] = texts.get("make", "Nokia")
    exif[ExifTags.Base.Model] = texts.get("model", "7650")
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:11:25 10:42:07"
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLatitude] = "N", (52.0, 31.0, 12.0)
    gps[ExifTags.GPS.GPSLongitudeRef], gps[ExifTags.GPS.GPSLongitude] = "E", (13.0, 24.0, 36.0)
    return exif.tobytes()


def profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def chunk(kind: bytes, data: bytes, length: int | None = None) -> bytes:
    """Of a PNG. `length` may lie."""
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data) if length is None else length) + kind + data + struct.pack(">I", checksum)


@cache
def png_of_size(width: int, height: int) -> bytes:
    """A few kilobytes that claim to be as many pixels as one likes: each row is zeroes, packed twice over."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    row = bytes(width + 1)
    rows = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def png_16_bit(width: int, height: int, value: int) -> bytes:
    """Grey, two bytes a pixel."""
    header = struct.pack(">IIBBBBB", width, height, 16, 0, 0, 0, 0)
    rows = (b"\0" + struct.pack(">H", value) * width) * height
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def segment(marker: int, data: bytes, length: int | None = None) -> bytes:
    """Of a JPEG. `length` may lie."""
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2 if length is None else length) + data


def with_segment(jpeg: bytes, *segments: bytes) -> bytes:
    """Right behind the start of the image."""
    return jpeg[:2] + b"".join(segments) + jpeg[2:]
