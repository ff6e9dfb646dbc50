"""Photos through the real image worker: what comes out, what is refused and why, and what a bad one cannot do."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from tests.images import (
    BLUE,
    RED,
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
from webapp.evidence.renditions import ImageWorker, Made, Refused

Answer = Made | Refused


def opened(path: Path) -> Image.Image:
    with Image.open(path) as image:
        image.load()
    return image


class Studio:
    """A worker, and the folder that its renditions go to."""

    def __init__(self, folder: Path, worker: ImageWorker) -> None:
        self.folder, self.worker = folder, worker
        self.thumb, self.large = folder / "r/ab/thumb.webp", folder / "r/ab/large.webp"

    def make(self, content: bytes) -> Answer:
        (self.folder / "original").write_bytes(content)
        with (self.folder / "original").open("rb") as file:
            return self.worker.make(file, self.thumb, self.large)

    def seen(self, content: bytes) -> Image.Image:
        """The large rendition."""
        assert isinstance(answer := self.make(content), Made), answer
        return opened(self.large)


@pytest.fixture(scope="module")
def worker() -> Iterator[ImageWorker]:
    made = ImageWorker()
    yield made
    made.close()


@pytest.fixture
def studio(tmp_path: Path, worker: ImageWorker) -> Studio:
    return Studio(tmp_path, worker)


def close_to(pixel: object, colour: tuple[int, ...], by: int = 12) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(a - b) <= by for a, b in zip(pixel[:3], colour, strict=True))


def chunks(webp: bytes) -> set[bytes]:
    found, at = set(), 12
    while at < len(webp):
        found.add(webp[at : at + 4])
        at += 8 + (int.from_bytes(webp[at + 4 : at + 8], "little") + 1) // 2 * 2
    return found


# What comes out


def test_a_photo_of_12_million_pixels_gets_both_sizes(studio: Studio) -> None:
    photo = encoded(scene(4000, 3000), "JPEG", quality=92, exif=exif_block())
    facts = {"taken_at": "2026:11:25 10:42:07", "make": "Nokia", "model": "7650", "has_gps": True}
    assert studio.make(photo) == Made(4000, 3000, facts)
    assert opened(studio.large).size == (1600, 1200)
    assert opened(studio.thumb).size == (480, 360)
    assert studio.thumb.stat().st_size < studio.large.stat().st_size
    assert sorted(path.name for path in studio.thumb.parent.iterdir()) == ["large.webp", "thumb.webp"]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright(studio: Studio, form: str, orientation: int) -> None:
    """Red is above in the stored pixels; the camera says how it was held."""
    image = studio.seen(encoded(halves(80, 60), form, exif=exif_block(orientation)))
    sideways = orientation >= 5
    assert image.size == ((60, 80) if sideways else (80, 60))
    middle = image.width // 2, image.height // 2
    red = {1: (middle[0], 5), 2: (middle[0], 5), 3: (middle[0], -5), 4: (middle[0], -5)}
    red |= {5: (5, middle[1]), 6: (-5, middle[1]), 7: (-5, middle[1]), 8: (5, middle[1])}
    x, y = (at % size for at, size in zip(red[orientation], image.size, strict=True))
    assert close_to(image.getpixel((x, y)), RED)
    assert close_to(image.getpixel((image.width - 1 - x, image.height - 1 - y)), BLUE)


def test_width_and_height_are_those_a_person_sees(studio: Studio) -> None:
    answer = studio.make(encoded(halves(3000, 2000), "JPEG", exif=exif_block(6)))
    assert isinstance(answer, Made)
    assert (answer.width, answer.height) == (2000, 3000)
    assert opened(studio.large).size == (1067, 1600)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("colours", [None, profile(), b"no profile at all"])
def test_nothing_of_the_originals_metadata_comes_out(studio: Studio, form: str, colours: bytes | None) -> None:
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>serial 4711</x:xmpmeta>"
    more = {} if form == "PNG" else {"xmp": xmp}
    content = encoded(scene(700, 500), form, exif=exif_block(make="Serial4711"), icc_profile=colours, **more)
    assert b"4711" in content
    assert isinstance(studio.make(content), Made)
    for path in (studio.thumb, studio.large):
        image = opened(path)
        assert dict(image.getexif()) == {}
        assert not {"exif", "xmp", "icc_profile"} & set(image.info)
        assert chunks(path.read_bytes()) <= {b"VP8 ", b"VP8L"}
        assert b"4711" not in path.read_bytes()


def test_print_colours_come_out_as_colours(studio: Studio) -> None:
    image = studio.seen(encoded(halves(200, 200, "CMYK"), "JPEG"))
    assert image.mode == "RGB"
    assert close_to(image.getpixel((100, 20)), RED, 25)


def test_what_is_clear_stays_clear(studio: Studio) -> None:
    image = halves(100, 100).convert("RGBA")
    image.putpixel((1, 1), (0, 0, 0, 0))
    image.paste((0, 0, 0, 0), (0, 50, 100, 100))
    for content in (encoded(image, "PNG"), encoded(image.quantize(), "PNG"), encoded(image, "WEBP", lossless=True)):
        seen = studio.seen(content)
        assert seen.mode == "RGBA"
        pixels = [seen.getpixel((50, y)) for y in (10, 90)]
        assert [pixel[3] for pixel in pixels if isinstance(pixel, tuple)] == [255, 0]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_way_to_store_pixels_can_be_seen(studio: Studio, mode: str) -> None:
    assert studio.seen(encoded(halves(2000, 1000, mode), "PNG")).size == (1600, 800)


@pytest.mark.parametrize("value", [0, 20_000, 40_000, 65_535])
def test_sixteen_bits_of_grey_keep_their_shade(studio: Studio, value: int) -> None:
    assert close_to(studio.seen(png_16_bit(50, 40, value)).getpixel((20, 20)), (value >> 8,) * 3, 3)


def test_of_a_moving_picture_the_first_frame_is_shown(studio: Studio) -> None:
    out = io.BytesIO()
    later = Image.new("RGB", (60, 60), BLUE)
    Image.new("RGB", (60, 60), RED).save(out, "WEBP", save_all=True, append_images=[later] * 9, duration=10)
    assert close_to(studio.seen(out.getvalue()).getpixel((30, 30)), RED)


def test_of_a_phones_photo_with_a_second_picture_in_it_the_first_is_shown(studio: Studio) -> None:
    """Many phones write such a .jpg (MPF): its reader has to be loaded before no file can be opened any more."""
    content = encoded(halves(90, 60), "MPO", save_all=True, append_images=[Image.new("RGB", (90, 60), BLUE)])
    assert content.startswith(b"\xff\xd8\xff")
    assert close_to(studio.seen(content).getpixel((45, 10)), RED)


def test_texts_in_a_png_are_no_hindrance(studio: Studio) -> None:
    texts = PngInfo()
    texts.add_text("Author", "Anna Grün")
    texts.add_text("Comment", "x" * 5_000, zip=True)
    texts.add_itxt("Titel", "Öl im Schacht", lang="de", zip=True)
    assert close_to(studio.seen(encoded(halves(90, 60), "PNG", pnginfo=texts)).getpixel((45, 10)), RED)


@pytest.mark.parametrize(("size", "expected"), [((1, 1), (1, 1)), ((50_000, 1), (1600, 1)), ((1, 50_000), (1, 1600))])
def test_the_smallest_and_the_thinnest_are_images_too(
    studio: Studio, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert studio.seen(png_of_size(*size)).size == expected


# What is refused, and why


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("evil.html", "<script>alert(1)</script>")
    return out.getvalue()


JPEG = encoded(scene(400, 300), "JPEG")
WEBP = encoded(scene(400, 300), "WEBP")
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "a bomb of 196 million pixels": (lambda: png_of_size(14_000, 14_000), "too_many_pixels"),
    "a little more than 50 million pixels": (lambda: png_of_size(10_000, 5_001), "too_many_pixels"),
    "a JPEG that claims to be giant": (
        lambda: JPEG.replace(b"\x08\x01\x2c\x01\x90", b"\x08\xff\xdc\xff\xdc", 1),
        "too_many_pixels",
    ),
    "a WebP that claims to be giant": (
        lambda: WEBP[:12] + b"VP8X\x0a\0\0\0\0\0\0\0" + b"\xff\x3f\0" * 2 + WEBP[12:],
        "too_many_pixels",
    ),
    "a JPEG cut in half": (lambda: JPEG[: len(JPEG) // 2], "truncated"),
    "a PNG cut in half": (lambda: encoded(scene(400, 300), "PNG")[:20_000], "truncated"),
    "a WebP cut in half": (lambda: WEBP[: len(WEBP) // 2], "truncated"),
    "nothing": (lambda: b"", "unreadable"),
    "a drawing": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"/>', "unreadable"),
    "a GIF": (lambda: encoded(halves(8, 8), "GIF"), "unreadable"),
    "a TIFF": (lambda: encoded(halves(8, 8), "TIFF"), "unreadable"),
    "an EPS": (lambda: encoded(halves(8, 8), "EPS"), "unreadable"),
    "an AVIF": (lambda: encoded(halves(16, 16), "AVIF"), "unreadable"),
    "an archive": (archive, "unreadable"),
    "a beginning and nothing after it": (lambda: b"\xff\xd8\xff", "unreadable"),
    "a PNG with noise for pixels": (
        lambda: png_of_size(9, 9)[:33] + chunk(b"IDAT", random.Random(1).randbytes(500)),
        "unreadable",
    ),
    "more than 64 MiB": (lambda: JPEG + bytes(64 << 20), "too_large"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_shown_is_refused_with_its_reason(studio: Studio, case: str) -> None:
    content, reason = REFUSED[case]
    assert studio.make(content()) == Refused(reason)  # type: ignore[arg-type]
    assert not studio.thumb.exists()
    assert not studio.large.exists()


@pytest.mark.skipif(find_spec("pillow_heif") is not None, reason="something can read it here")
def test_heic_is_refused_where_nothing_can_read_it(studio: Studio) -> None:
    assert studio.make(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(500)) == Refused("no_heic")


# What is odd, and yet a photo


def huge_exif() -> bytes:
    """A comment of 60,000 bytes, and texts full of what terminals and databases do not like."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Evil\r\nSet-Cookie: a=b\x1b[31m", "M" * 5_000
    exif[0x0132], exif[0x9286] = "\0\0\x07", b"x" * 50_000
    return exif.tobytes()


