"""The site database, and the photos' folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from collector.doctor.finding import Finding, bad, ok, unknown
from collector.doctor.patient import Patient

CHECK = "site database"
PHOTOS = "photos"


def look(patient: Patient) -> Iterator[Finding]:
    yield _database(patient)
    yield _photos(patient)


def _database(patient: Patient) -> Finding:
    url = patient.engine.url
    file = url.database or "" if url.get_backend_name() == "sqlite" else None
    shown = file or url.render_as_string(hide_password=True)
    if file is not None and not Path(file).exists():
        return unknown(CHECK, f"{shown} is not there yet", "The first 'fieldproof' command that needs it makes it.")
    try:
        with patient.engine.connect() as db:
            db.execute(select(1))
        current = patient.is_current(patient.engine)
    except SQLAlchemyError as error:
        return bad(
            CHECK,
            f"{shown} does not answer: {getattr(error, 'orig', None) or error}",
            "Screens are empty; readings and alarms wait in collector.db meanwhile.",
            "Start it, or correct FIELDPROOF_DATABASE_URL.",
        )
    if not current:
        return bad(
            CHECK,
            f"{shown} is of another version",
            "Collector and web app bring it up to date when they start: they have not, or are of another version.",
            "Restart both with this version.",
        )
    return ok(CHECK, f"{shown} answers, and is of this version")


def _photos(patient: Patient) -> Finding:
    folder = patient.settings.photos
    if not folder.is_dir():
        return unknown(PHOTOS, f"the folder {folder} is not there yet", "The first photo makes it.")
    if os.access(folder, os.W_OK | os.X_OK):
        return ok(PHOTOS, f"{folder} can be written by this account")
    return bad(
        PHOTOS,
        f"{folder} cannot be written by this account",
        "Phones keep their photos and cannot hand them over.",
        "chown it to the account of the web app; or run this as that account, if it is another.",
    )
