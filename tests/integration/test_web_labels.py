"""Labels: what is printed can be read, and what is read leads into the app."""

from __future__ import annotations

import io
from urllib.parse import urlsplit

import pytest
import zxingcpp
from PIL import Image, ImageFilter
from sqlalchemy import update

from collector.sitedb.tables import Location
from tests.integration import web_world as world
from tests.integration.web_fixtures import Web
from webapp.api.labels import _labels
from webapp.queries.labels import MOST, Labelled
from webapp.reports.labels import SIZES, Label, sheets, shorten
from webapp.schemas import labels as schemas


def pictures(labels: list[Label], size: str, ppi: int) -> list[Image.Image]:
    """Each sheet as it is printed."""
    drawn = sheets(labels, SIZES[size], form="png", ppi=ppi)
    return [Image.open(io.BytesIO(picture)) for picture in (drawn if isinstance(drawn, list) else [drawn])]


def codes(labels: list[Label], size: str) -> list[list[str]]:
    """What a reader finds on each printed sheet."""
    return [[code.text for code in zxingcpp.read_barcodes(sheet)] for sheet in pictures(labels, size, ppi=200)]


def label(ident: str, name: str = "Effluent monitor") -> Label:
    return Label(f"https://plant.example/d/{ident}", name, ident, "Effluent plant / Outfall", "Meadowbrook Dairy")


@pytest.mark.parametrize("size", SIZES)
def test_every_code_of_every_sheet_can_be_read(size: str) -> None:
    each = SIZES[size].columns * SIZES[size].rows
    labels = [label(f"dairy.probe-{n}") for n in range(each + 1)]
    first, second = codes(labels, size)
    assert sorted(first) == sorted(one.url for one in labels[:each])
    assert second == [labels[-1].url]


@pytest.mark.parametrize("size", SIZES)
def test_long_names_and_ids_leave_the_code_readable(size: str) -> None:
    long = Label(f"https://plant.example/d/{'x' * 128}", "Very long name " * 12, "x" * 128, "A / B / " * 30, "S" * 200)
    assert codes([long], size) == [[long.url]]


# A phone's camera sees about 51 cm of what is 40 cm away from it.
_SEEN_MM = 509
_FULL_HD = 1920


@pytest.mark.parametrize("size", SIZES)
def test_a_code_can_be_scanned_from_forty_centimetres(size: str) -> None:
    ident = "dairy.line4.energy-meter-main-incomer"
    (picture,) = pictures([label(ident)], size, ppi=400)
    by = _FULL_HD / _SEEN_MM * 25.4 / 400
    turned = picture.convert("L").rotate(12, expand=True, fillcolor=255)
    seen = turned.resize((round(turned.width * by), round(turned.height * by)), Image.Resampling.BOX)
    dim = seen.filter(ImageFilter.GaussianBlur(0.6)).point([60 + value * 6 // 10 for value in range(256)])
    assert [code.text for code in zxingcpp.read_barcodes(dim)] == [f"https://plant.example/d/{ident}"]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "written",
    [
        ("Energy meter of the main incomer, compressed air", "hall.meter", "Northern works / Hall 4 / Board", "Dairy"),
        ("Klaeranlagenablaufmengenmessgeraetanschlusskasten", "x" * 128, "A / B / " * 30, "S" * 200),
        ("W" * 100, "W" * 128, "W" * 200, "W" * 200),
        ("W W " * 60, "m.w" * 40, "W W / " * 60, "W W " * 60),
    ],
)
def test_nothing_is_printed_where_a_cut_could_take_it(size: str, written: tuple[str, str, str, str]) -> None:
    form = SIZES[size]
    name, ident, place, site = written
    labels = [Label("https://plant.example/d/a", name, ident, place, site)] * (form.columns * form.rows)
    (picture,) = pictures(labels, size, ppi=254)
    ink = picture.convert("L").point([255 if value < 235 else 0 for value in range(256)])
    left, top = (210 - form.columns * form.width) / 2, (297 - form.rows * form.height) / 2
    # The strip along a cut, but for the crosses at its ends: in tenths of a millimetre, as one dot is.
    for row in range(form.rows):
        y = (top + row * form.height) * 10
        for column in range(form.columns + 1):
            x = (left + column * form.width) * 10
            assert (
                ink.crop((round(x - 9), round(y + 12), round(x + 9), round(y + form.height * 10 - 12))).getbbox()
                is None
            )
    for column in range(form.columns):
        x = (left + column * form.width) * 10
        for row in range(form.rows + 1):
            y = (top + row * form.height) * 10
            assert (
                ink.crop((round(x + 12), round(y - 9), round(x + form.width * 10 - 12), round(y + 9))).getbbox() is None
            )


def test_what_is_too_long_loses_whole_words_in_the_middle() -> None:
    assert shorten("Effluent plant", 20) == "Effluent plant"
    path = "Northern works / Building 4 / Ground floor / Compressed air hall / Main distribution board"
    assert shorten(path, 60) == "Northern works / Building 4 / … / Main distribution board"
    assert shorten("x" * 90, 48) == f"{'x' * 24} … {'x' * 24}"


def test_what_people_wrote_is_text_and_never_code() -> None:
    written = '#panic("!") *bold* $x$ [a] \\u{41} @cite <label> "quoted"'
    assert codes([label("a", written)], "medium") == [["https://plant.example/d/a"]]


def test_the_sizes_that_can_be_asked_for_are_those_there_are() -> None:
    assert set(schemas.SIZES) == set(SIZES)


def test_all_devices_at_work_in_a_site_are_printed(web: Web) -> None:
    answer = web.get("/labels.pdf?site=dairy&of=devices")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.data.startswith(b"%PDF")
    assert answer.headers["Content-Disposition"] == 'inline; filename="labels-devices.pdf"'
    assert "object-src 'self'" in answer.headers["Content-Security-Policy"]


def test_a_code_holds_the_public_address_and_the_id_or_the_places_token(web: Web) -> None:
    web.parts.settings = type(web.parts.settings)(data=web.parts.settings.data, public_url="https://plant.example/")
    with web.app.test_request_context():
        (of_device,) = _labels([Labelled("a.b", "A", "Hall", "Dairy")], "devices")
        (of_place,) = _labels([Labelled("abcdefghjk", "Hall", "", "Dairy")], "locations")
    assert (of_device.url, of_place.url) == ("https://plant.example/d/a.b", "https://plant.example/l/abcdefghjk")


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("of=devices&ids=dairy.effluent,dairy.silent&size=small", 200, None),
        (f"of=locations&ids={world.OUTFALL}&size=large", 200, None),
        ("of=devices&ids=stray", 200, None),
        ("of=devices&ids=dairy.effluent,brewery.meter", 404, "not_found"),
        ("of=locations&ids=loc-brewery", 404, "not_found"),
        ("of=locations&site=brewery", 404, "not_found"),
        ("of=devices&site=dairy&size=huge", 422, "invalid"),
        ("of=people", 422, "invalid"),
        ("site=dairy", 422, "invalid"),
    ],
)
def test_what_can_be_printed_is_what_can_be_seen(web: Web, query: str, status: int, code: str | None) -> None:
    answer = web.get(f"/labels.pdf?{query}")
    assert answer.status_code == status
    assert code is None or answer.json["code"] == code


