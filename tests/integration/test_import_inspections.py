"""`fieldproof import inspections`: what a phone exports is taken in once, with its authors, and says who brought it."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.integration import web_world as world
from tests.integration.web_fixtures import Web
from tests.integration.web_walks import Phone, add_walkthrough, new_id
from webapp.cli import main
from webapp.importer import Imported, Importer, ImportFailed

DATA = b"\xff\xd8\xff" + b"seen from the gate" * 60
SHA256 = hashlib.sha256(DATA).hexdigest()
INES = {"id": "user-inspector", "username": "inspector", "name": "Inspector"}


def export(phone: Phone, path: Path, **changes: Any) -> Path:
    """What the phone would write; `changes` replace or add files."""
    link = {"inspection": phone.id, "aspect": world.EFFLUENT_ASPECT, "captured_at": "2026-11-23T10:00:00.000Z"}
    content = {
        "id": phone.id, "author": INES, "header": phone.head(),
        "answers": [{"id": ident, "author": INES, "body": body} for ident, body in phone.answers.items()],
        "findings": [{"id": ident, "author": INES, "body": body} for ident, body in phone.findings.items()],
        "links": [{"id": "55555555-0000-4000-8000-000000000001", "sha256": SHA256, "author": INES, "body": link}],
        "submit": phone.manifest(),
    }  # fmt: skip
    files: dict[str, Any] = {
        "fieldproof.json": json.dumps({"format": "fieldproof-inspections", "version": 1, "inspections": [phone.id]}),
        f"inspections/{phone.id}.json": json.dumps(content),
        f"photos/{SHA256}": DATA,
        **changes,
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, text in files.items():
            if text is not None:
                archive.writestr(name, text)
    return path


@pytest.fixture
def phone(web: Web) -> Phone:
    """One that has never reached the server."""
    add_walkthrough(web)
    made = Phone(web)
    for item, value in (("clear", {"choice": "pass"}), ("view", {"photos": 1})):
        made.answers[new_id()] = made.body(item, value, photos=[SHA256] if item == "view" else [])
    made.findings[new_id()] = {
        "site": "dairy", "inspection": made.id, "item": None, "kind": "minor", "text": "Drip", "aspect": None,
        "location": None, "photos": [], "found_at": "2026-11-23T10:00:00.000Z", **made.by,
    }  # fmt: skip
    made.photos = {SHA256: DATA}
    return made


def bring(web: Web, path: Path) -> Imported:
    return Importer(web.parts.db, web.parts.photos, web.clock, "mark", lambda _name: None).run(path)


def test_what_is_imported_is_complete_and_says_who_made_it_and_who_brought_it(
    web: Web, phone: Phone, tmp_path: Path
) -> None:
    done = bring(web, export(phone, tmp_path / "export.zip"))
    assert (done.inspections, done.answers, done.findings, done.photos, done.faults) == (1, 2, 1, 1, [])
    found = phone.read("manager")
    assert (found["state"], found["missing"], found["flagged"]) == ("complete", [], False)
    rows = [found, *found["answers"], *found["findings"], *found["photos"][0]["links"], *found["submissions"]]
    assert {row["author"]["username"] for row in rows} == {"inspector"}
    assert {row["delivered_by"] for row in rows} == {"mark"}
    assert web.ask("HEAD", f"/photos/{SHA256}", "auditor").status_code == 200
    assert web.ask("HEAD", f"/photos/{SHA256}", "stranger").status_code == 404


def test_importing_twice_and_sending_what_was_imported_changes_nothing(web: Web, phone: Phone, tmp_path: Path) -> None:
    path = export(phone, tmp_path / "export.zip")
    bring(web, path)
    before = phone.read("manager")
    again = bring(web, path)
    assert (again.inspections, again.answers, again.findings, again.photos, again.faults) == (0, 0, 0, 0, [])
    # The phone comes back into the network and sends the same rows itself.
    assert phone.start().status_code == 200
    for ident, body in phone.answers.items():
        assert phone.put(ident, body).status_code == 200
    assert phone.submit().json["version"] == 1
    assert phone.read("manager") == before


def test_what_cannot_be_taken_is_named_and_everything_else_is_in(web: Web, phone: Phone, tmp_path: Path) -> None:
    bad = next(iter(phone.answers))
    phone.answers[bad] = {**phone.answers[bad], "item": "nothing"}
    other = hashlib.sha256(b"other").hexdigest()
    done = bring(web, export(phone, tmp_path / "export.zip", **{f"photos/{other}": b"\xff\xd8\xff not the other"}))
    assert (done.inspections, done.answers, done.photos) == (1, 1, 1)
    assert len(done.faults) == 3, "the answer, the submission that names it, and the photo that is another"
    assert any(bad in fault and "has no item nothing" in fault for fault in done.faults)
    assert any(other in fault for fault in done.faults)


def test_a_person_who_has_no_account_here_is_named(web: Web, phone: Phone, tmp_path: Path) -> None:
    with zipfile.ZipFile(export(phone, tmp_path / "export.zip")) as archive:
        written = archive.read(f"inspections/{phone.id}.json")
    record = written.replace(b"user-inspector", b"user-x").replace(b'"inspector"', b'"xan"')
    done = bring(web, export(phone, tmp_path / "export.zip", **{f"inspections/{phone.id}.json": record}))
    assert done.inspections == 0
    assert all("no account 'xan'" in fault for fault in done.faults if "walkthrough" in fault)


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        ({"fieldproof.json": None}, "no export of Fieldproof"),
        ({"fieldproof.json": json.dumps({"format": "fieldproof-inspections", "version": 9})}, "update fieldproof"),
        ({"fieldproof.json": "{"}, "fieldproof.json"),
    ],
)
def test_a_file_that_is_no_export_is_refused_as_a_whole(
    web: Web, phone: Phone, tmp_path: Path, files: dict[str, Any], fault: str
) -> None:
    with pytest.raises(ImportFailed, match=fault):
        bring(web, export(phone, tmp_path / "export.zip", **files))


def test_names_that_lead_elsewhere_are_passed_over(web: Web, phone: Phone, tmp_path: Path) -> None:
    done = bring(web, export(phone, tmp_path / "export.zip", **{"photos/../../evil": b"x", "inspections/x.json": "{}"}))
    assert done.faults == []
    assert not (tmp_path / "evil").exists()


def test_the_command_says_what_it_did_and_fails_for_a_broken_file(web: Web, phone: Phone, tmp_path: Path) -> None:
    path = export(phone, tmp_path / "export.zip")
    done = CliRunner().invoke(main, ["import", "inspections", str(path), "--data", str(tmp_path), "--by", "mark"])
    assert done.exit_code == 0, done.output
    assert "1 walkthroughs, 2 answers, 1 findings, 1 photos" in done.output
    path.write_bytes(path.read_bytes()[:500])
    broken = CliRunner().invoke(main, ["import", "inspections", str(path), "--data", str(tmp_path)])
    assert broken.exit_code == 1
    assert "Export the file anew" in broken.output


def test_a_finding_that_was_changed_here_meanwhile_is_kept_beside_it(web: Web, phone: Phone, tmp_path: Path) -> None:
    (ident,) = phone.findings
    other = {**phone.findings[ident], "inspection": None, "text": "Drip, tray put under it"}
    phone.findings[ident] = {**phone.findings[ident], "inspection": None}
    assert web.ask("PUT", f"/findings/{ident}", "manager", json=other).status_code == 201
    path = export(phone, tmp_path / "export.zip")
    done = [bring(web, path) for _ in range(2)]
    assert [found.findings for found in done] == [1, 0]
    texts = {item["text"] for item in web.items("/findings?site=dairy") if item["text"].startswith("Drip")}
    assert texts == {"Drip", "Drip, tray put under it"}


def test_a_broken_member_of_the_archive_is_named_and_loses_nothing_of_the_others(
    web: Web, phone: Phone, tmp_path: Path
) -> None:
    broken = {f"inspections/{new_id()}.json": text for text in ("[]", "5", "{", '{"findings": [3]}')}
    done = bring(web, export(phone, tmp_path / "export.zip", **broken))
    assert (done.inspections, done.answers, done.photos, len(done.faults)) == (1, 2, 1, 4)


def test_an_imported_photo_is_not_opened_to_a_site_that_only_knew_its_hash(
    web: Web, phone: Phone, tmp_path: Path
) -> None:
    claim = {"aspect": world.BREWERY_ASPECT}
    assert web.ask("PUT", f"/photos/{SHA256}/links/{new_id()}", "stranger", json=claim).status_code == 201
    assert bring(web, export(phone, tmp_path / "export.zip")).faults == []
    assert web.get(f"/photos/{SHA256}/receipt", "manager").status_code == 200
    assert web.get(f"/photos/{SHA256}/receipt", "stranger").status_code == 404
