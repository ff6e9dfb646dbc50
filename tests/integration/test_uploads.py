"""Resumable uploads: what tus promises, kept through cuts, kills, two writers and lost answers."""

from __future__ import annotations

import hashlib
import os
from typing import Any

import pytest

from tests.integration import tus
from tests.integration.web_fixtures import Web, both_databases
from tests.integration.web_walks import PHOTO, SHA256
from webapp.evidence.photo_store import MAX_PHOTO_BYTES


def stored(web: Web) -> list[str]:
    return list(web.parts.photos.originals())


@both_databases
def test_an_upload_in_pieces_ends_as_one_verified_original(web: Web) -> None:
    address = tus.begin(web, "inspector", len(PHOTO), sha256=SHA256, mime="image/jpeg", lat="52.1", lon="-8.2")
    assert tus.patch(web, "inspector", address, 0, PHOTO[:100]).headers["Upload-Offset"] == "100"
    assert tus.offset(web, "inspector", address).headers["Upload-Offset"] == "100"
    assert stored(web) == []
    last = tus.patch(web, "inspector", address, 100, PHOTO[100:], PHOTO[100:])
    assert (last.status_code, last.headers["Upload-Offset"]) == (204, str(len(PHOTO)))
    assert stored(web) == [SHA256]
    assert web.parts.photos.path(SHA256).read_bytes() == PHOTO
    assert web.ask("HEAD", f"/photos/{SHA256}", "inspector").status_code == 200


def test_a_chunk_with_a_wrong_checksum_leaves_no_trace(web: Web) -> None:
    address = tus.begin(web, "inspector", len(PHOTO), sha256=SHA256)
    tus.patch(web, "inspector", address, 0, PHOTO[:100], PHOTO[:100])
    wrong = tus.patch(web, "inspector", address, 100, PHOTO[100:200], b"something else")
    assert (wrong.status_code, wrong.json["code"]) == (460, "checksum_mismatch")
    assert tus.offset(web, "inspector", address).headers["Upload-Offset"] == "100"
    assert tus.patch(web, "inspector", address, 100, PHOTO[100:], PHOTO[100:]).status_code == 204


def test_a_whole_that_is_not_what_was_announced_is_discarded_and_the_phone_begins_anew(web: Web) -> None:
    address = tus.begin(web, "inspector", len(PHOTO), sha256="0" * 64)
    refused = tus.patch(web, "inspector", address, 0, PHOTO)
    assert (refused.status_code, refused.json["code"]) == (460, "checksum_mismatch")
    assert tus.offset(web, "inspector", address).status_code == 404
    assert stored(web) == []
    assert tus.upload(web, "inspector", PHOTO).status_code == 204


def test_the_wrong_offset_is_refused_with_the_right_one(web: Web) -> None:
    address = tus.begin(web, "inspector", len(PHOTO), sha256=SHA256)
    tus.patch(web, "inspector", address, 0, PHOTO[:100])
    refused = tus.patch(web, "inspector", address, 0, PHOTO[:100])
    assert (refused.status_code, refused.json["code"]) == (409, "wrong_offset")
    assert refused.headers["Upload-Offset"] == "100"


def test_the_last_answer_may_be_lost(web: Web) -> None:
    address = tus.begin(web, "inspector", len(PHOTO), sha256=SHA256)
    assert tus.patch(web, "inspector", address, 0, PHOTO).status_code == 204
    assert tus.offset(web, "inspector", address).headers["Upload-Offset"] == str(len(PHOTO))
    again = tus.patch(web, "inspector", address, 0, PHOTO)
    assert (again.status_code, again.headers["Upload-Offset"]) == (409, str(len(PHOTO)))


def test_a_kill_between_keeping_the_original_and_recording_it_is_made_good(web: Web) -> None:
    address = tus.begin(web, "inspector", len(PHOTO), sha256=SHA256)
    ident = address.rsplit("/", 1)[1]
    with web.parts.photos.writing(ident) as part:
        part.write(PHOTO)
        part.sync()
    web.parts.photos.finish(ident, SHA256)
    assert web.ask("HEAD", f"/photos/{SHA256}", "inspector").status_code == 404, "not recorded yet"
    assert tus.offset(web, "inspector", address).headers["Upload-Offset"] == str(len(PHOTO))
    assert web.ask("HEAD", f"/photos/{SHA256}", "inspector").status_code == 200


def test_a_kill_after_the_last_byte_and_before_the_end_is_made_good(web: Web) -> None:
    address = tus.begin(web, "inspector", len(PHOTO), sha256=SHA256)
    with web.parts.photos.writing(address.rsplit("/", 1)[1]) as part:
        part.write(PHOTO)
    assert tus.offset(web, "inspector", address).headers["Upload-Offset"] == str(len(PHOTO))
    assert stored(web) == [SHA256]


def test_two_requests_at_once_cannot_write_to_one_upload(web: Web) -> None:
    address = tus.begin(web, "inspector", len(PHOTO), sha256=SHA256)
    with web.parts.photos.writing(address.rsplit("/", 1)[1]):
        locked = tus.patch(web, "inspector", address, 0, PHOTO)
    assert (locked.status_code, locked.json["code"]) == (423, "upload_locked")
    assert locked.headers["Retry-After"]
    assert tus.patch(web, "inspector", address, 0, PHOTO).status_code == 204


