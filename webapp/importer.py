"""`fieldproof import inspections`: takes the ZIP that a phone exports, for phones that cannot send themselves.

The rows keep their authors and ids, so that importing twice, or importing what did arrive meanwhile, changes nothing.
Who brought the file is recorded with each row. The form of the file is in docs/sync.md.
"""

from __future__ import annotations

import re
import uuid
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, cast

import orjson
from marshmallow import Schema, ValidationError
from sqlalchemy import CompoundSelect, select

from collector.clock import Clock
from webapp.auth import Principal
from webapp.canonical import digest
from webapp.db import Database
from webapp.evidence.photo_store import DigestMismatch, NotAPhoto, PhotoStore, TooLarge
from webapp.inspections.arrival import Arrival
from webapp.inspections.photos import open_to, put_link, record_photo
from webapp.inspections.record import put_answer, put_finding, put_inspection
from webapp.inspections.submit import submit
from webapp.models import Inspection, InspectionPhoto, Photo, PhotoLink, User
from webapp.problems import Problem
from webapp.schemas.inspections import AnswerBody, FindingBody, InspectionHead, SubmitBody
from webapp.schemas.photos import LinkBody

FORMAT, VERSION = "fieldproof-inspections", 1
_JSON_BYTES = 16 << 20
# Findings that belong to no walkthrough stand in a file of their own.
_RECORDS = re.compile(r"inspections/[0-9a-f-]{36}\.json|findings\.json")
_PHOTO = re.compile(r"photos/([0-9a-f]{64})")


Take = Callable[[zipfile.ZipFile, str, "Imported"], None]
# What a damaged, encrypted or invented member of an archive raises when it is read.
_BROKEN = (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, ValueError, KeyError, TypeError,
           AttributeError)  # fmt: skip


class ImportFailed(Exception):  # noqa: N818 - said to a person
    """The file cannot be taken at all; the message says why and what to do."""


@dataclass(slots=True)
class Imported:
    """What became of the file. `faults` names each thing that was refused; everything else is in."""

    inspections: int = 0
    answers: int = 0
    findings: int = 0
    photos: int = 0
    known: int = 0
    faults: list[str] = field(default_factory=list)

    def count(self, name: str, new: bool) -> None:
        if new:
            setattr(self, name, getattr(self, name) + 1)
        else:
            self.known += 1