def test_texts_of_the_camera_are_short_and_clean(studio: Studio) -> None:
    answer = studio.make(encoded(halves(90, 60), "JPEG", exif=huge_exif()))
    facts = {"make": "Evil Set-Cookie: a=b [31m", "model": "M" * 64, "has_gps": False}
    assert answer == Made(90, 60, facts)


@pytest.mark.parametrize("block", [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0" + b"\xff" * 60_000])
def test_broken_facts_of_the_camera_do_not_cost_the_photo(studio: Studio, block: bytes) -> None:
    answer = studio.make(with_segment(encoded(halves(90, 60), "JPEG"), segment(0xE1, block)))
    assert isinstance(answer, Made)
    assert answer.facts.get("make") is None


@pytest.mark.parametrize("more", [archive(), b"<html><script>alert(1)</script></html>"])
def test_of_a_photo_that_is_also_something_else_only_the_photo_comes_out(studio: Studio, more: bytes) -> None:
    for content in (JPEG + more, with_segment(JPEG, segment(0xFE, more))):
        assert isinstance(studio.make(content), Made)
        for path in (studio.thumb, studio.large):
            assert b"alert" not in path.read_bytes()
            assert b"PK" not in path.read_bytes()[:4]
            assert chunks(path.read_bytes()) == {b"VP8 "}


def swapped_profile() -> bytes:
    """sRGB with red and blue exchanged."""
    content = profile()
    table = content[128:400].replace(b"rXYZ", b"----").replace(b"bXYZ", b"rXYZ").replace(b"----", b"bXYZ")
    return content[:128] + table + content[400:]


def test_colours_of_another_space_are_turned_into_srgb(studio: Studio) -> None:
    for form in ("JPEG", "PNG"):
        image = studio.seen(encoded(halves(200, 200), form, icc_profile=swapped_profile()))
        assert close_to(image.getpixel((100, 20)), BLUE, 25)


def test_a_profile_that_cannot_be_used_is_passed_over(studio: Studio) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB", 5000)).tobytes()
    for bad in (lab, b"no profile at all", profile()[:200]):
        assert close_to(studio.seen(encoded(halves(40, 40), "JPEG", icc_profile=bad)).getpixel((20, 5)), RED)