def test_more_labels_than_can_be_drawn_at_once_are_refused(web: Web) -> None:
    places = [Location(id=f"p{n}", site_id="dairy", name="P", created_by="t", updated_at=0) for n in range(MOST)]
    web.add(*places)
    answer = web.get("/labels.pdf?of=locations&site=dairy")
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["ids"])
    few = web.get("/labels.pdf?of=locations&ids=p1,p2,p3")
    assert few.status_code == 200


def test_a_place_that_an_earlier_version_made_has_a_label_too(web: Web) -> None:
    with web.parts.db.write() as db:
        db.execute(update(Location).where(Location.id == world.OUTFALL).values(token=None))
    assert web.get(f"/labels.pdf?of=locations&ids={world.OUTFALL}").status_code == 200
    scanned = web.browser().get(f"/l/{world.OUTFALL}")
    assert scanned.headers["Location"] == f"/walkthroughs?location={world.OUTFALL}"


def test_nothing_to_print_is_said(web: Web) -> None:
    web.add(world.device("x", "brewery", "retired"))
    assert web.get("/labels.pdf?of=devices&ids=,").status_code == 200
    from collector.sitedb.tables import Site

    web.add(Site(id="mill", name="Mill", timezone="UTC"))
    answer = web.get("/labels.pdf?of=devices&site=mill", "admin")
    assert (answer.status_code, answer.json["code"]) == (422, "invalid")


def test_a_scanned_label_leads_into_the_app(web: Web) -> None:
    token = web.get(f"/locations/{world.OUTFALL}").json["token"]
    browser = web.browser()
    for path, leads_to in (
        ("/d/dairy.effluent", "/devices/dairy.effluent"),
        (f"/l/{token}", f"/walkthroughs?location={world.OUTFALL}"),
        (f"/l/{token.upper()}", f"/walkthroughs?location={world.OUTFALL}"),
        ("/l/unknown", "/walkthroughs?location=unknown"),
        ("/d/%2F%2Fevil.example", None),
        ("/d/a%0d%0ab", "/devices/a%0D%0Ab"),
    ):
        answer = browser.get(path)
        if leads_to is None:
            assert urlsplit(answer.headers.get("Location", "")).netloc == ""
        else:
            assert (answer.status_code, answer.headers["Location"]) == (302, leads_to)
