"""What a file is, judged by its first bytes alone: names and declared types are only claims.

Known here is what may become evidence. Everything else is None, also what Pillow could open: SVG and EPS are programs.
"""

from __future__ import annotations

HEAD_BYTES = 128
EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/heic": "heic",
    "image/heif": "heif",
}

_PNG = b"\x89PNG\r\n\x1a\n"
_WEBP_CHUNKS = (b"VP8 ", b"VP8L", b"VP8X")
# Brands of ISO base media files (ISO/IEC 23008-12): HEVC coded images, and HEIF without a word on the coding.
_HEIC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_HEIF = frozenset({b"mif1", b"mif2", b"msf1"})
_AVIF = frozenset({b"avif", b"avis"})


def mime_of(head: bytes) -> str | None:
    """The media type of a photo that begins with `head` (HEAD_BYTES of it are enough), or None."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(_PNG):
        return "image/png"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP" and head[12:16] in _WEBP_CHUNKS:
        return "image/webp"
    if head[4:8] == b"ftyp":
        return _heif_mime(head)
    return None


def _heif_mime(head: bytes) -> str | None:
    end = min(int.from_bytes(head[:4], "big"), len(head))
    major, compatible = head[8:12], {head[at : at + 4] for at in range(16, end - 3, 4)}
    if major in _HEIC:
        return "image/heic"
    # An AVIF may call itself plainly HEIF and name its coding only among the compatible brands.
    if major in _HEIF and not (compatible & _AVIF and not compatible & _HEIC):
        return "image/heif"
    return None