def test_the_same_photo_twice_is_one_original_and_one_record(web: Web) -> None:
    first, second = tus.upload(web, "inspector", PHOTO), tus.upload(web, "manager", PHOTO)
    assert (first.status_code, second.status_code) == (204, 204)
    assert stored(web) == [SHA256]
    receipts = [web.get(f"/photos/{SHA256}/receipt", who).json for who in ("inspector", "manager")]
    assert receipts[0] == receipts[1]


def test_an_upload_belongs_to_who_began_it(web: Web) -> None:
    address = tus.begin(web, "inspector", len(PHOTO), sha256=SHA256)
    assert tus.offset(web, "manager", address).status_code == 404
    assert tus.patch(web, "manager", address, 0, PHOTO).status_code == 404


def test_a_client_that_names_no_hash_is_served_too(web: Web) -> None:
    address = tus.begin(web, "inspector", len(PHOTO), filename="IMG_0001.JPG")
    assert tus.patch(web, "inspector", address, 0, PHOTO).status_code == 204
    assert stored(web) == [SHA256]


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Upload-Length": "0"}, 422, "invalid"),
        ({"Upload-Length": "-5"}, 422, "invalid"),
        ({"Upload-Length": "ten"}, 422, "invalid"),
        ({"Upload-Length": str(MAX_PHOTO_BYTES + 1)}, 413, "too_large"),
        ({"Upload-Length": "10", "Upload-Metadata": "sha256 !!!"}, 422, "invalid"),
        ({"Upload-Length": "10", "Upload-Metadata": "sha256 " + "QUJD"}, 422, "invalid"),
        ({"Upload-Length": "10", "Upload-Metadata": "lat bm9ydGg="}, 422, "invalid"),
        ({"Upload-Length": "10", "Tus-Resumable": "0.2.2"}, 412, "tus_version"),
    ],
)
def test_a_bad_creation_is_refused_with_the_reason(web: Web, headers: dict[str, str], status: int, code: str) -> None:
    answer = web.ask("POST", "/uploads", "inspector", headers={**tus.TUS, **headers})
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.json["detail"]


def test_more_bytes_than_announced_are_refused_and_the_upload_can_go_on(web: Web) -> None:
    address = tus.begin(web, "inspector", len(PHOTO), sha256=SHA256)
    assert tus.patch(web, "inspector", address, 0, PHOTO + b"more").json["code"] == "too_large"
    assert tus.offset(web, "inspector", address).headers["Upload-Offset"] == "0"
    assert tus.patch(web, "inspector", address, 0, PHOTO).status_code == 204


@pytest.mark.parametrize(
    "data",
    [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<html><script>1</script>", b"%PDF-1.7", b"GIF89a" + b"\0" * 40,
     b"PK\x03\x04" + b"\0" * 40, b"II*\0" + b"\0" * 40],
)  # fmt: skip
def test_what_is_no_photo_by_its_first_bytes_is_refused_whatever_it_is_called(web: Web, data: bytes) -> None:
    sha256 = hashlib.sha256(data).hexdigest()
    address = tus.begin(web, "inspector", len(data), sha256=sha256, mime="image/jpeg", filename="photo.jpg")
    refused = tus.patch(web, "inspector", address, 0, data)
    assert (refused.status_code, refused.json["code"]) == (415, "not_a_photo")
    assert stored(web) == []


def test_an_upload_can_be_given_up(web: Web) -> None:
    address = tus.begin(web, "inspector", len(PHOTO))
    assert web.ask("DELETE", address, "inspector", headers=tus.TUS).status_code == 204
    assert tus.offset(web, "inspector", address).status_code == 404


def test_the_server_says_what_it_can(web: Web) -> None:
    answer: Any = web.ask("OPTIONS", "/uploads", None)
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert {"creation", "checksum"} <= set(answer.headers["Tus-Extension"].split(","))
    assert {"sha1", "sha256"} == set(answer.headers["Tus-Checksum-Algorithm"].split(","))
    assert answer.headers["Tus-Max-Size"] == str(MAX_PHOTO_BYTES)


def test_an_upload_that_nobody_goes_on_with_is_given_up_and_opens_nothing(web: Web) -> None:
    """Naming the hash and length of another's photo, sending nothing and waiting must not open it."""
    tus.upload(web, "stranger", PHOTO)
    address = tus.begin(web, "inspector", len(PHOTO), sha256=SHA256)
    part = web.parts.photos.root / "uploads" / f"{address.rsplit('/', 1)[1]}.part"  # type: ignore[attr-defined]
    os.utime(part, (1, 1))
    web.clock.advance(8 * 86_400_000)
    tus.begin(web, "inspector", 5)
    assert not part.exists()
    assert tus.offset(web, "inspector", address).status_code == 404
    assert web.ask("HEAD", f"/photos/{SHA256}", "inspector").status_code == 404


def test_a_finished_upload_whose_photo_was_lost_is_gone_so_that_the_phone_begins_anew(web: Web) -> None:
    address = tus.begin(web, "inspector", len(PHOTO), sha256=SHA256)
    tus.patch(web, "inspector", address, 0, PHOTO)
    web.parts.photos.path(SHA256).unlink()
    assert tus.offset(web, "inspector", address).status_code == 410
    assert tus.upload(web, "inspector", PHOTO).status_code == 204
    assert web.get(f"/photos/{SHA256}/receipt", "inspector").status_code == 200
