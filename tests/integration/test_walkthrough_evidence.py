"""What walkthroughs leave behind: evidence for aspects, photos and who sees them, receipts, and the report."""

from __future__ import annotations

from tests.integration import tus
from tests.integration import web_world as world
from tests.integration.test_walkthroughs import SNAPSHOT
from tests.integration.web_fixtures import Web
from tests.integration.web_walks import PHOTO, SHA256, Phone, add_walkthrough, new_id
from tests.integration.web_world import MINUTE, NOW


def test_the_evidence_of_an_aspect_is_in_time_order_and_within_the_span(web: Web) -> None:
    add_walkthrough(web)
    found = web.get(f"/aspects/{world.EFFLUENT_ASPECT}/evidence", "auditor").json
    assert {item["kind"] for item in found["items"]} == {"photo", "answer", "finding"}
    assert [item["at"] for item in found["items"]] == sorted((item["at"] for item in found["items"]), reverse=True)
    (photo,) = found["photos"]
    (link,) = photo["links"]
    assert (photo["sha256"], photo["state"], link["author"]["name"]) == (SHA256, "verified", "Inspector")
    assert (link["lat"], link["lon"], link["accuracy"]) == (52.1, -8.2, 8.0)
    chemicals = web.get(f"/aspects/{world.CHEMICALS_ASPECT}/evidence", "auditor").json
    assert [item["kind"] for item in chemicals["items"]] == ["alarm"], "the point's own aspect, not its device's"
    later = web.get(f"/aspects/{world.EFFLUENT_ASPECT}/evidence?start=2026-11-24T00:00:00Z", "auditor").json
    assert later["items"] == []


def test_a_photo_is_seen_by_the_people_of_its_sites_and_a_hash_alone_opens_nothing(web: Web) -> None:
    add_walkthrough(web)
    assert web.ask("HEAD", f"/photos/{SHA256}", "auditor").status_code == 200
    assert web.ask("HEAD", f"/photos/{SHA256}", "stranger").status_code == 404
    body = {"aspect": world.BREWERY_ASPECT}
    assert web.ask("PUT", f"/photos/{SHA256}/links/{new_id()}", "stranger", json=body).status_code == 201
    for path in ("receipt", "thumb.webp", "large.webp", "original"):
        assert web.get(f"/photos/{SHA256}/{path}", "stranger").status_code == 404, path
    # Who has the very bytes is let in: nothing is told that they do not know.
    assert tus.upload(web, "stranger", PHOTO).status_code == 204
    original = web.get(f"/photos/{SHA256}/original", "stranger")
    assert original.data == PHOTO
    original.close()


def test_originals_are_attachments_that_no_browser_runs(web: Web) -> None:
    add_walkthrough(web)
    answer = web.get(f"/photos/{SHA256}/original", "auditor")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.mimetype == "image/jpeg"
    answer.close()


def test_a_receipt_is_signed_by_this_installation(web: Web) -> None:
    from webapp.inspections.receipts import signature

    add_walkthrough(web)
    receipt = web.get(f"/photos/{SHA256}/receipt", "inspector").json
    signed = {name: value for name, value in receipt.items() if name != "signature"}
    assert (receipt["sha256"], receipt["size"], receipt["verified"]) == (SHA256, len(PHOTO), True)
    assert receipt["signature"] == signature(signed, web.app.config["SECRET_KEY"])
    assert receipt["signature"] != signature({**signed, "size": 1}, web.app.config["SECRET_KEY"])


def test_an_original_that_is_gone_from_the_disk_is_not_said_to_be_here(web: Web) -> None:
    add_walkthrough(web)
    web.parts.photos.path(SHA256).unlink()
    assert web.ask("HEAD", f"/photos/{SHA256}", "inspector").status_code == 404
    assert web.get(f"/photos/{SHA256}/receipt", "inspector").status_code == 404


def test_the_report_shows_answers_photos_and_hashes_and_runs_nothing_that_was_typed(web: Web) -> None:
    add_walkthrough(web)
    phone = Phone(web)
    phone.start()
    first = phone.answer("clear", {"choice": "fail"}, note="<script>alert(1)</script> & foam")
    phone.answer("ph", {"source": "sensor"}, reading=SNAPSHOT)
    phone.link(SHA256)
    phone.answer("clear", {"choice": "pass"}, replaces=[])
    phone.submit()
    page = web.app.test_client().get(
        f"/reports/inspections/{phone.id}", headers={"Authorization": f"Bearer {world.token_of('auditor')}"}
    )
    text = page.text
    assert page.status_code == 200
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; foam" in text
    assert "<script" not in text
    for part in ("Water clear?", "Two devices answered", "9.40", SHA256, f"/photos/{SHA256}/large.webp", "52.10000"):
        assert part in text, part
    assert phone.manifest()["content_sha256"] in text
    assert first


def test_the_report_says_in_words_that_one_must_sign_in(web: Web) -> None:
    answer = web.app.test_client().get("/reports/inspections/nothing")
    assert (answer.status_code, answer.mimetype) == (401, "text/html")
    assert "Sign in" in answer.text


def test_evidence_of_an_aspect_comes_from_its_own_site_alone(web: Web) -> None:
    add_walkthrough(web)
    body = {
        "site": "brewery", "inspection": None, "item": None, "kind": "major", "text": "Slander",
        "aspect": world.EFFLUENT_ASPECT, "location": world.OUTFALL, "photos": [],
        "found_at": "2026-11-23T10:00:00.000Z", **Phone(web).by,
    }  # fmt: skip
    assert web.ask("PUT", f"/findings/{new_id()}", "stranger", json=body).status_code == 201, "kept, not lost"
    found = web.get(f"/aspects/{world.EFFLUENT_ASPECT}/evidence", "chief_auditor").json
    assert "Slander" not in str(found)


def test_a_damaged_original_is_not_said_to_be_here_and_the_phones_good_copy_takes_its_place(web: Web) -> None:
    add_walkthrough(web)
    path = web.parts.photos.path(SHA256)
    path.chmod(0o600)
    path.write_bytes(PHOTO[:-1] + b"?")
    assert web.get(f"/photos/{SHA256}/receipt", "inspector").status_code == 404
    assert web.ask("HEAD", f"/photos/{SHA256}", "inspector").status_code == 404, "or the phone would not send it"
    assert tus.upload(web, "inspector", PHOTO).status_code == 204
    assert web.get(f"/photos/{SHA256}/receipt", "inspector").status_code == 200
    assert path.read_bytes() == PHOTO
    assert path.with_name(f"{SHA256}.damaged-1").read_bytes().endswith(b"?"), "set aside, not deleted"


def test_the_evidence_of_an_aspect_sums_up_its_readings(web: Web) -> None:
    web.write_readings("dairy.effluent", "flow", [(NOW - n * MINUTE, 9.0 + n, 0) for n in (1, 2, 3)])
    found = web.get(f"/aspects/{world.EFFLUENT_ASPECT}/evidence", "auditor").json["readings"]
    (flow,) = [row for row in found if row["point"] == "dairy.effluent/flow"]
    assert (flow["count"], flow["min"], flow["mean"], flow["max"], flow["unit"]) == (3, 10.0, 11.0, 12.0, "m3/h")
    assert "dairy.effluent/ph" not in {row["point"] for row in found}, "its own aspect, not its device's"
