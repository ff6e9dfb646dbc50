"""QR labels for devices and places as a PDF of A4 sheets with marks to cut along."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import orjson
import segno

from webapp.reports.words import t

_TEMPLATE = Path(__file__).with_name("labels.typ")
# Light modules around a code by which readers tell it from what is beside it (ISO/IEC 18004: four).
_QUIET_ZONE = 4
# Letters of each text for which the smallest label has room. The code holds the whole id in any case.
_MOST = {"name": 60, "id": 48, "place": 70, "site": 40}


@dataclass(frozen=True, slots=True)
class Size:
    """In mm; `text` in points. The code takes the height of a label but for the padding."""

    width: float
    height: float
    columns: int
    rows: int
    padding: float
    text: float


SIZES: Mapping[str, Size] = {
    "small": Size(48.5, 25.4, 4, 11, 1, 6.5),
    "medium": Size(63.5, 38.1, 3, 7, 1.5, 8),
    "large": Size(99.1, 57.0, 2, 5, 3, 12),
}


@dataclass(frozen=True, slots=True)
class Label:
    """`url` is what the code holds; the rest is for people."""

    url: str
    name: str
    id: str
    place: str
    site: str


def sheets(labels: Sequence[Label], size: Size, *, form: Literal["pdf", "png"] = "pdf", ppi: int = 144) -> Any:
    """The PDF's bytes, or a list of them, a picture for each of several sheets."""
    # Imported here: its library is 80 MB large, and few web workers ever print.
    import typst

    content = {
        **asdict(size),
        "title": t("labels"),
        "labels": [_shown(label) for label in labels],
    }
    return typst.compile(_TEMPLATE, format=form, ppi=ppi, sys_inputs={"labels": orjson.dumps(content).decode()})


def _shown(label: Label) -> dict[str, str]:
    texts = {name: shorten(getattr(label, name), most) for name, most in _MOST.items()}
    return {**asdict(label), **texts, "code": _code(label.url)}


def shorten(text: str, most: int) -> str:
    """At most so many letters. The end of a path says more than its beginning does: the middle is left out."""
    if len(text) <= most:
        return text
    kept = most // 2
    return f"{_whole_words(text[:kept])} … {_whole_words(text[: -kept - 1 : -1])[::-1]}"


def _whole_words(start: str) -> str:
    """Without the rest of a word at the end, where that costs no more than half of it."""
    words, blank, _rest = start.rpartition(" ")
    return (words if blank and len(words) * 2 >= len(start) else start).strip()


@lru_cache(maxsize=2_000)
def _code(url: str) -> str:
    """As SVG: it stays sharp at any size. A quarter of it may be lost, where that makes it no larger."""
    drawn = io.BytesIO()
    segno.make_qr(url, error="m", boost_error=True).save(
        drawn, kind="svg", border=_QUIET_ZONE, xmldecl=False, omitsize=True
    )
    return drawn.getvalue().decode()
