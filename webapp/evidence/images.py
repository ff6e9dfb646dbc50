"""One image in, two small ones out. Runs in the image worker only: Pillow meets bytes that a stranger sent.

After the threat model in Pillow's own handbook: formats by allow-list, sizes before decoding, always `load()`,
because `verify()` lets truncated files pass, and nothing of the original's metadata in what comes out.
"""

from __future__ import annotations

import io
import os
import unicodedata
import warnings
from contextlib import suppress
from typing import Any, BinaryIO

# WEBP and MPO (what many phones write into a .jpg) would else be imported when no file can be opened any more.
from PIL import ExifTags, Image, ImageCms, MpoImagePlugin, TiffImagePlugin, WebPImagePlugin

from webapp.evidence.sniff import HEAD_BYTES, mime_of

try:
    import pillow_heif
except ImportError:
    HEIC = False
else:
    pillow_heif.register_heif_opener(thumbnails=False)
    HEIC = True

LOADED = (MpoImagePlugin, TiffImagePlugin, WebPImagePlugin)
MAX_BYTES = 64 << 20
MAX_PIXELS = 50_000_000
LARGE, THUMB = 1600, 480
# Per cent, as libwebp counts it.
_QUALITY = 80
# libwebp's 0 (fast) to 6 (small). Against its default 4, 2 halves the time for a few per cent more bytes.
_METHOD = 2
_MAX_PROFILE = 4 << 20
_MAX_TEXT = 64
_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/heic": "HEIF", "image/heif": "HEIF"}

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = (5, 6, 7, 8)

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
Image.preinit()


class Refusal(Exception):  # noqa: N818 - a condition, not a fault
    """No rendition can be made, for one of the reasons in renditions.py."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def render(file: BinaryIO) -> tuple[dict[str, Any], bytes, bytes]:
    """Width, height and a few facts; the thumb; the large one. Raises Refusal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            return _render(file)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise Refusal("too_many_pixels") from None
        except MemoryError:
            raise Refusal("too_large") from None
        except EOFError:
            raise Refusal("truncated") from None
        except Refusal:
            raise
        # Decoders raise what they like at broken files, from struct.error to ZeroDivisionError.
        except Exception as error:  # noqa: BLE001
            raise Refusal("truncated" if "truncated" in str(error).lower() else "unreadable") from None


def _render(file: BinaryIO) -> tuple[dict[str, Any], bytes, bytes]:
    with Image.open(file, formats=[_format_of(file)]) as image:
        width, height = image.size
        # JPEG can be decoded at a half or a quarter of its size, which saves most of the time.
        scale = LARGE / max(width, height)
        image.draft(None, (max(1, int(width * scale)), max(1, int(height * scale))))
        image.load()
        orientation = _orientation(image)
        facts = _facts(image)
        large = _plain(image)
        large.thumbnail((LARGE, LARGE), reducing_gap=3.0)
    large = _in_srgb(large)
    if orientation in _TURNS:
        large = large.transpose(_TURNS[orientation])
    if orientation in _SIDEWAYS:
        width, height = height, width
    thumb = large.copy()
    thumb.thumbnail((THUMB, THUMB), reducing_gap=3.0)
    return {"width": width, "height": height, "facts": facts}, _webp(thumb), _webp(large)


def _format_of(file: BinaryIO) -> str:
    size = file.seek(0, os.SEEK_END)
    if size > MAX_BYTES:
        raise Refusal("too_large")
    file.seek(0)
    head = file.read(HEAD_BYTES)
    name = _FORMATS.get(mime_of(head) or "")
    if name is None:
        raise Refusal("unreadable")
    if name == "HEIF" and not HEIC:
        raise Refusal("no_heic")
    if name == "WEBP":
        _check_webp(head, size)
    return name


def _check_webp(head: bytes, size: int) -> None:
    """Before its decoder, which takes memory for the whole canvas as soon as the file is opened."""
    if int.from_bytes(head[4:8], "little") + 8 > size:
        raise Refusal("truncated")
    if head[12:16] == b"VP8X":
        width, height = (1 + int.from_bytes(head[at : at + 3], "little") for at in (24, 27))
    elif head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    else:
        width, height = (int.from_bytes(head[at : at + 2], "little") & 0x3FFF for at in (26, 28))
    if width * height > MAX_PIXELS:
        raise Refusal("too_many_pixels")


def _orientation(image: Image.Image) -> int:
    """As the camera noted it. A number of its own, not `exif_transpose`: that one writes the EXIF block anew, too."""
    with suppress(Exception):
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    return 1


def _plain(image: Image.Image) -> Image.Image:
    """In a mode that can be made smaller without harm."""
    if image.mode.startswith("I"):
        # 16 bits of grey. Converting alone would cut off everything above 255.
        return image.point(lambda value: value * (1 / 256)).convert("L")
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode in ("L", "RGB", "CMYK"):
        return image.copy()
    return image.convert("L" if image.mode == "1" else "RGB")


def _in_srgb(image: Image.Image) -> Image.Image:
    """A profile that cannot be used is passed over: colours a little off are better than no picture."""
    profile = image.info.get("icc_profile")
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    if isinstance(profile, bytes) and 0 < len(profile) <= _MAX_PROFILE:
        with suppress(Exception):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(image, source, target, outputMode=mode)
            if converted is not None:
                return converted
    return image if image.mode == mode else image.convert(mode)


def _webp(image: Image.Image) -> bytes:
    image.info.clear()
    out = io.BytesIO()
    image.save(out, "WEBP", quality=_QUALITY, method=_METHOD, exif=b"", xmp=b"", icc_profile=None)
    return out.getvalue()


def _facts(image: Image.Image) -> dict[str, Any]:
    """Of the EXIF block, what a person may want to compare with our own record. Never a place: only that it has one."""
    facts: dict[str, Any] = {}
    with suppress(Exception):
        exif = image.getexif()
        details = exif.get_ifd(ExifTags.IFD.Exif)
        taken = details.get(ExifTags.Base.DateTimeOriginal) or exif.get(ExifTags.Base.DateTime)
        texts = {"taken_at": taken, "make": exif.get(ExifTags.Base.Make), "model": exif.get(ExifTags.Base.Model)}
        facts = {name: text for name, value in texts.items() if (text := clean_text(value))}
        facts["has_gps"] = ExifTags.GPS.GPSLatitude in exif.get_ifd(ExifTags.IFD.GPSInfo)
    return facts


def clean_text(value: object) -> str:
    """One short line without control characters, whatever stood there."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return ""
    text = "".join(char if unicodedata.category(char)[0] != "C" else " " for char in value[: 4 * _MAX_TEXT])
    return " ".join(text.split())[:_MAX_TEXT]
