"""Templates: versioned checklists. A version never changes; a change is a new version of the same id."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from collector.sitedb.tables import Base


class Template(Base):
    """One version of a checklist. `content` is what docs/sync.md describes; `sha256` is of its canonical JSON."""

    __tablename__ = "template"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    current: Mapped[bool] = mapped_column(default=True, index=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text)
    content: Mapped[dict[str, Any]]
    sha256: Mapped[str] = mapped_column(String(64))
    created_by: Mapped[str] = mapped_column(String(64))
    updated_at: Mapped[int]
