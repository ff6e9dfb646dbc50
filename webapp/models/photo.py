"""Photos: the originals by their hash, what they are linked to, and the uploads that bring them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Float, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from collector.sitedb.tables import Base
from webapp.models.inspection import FromPhone

_ID, _HASH = String(36), String(64)


class Photo(Base):
    """An original that this server holds, verified against its hash. `rendition` is `pending | ready | none`.

    `audit_head` names the audit row of its arrival: `<seq>:<sha256 of the row>`. `exif` keeps a few facts of the
    original; renditions carry none.
    """

    __tablename__ = "photo"
    sha256: Mapped[str] = mapped_column(_HASH, primary_key=True)
    size: Mapped[int]
    mime: Mapped[str] = mapped_column(String(32))
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    rendition: Mapped[str] = mapped_column(String(16), default="pending", index=True)
    rendition_reason: Mapped[str | None] = mapped_column(String(32))
    exif: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    claimed_at: Mapped[int | None]
    received_at: Mapped[int]
    audit_head: Mapped[str] = mapped_column(String(96))


class PhotoSite(Base):
    """A site whose people may see the photo: it was uploaded for it. Naming a hash alone opens nothing."""

    __tablename__ = "photo_site"
    sha256: Mapped[str] = mapped_column(_HASH, primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"), primary_key=True)


class PhotoLink(FromPhone, Base):
    """One press of the shutter: who, when, where, and what the photo is evidence for. May come before the photo."""

    __tablename__ = "photo_link"
    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    photo: Mapped[str] = mapped_column(_HASH, index=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"), index=True)
    inspection_id: Mapped[str | None] = mapped_column(_ID, index=True)
    answer_id: Mapped[str | None] = mapped_column(_ID)
    item: Mapped[str | None] = mapped_column(String(64))
    finding_id: Mapped[str | None] = mapped_column(_ID, index=True)
    aspect_id: Mapped[str | None] = mapped_column(_ID, index=True)
    location_id: Mapped[str | None] = mapped_column(_ID, index=True)
    # The thing installed that it shows; `device_id` is the phone.
    shows_device: Mapped[str | None] = mapped_column(String(128))
    caption: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(16))
    captured_at: Mapped[int]
    lat: Mapped[float | None] = mapped_column(Float(53))
    lon: Mapped[float | None] = mapped_column(Float(53))
    # Metres; the radius that holds the true place with 95 % confidence (W3C Geolocation API, `accuracy`).
    accuracy: Mapped[float | None] = mapped_column(Float(53))
    located_at: Mapped[int | None]


class InspectionPhoto(Base):
    """A photo that a walkthrough names, here or still awaited: what "complete" is judged by."""

    __tablename__ = "inspection_photo"
    inspection_id: Mapped[str] = mapped_column(ForeignKey("inspection.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(_HASH, primary_key=True, index=True)
    size: Mapped[int | None]
    mime: Mapped[str | None] = mapped_column(String(32))


class Upload(Base):
    """A tus upload. What has arrived lies in the photo store; its length there is the offset."""

    __tablename__ = "upload"
    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    user_id: Mapped[str] = mapped_column(_ID, index=True)
    author: Mapped[str] = mapped_column(String(64))
    length: Mapped[int]
    # As the phone named it, or, where it did not, as we computed it in the end.
    sha256: Mapped[str | None] = mapped_column(_HASH, index=True)
    given: Mapped[dict[str, Any]]
    created_at: Mapped[int]
    expires_at: Mapped[int] = mapped_column(index=True)
    finished_at: Mapped[int | None]
