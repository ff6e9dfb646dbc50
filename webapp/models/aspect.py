"""The register of environmental aspects (ISO 14001, 6.1.2): what the organisation does that touches the environment."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from collector.sitedb.tables import Base


class Aspect(Base):
    """An aspect with its impact. `condition` is `normal | abnormal | emergency`.

    Devices name the aspect that their points are evidence for; `PointAspect` does so for single points.
    """

    __tablename__ = "aspect"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"), index=True)
    location_id: Mapped[str | None] = mapped_column(ForeignKey("location.id"))
    name: Mapped[str] = mapped_column(String(200))
    activity: Mapped[str] = mapped_column(Text)
    impact: Mapped[str] = mapped_column(Text)
    condition: Mapped[str] = mapped_column(String(16))
    significant: Mapped[bool]
    revision: Mapped[int] = mapped_column(Integer, default=1)
    created_by: Mapped[str] = mapped_column(String(64))
    updated_at: Mapped[int]


class PointAspect(Base):
    """The aspect of one point where it is not its device's. A table of its own: `point` rows belong to collectors."""

    __tablename__ = "point_aspect"
    device_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    metric: Mapped[str] = mapped_column(String(64), primary_key=True)
    aspect_id: Mapped[str] = mapped_column(ForeignKey("aspect.id"), index=True)