class Importer:
    def __init__(
        self, database: Database, store: PhotoStore, clock: Clock, delivered_by: str, told: Callable[[str], None]
    ) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._delivered_by = delivered_by
        self._told = told
        self._inspections: set[str] = set()
        self._links: set[str] = set()

    def run(self, path: Path) -> Imported:
        """Raises ImportFailed when it is no export of ours, StoreUnavailable when the disk is full or away."""
        result = Imported()
        try:
            with zipfile.ZipFile(path) as archive:
                names = _check_head(archive)
                for pattern, take in ((_RECORDS, self._records), (_PHOTO, self._photo)):
                    for name in sorted(one for one in names if pattern.fullmatch(one)):
                        self._told(name)
                        self._member(archive, name, take, result)
        except (zipfile.BadZipFile, OSError) as error:
            raise ImportFailed(f"{path}: {error}. Export the file anew on the phone.") from error
        return result

    def _member(self, archive: zipfile.ZipFile, name: str, take: Take, result: Imported) -> None:
        """One file of the archive: what is broken in it loses nothing of the others."""
        try:
            take(archive, name, result)
        except _BROKEN as error:
            result.faults.append(f"{name}: cannot be read: {error or type(error).__name__}")

    def _records(self, archive: zipfile.ZipFile, name: str, result: Imported) -> None:
        """Row by row, each in a transaction of its own."""
        for count, what, work in self._rows(_json(archive, name)):
            try:
                result.count(count, work())
            except ValidationError as error:
                result.faults.append(f"{what}: {error.messages}")
            except Problem as problem:
                result.faults.append(f"{what}: {problem.detail}")
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                result.faults.append(f"{what}: not of the form of an export ({error!r})")

    def _rows(self, content: Any) -> Iterator[tuple[str, str, Callable[[], bool]]]:
        if "header" in content:
            yield from self._walkthrough_rows(content, str(content["id"]))
        for row in content.get("findings", []):
            yield "findings", f"finding {row.get('id')}", partial(self._finding, row)
        for row in content.get("links", []):
            yield "known", f"link {row.get('id')}", partial(self._link, row)
        if content.get("submit") is not None:
            yield "known", f"submission of {content['id']}", partial(self._submit, content, content["id"])

    def _walkthrough_rows(self, content: Any, ident: str) -> Iterator[tuple[str, str, Callable[[], bool]]]:
        yield "inspections", f"walkthrough {ident}", partial(self._head, content, ident)
        for row in content.get("answers", []):
            yield "answers", f"answer {row.get('id')}", partial(self._answer, row, ident)

    def _head(self, content: Any, ident: str) -> bool:
        args, sha256 = _loaded(InspectionHead, content["header"], id=ident)
        with self._database.write() as db:
            new = put_inspection(db, self._author(content), self._arrival(), ident, args, sha256)[1]
        self._inspections.add(ident)
        return new

    def _answer(self, row: Any, inspection: str) -> bool:
        args, sha256 = _loaded(AnswerBody, row["body"], id=row["id"], inspection=inspection)
        with self._database.write() as db:
            return put_answer(db, self._author(row), self._arrival(), inspection, row["id"], args, sha256)[1]

    def _finding(self, row: Any) -> bool:
        """One that was changed here meanwhile is kept beside it, under an id that follows from its content."""
        try:
            return self._put_finding(row, row["id"])
        except Problem as problem:
            if problem.code != "stale":
                raise
        return self._put_finding(row, str(uuid.uuid5(uuid.UUID(row["id"]), digest(row["body"]))))

    def _put_finding(self, row: Any, ident: str) -> bool:
        args, sha256 = _loaded(FindingBody, row["body"], id=ident)
        with self._database.write() as db:
            return put_finding(db, self._author(row), self._arrival(), ident, args, sha256)[1]

    def _link(self, row: Any) -> bool:
        args, sha256 = _loaded(LinkBody, row["body"], id=row["id"], photo=row["sha256"])
        with self._database.write() as db:
            put_link(db, self._author(row), self._arrival(), row["sha256"], row["id"], args, sha256)
        self._links.add(row["id"])
        return False

    def _submit(self, content: Any, ident: str) -> bool:
        args: dict[str, Any] = SubmitBody().load(content["submit"])
        with self._database.write() as db:
            submit(db, self._author(content), self._arrival(), ident, args)
        return False

    def _photo(self, archive: zipfile.ZipFile, name: str, result: Imported) -> None:
        """The bytes, and the right to see them for the sites of the walkthroughs that name them."""
        sha256 = name.removeprefix("photos/")
        try:
            # The store has its own limit of size, whatever the archive says.
            with archive.open(name) as file:
                stored = self._store.put(cast("BinaryIO", file), sha256)
        except (DigestMismatch, NotAPhoto, TooLarge, zipfile.BadZipFile) as error:
            result.faults.append(f"photo {sha256}: {error or 'too large'}")
            return
        with self._database.write() as db:
            new = db.get(Photo, sha256) is None
            record_photo(
                db, stored.sha256, stored.size, stored.mime,
                arrival=self._arrival(), actor=self._delivered_by, given={},
            )  # fmt: skip
            for (site,) in db.execute(_sites_naming(sha256, self._inspections, self._links)).all():
                open_to(db, sha256, site)
        result.count("photos", new)

    def _arrival(self) -> Arrival:
        return Arrival(self._clock(), None, self._delivered_by)

    def _author(self, row: Any) -> Principal:
        """The person that the row names: an account of ours. That it was this person is what the file says."""
        author = row["author"]
        with self._database.read() as db:
            user = (
                db.get(User, str(author["id"]))
                or db.scalars(select(User).where(User.username == str(author["username"]))).one_or_none()
            )
        if user is None:
            detail = f"there is no account '{author['username']}'; 'fieldproof users add' makes one, then import again"
            raise Problem("not_found", detail)
        # The file is brought by somebody with access to the machine: its rows may belong to any site.
        return Principal(
            "token", user.id, user.id, user.username, user.name, "admin", all_sites=True, sites=frozenset()
        )


def _check_head(archive: zipfile.ZipFile) -> list[str]:
    names = archive.namelist()
    try:
        head = _json(archive, "fieldproof.json")
    except _BROKEN:
        head = {}
    if head.get("format") != FORMAT:
        raise ImportFailed("this is no export of Fieldproof: it has no fieldproof.json that says so")
    if head.get("version") != VERSION:
        given = head.get("version")
        raise ImportFailed(f"the export has version {given}; this one reads version {VERSION}: update fieldproof")
    return names


def _json(archive: zipfile.ZipFile, name: str) -> Any:
    """Raises ValueError for what is no JSON object of a size that a walkthrough may have."""
    if archive.getinfo(name).file_size > _JSON_BYTES:
        raise ValueError(f"larger than {_JSON_BYTES >> 20} MiB, which no walkthrough is")
    content = orjson.loads(archive.read(name))
    if not isinstance(content, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - of the file, not of an argument
    return content


def _loaded(schema: type[Schema], body: Any, **ids: str) -> tuple[dict[str, Any], str]:
    """The checked values, and the digest that the phone and the API would find."""
    args: dict[str, Any] = schema().load(body)
    try:
        return args, digest({**body, **ids})
    except ValueError as error:
        raise ValidationError(str(error)) from error


def _sites_naming(sha256: str, inspections: set[str], links: set[str]) -> CompoundSelect[str]:
    """Sites of those rows of this archive that name the photo: others may have named its hash without having it."""
    of_inspections = (
        select(Inspection.site_id)
        .join(InspectionPhoto, InspectionPhoto.inspection_id == Inspection.id)
        .where(InspectionPhoto.sha256 == sha256, Inspection.id.in_(inspections))
    )
    return of_inspections.union(select(PhotoLink.site_id).where(PhotoLink.photo == sha256, PhotoLink.id.in_(links)))
