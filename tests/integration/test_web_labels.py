"""Labels: what is printed can be read, and what is read leads into the app."""

from __future__ import annotations

import io
from urllib.parse import urlsplit

import pytest
import zxingcpp
from PIL import Image

from collector.sitedb.tables import Location
from tests.integration import web_world as world
from tests.integration.web_fixtures import Web
from webapp.api.labels import _labels
from webapp.queries.labels import MOST, Labelled
from webapp.reports.labels import SIZES, Label, sheets
from webapp.schemas import labels as schemas


def codes(labels: list[Label], size: str) -> list[list[str]]:
    """What a reader finds on each printed sheet."""
    drawn = sheets(labels, SIZES[size], form="png", ppi=200)
    pictures = drawn if isinstance(drawn, list) else [drawn]
    return [[code.text for code in zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)))] for picture in pictures]


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
        ("/l/unknown", "/walkthroughs"),
        ("/d/%2F%2Fevil.example", None),
        ("/d/a%0d%0ab", "/devices/a%0D%0Ab"),
    ):
        answer = browser.get(path)
        if leads_to is None:
            assert urlsplit(answer.headers.get("Location", "")).netloc == ""
        else:
            assert (answer.status_code, answer.headers["Location"]) == (302, leads_to)
