"""What a file is, by its first bytes."""

from __future__ import annotations

import io
import zipfile

import pytest

from tests.images import encoded, halves
from webapp.evidence.sniff import EXTENSIONS, HEAD_BYTES, mime_of


def ftyp(major: bytes, *compatible: bytes) -> bytes:
    body = b"ftyp" + major + bytes(4) + b"".join(compatible)
    return (len(body) + 4).to_bytes(4, "big") + body + b"\0\0\0\x10meta" + bytes(200)


@pytest.mark.parametrize(("form", "mime"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")])
def test_photos_are_known_by_their_first_bytes(form: str, mime: str) -> None:
    assert mime_of(encoded(halves(20, 20), form)[:HEAD_BYTES]) == mime
    assert mime in EXTENSIONS


@pytest.mark.parametrize("lossless", [True, False])
def test_every_kind_of_webp_is_known(lossless: bool) -> None:
    assert (
        mime_of(encoded(halves(9, 9), "WEBP", lossless=lossless, exif=b"Exif\0\0II*\0\x08\0\0\0\0\0")) == "image/webp"
    )
    assert mime_of(encoded(halves(9, 9), "WEBP", lossless=lossless)) == "image/webp"


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"heim", b"heis", b"hevc"])
def test_heic_is_known_by_its_brand(brand: bytes) -> None:
    assert mime_of(ftyp(brand, b"mif1", b"heic")) == "image/heic"


def test_heif_without_a_word_on_the_coding_is_heif() -> None:
    assert mime_of(ftyp(b"mif1", b"mif1", b"heic")) == "image/heif"
    assert mime_of(ftyp(b"msf1")) == "image/heif"


def test_avif_is_none_of_ours_however_it_calls_itself() -> None:
    assert mime_of(ftyp(b"avif", b"mif1", b"miaf")) is None
    assert mime_of(ftyp(b"mif1", b"avif", b"miaf")) is None
    assert mime_of(encoded(halves(16, 16), "AVIF")) is None


def test_brands_are_looked_for_only_within_their_box() -> None:
    """What follows is the file's business."""
    assert mime_of(ftyp(b"mif1", b"miaf") + b"avif" * 20) == "image/heif"


OTHERS = {
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "svg with a declaration": b'<?xml version="1.0"?><svg/>',
    "html": b"<!doctype html><script>alert(1)</script>",
    "pdf": b"%PDF-1.7\n",
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n",
    "gif": encoded(halves(8, 8, "P"), "GIF"),
    "tiff": encoded(halves(8, 8), "TIFF"),
    "bmp": encoded(halves(8, 8), "BMP"),
    "mp4": ftyp(b"isom", b"mp41"),
    "mov": ftyp(b"qt  "),
    "wav": b"RIFF\x24\0\0\0WAVEfmt " + bytes(40),
    "webp of a kind that does not exist": b"RIFF\x24\0\0\0WEBPVP9 " + bytes(40),
    "half of a jpeg's mark": b"\xff\xd8",
    "half of a png's mark": b"\x89PNG\r\n",
    "text": b"Bund 3 leaks",
    "zeroes": bytes(200),
    "nothing": b"",
}


@pytest.mark.parametrize("name", OTHERS)
def test_everything_else_is_not_a_photo(name: str) -> None:
    assert mime_of(OTHERS[name]) is None


def test_an_archive_is_not_a_photo_whatever_is_in_it() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("photo.jpg", encoded(halves(8, 8), "JPEG"))
    assert mime_of(out.getvalue()) is None


def test_every_length_of_every_beginning_is_judged_without_a_fault() -> None:
    for content in [*OTHERS.values(), ftyp(b"heic", b"mif1"), encoded(halves(8, 8), "WEBP")]:
        for length in range(min(len(content), HEAD_BYTES)):
            mime_of(content[:length])
