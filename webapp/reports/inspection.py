"""The report of one walkthrough: everything that is known of it, as plain values for the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, Response, render_template
from sqlalchemy.orm import Session

from collector.sitedb.tables import Site
from webapp.access import READER, declare, principal
from webapp.inspections.verdict import outcome_word
from webapp.problems import not_found
from webapp.queries.inspections import get_inspection
from webapp.queries.register import Register, read_register
from webapp.questions import QUESTIONS
from webapp.questions.number import with_unit
from webapp.reports.surroundings import sensors_at
from webapp.reports.words import t
from webapp.services import Services, services

Shown = dict[str, Any]


def register(app: Flask) -> None:
    app.add_url_rule("/reports/inspections/<ident>", "report_inspection", report)
    declare(app, "report_inspection", READER)


def report(ident: str) -> Response:
    app, who = services(), principal()
    with app.db.read() as db:
        inspection = get_inspection(db, who, ident)
        if inspection is None:
            raise not_found("walkthrough", ident)
        page = Page(db, inspection, app)
        html = render_template("inspection.html", t=t, page=page, **page.values())
    return Response(html, content_type="text/html; charset=utf-8", headers={"Cache-Control": "no-store"})


class Page:
    """One walkthrough with its register and the site's clock."""

    def __init__(self, db: Session, inspection: Shown, app: Services) -> None:
        site = db.get(Site, inspection["site"])
        self.site = site.name if site else inspection["site"]
        self.zone = ZoneInfo(site.timezone if site else "UTC")
        self._db, self._app = db, app
        self._inspection = inspection
        self._register: Register = read_register(db, inspection["site"])
        self._numbers = {photo["sha256"]: n for n, photo in enumerate(self._ordered(), start=1)}

    def time(self, text: str | None) -> str:
        """An ISO time on the site's clock, with its offset: a report is read far away, too."""
        if text is None:
            return ""
        return datetime.fromisoformat(text).astimezone(self.zone).strftime("%d %b %Y, %H:%M:%S %Z")

    def number(self, sha256: str) -> int | None:
        return self._numbers.get(sha256)

    def values(self) -> Shown:
        sections = [self._section(section) for section in self._inspection["content"]["sections"]]
        return {
            "inspection": self._inspection,
            "sections": sections,
            "counts": self._counts(sections),
            "findings": [self._finding(row) for row in self._inspection["findings"]],
            "photos": [self._photo(photo) for photo in self._ordered()],
            "clock": self._clock_error(),
            "made_at": self.time(datetime.fromtimestamp(self._app.clock() / 1000, UTC).isoformat()),
        }

    def _ordered(self) -> list[Shown]:
        """By the time of taking; what is awaited without a link comes last."""
        return sorted(self._inspection["photos"], key=lambda photo: _taken(photo) or "9")

    def _section(self, section: Mapping[str, Any]) -> Shown:
        items = [self._item(item) for item in section["items"]]
        times = [head["answered_at"] for item in items for head in item["heads"]]
        sensors: list[Shown] = []
        if section["location"] and times:
            at = int(datetime.fromisoformat(max(times)).timestamp() * 1000)
            sensors = sensors_at(self._db, principal(), self._app.store, self._app.vocabulary, section["location"], at)
        place = self._register.location(section["location"])
        return {
            "title": section["title"],
            "place": place["path"] if place and place["path"] != section["title"] else "",
            "items": items,
            "sensors": sensors,
            "sensors_at": self.time(max(times)) if times else "",
        }

    def _item(self, item: Mapping[str, Any]) -> Shown:
        mine = [answer for answer in self._inspection["answers"] if answer["item"] == item["id"]]
        heads = [answer for answer in mine if answer["current"]]
        given = [answer for answer in heads if answer["value"] is not None]
        return {
            "question": item["question"],
            "clauses": ", ".join(item["clauses"]),
            "outcome": outcome_word(item, given),
            "heads": [self._answer(item, answer) for answer in given or heads[:1]],
            "earlier": len(mine) - len(heads),
        }

    def _answer(self, item: Mapping[str, Any], answer: Shown) -> Shown:
        aspect, place = self._register.aspect(answer["aspect"]), self._register.location(answer["location"])
        return {
            **answer,
            "text": QUESTIONS[item["type"]].text(item, answer),
            "outcome": QUESTIONS[item["type"]].outcome(item, answer),
            "aspect_name": aspect["name"] if aspect else "",
            "place": place["path"] if place else "",
            "snapshot": self._snapshot(answer["reading"]),
            "delivered": self._delivered(answer),
        }

    def _snapshot(self, reading: Shown | None) -> str:
        if reading is None or reading["value"] is None:
            return ""
        value = with_unit(reading["value"], reading["precision"], reading["unit"])
        text = t(
            "snapshot", label=reading["label"], value=value, time=self.time(reading["observed_at"]),
            age=span(reading["age_s"]), quality=t(f"quality.{reading['quality']}"),
        )  # fmt: skip
        return f"{text} ({t('snapshot.cached')})" if reading["freshness"] == "cached" else text

    def _finding(self, finding: Shown) -> Shown:
        aspect, place = self._register.aspect(finding["aspect"]), self._register.location(finding["location"])
        return {
            **finding,
            "aspect_name": aspect["name"] if aspect else "",
            "place": place["path"] if place else "",
            "delivered": self._delivered(finding),
        }

    def _photo(self, photo: Shown) -> Shown:
        return {**photo, "number": self._numbers[photo["sha256"]], "links": [self._link(x) for x in photo["links"]]}

    def _link(self, link: Shown) -> Shown:
        aspect, place = self._register.aspect(link["aspect"]), self._register.location(link["location"])
        where = t("photo.nowhere")
        if link["lat"] is not None:
            accuracy = "?" if link["accuracy"] is None else f"{link['accuracy']:.0f}"
            where = t("photo.where", lat=f"{link['lat']:.5f}", lon=f"{link['lon']:.5f}", accuracy=accuracy)
        return {
            **link,
            "where": where,
            "aspect_name": aspect["name"] if aspect else "",
            "place": place["path"] if place else "",
            "delivered": self._delivered(link),
        }

    def _delivered(self, row: Shown) -> str:
        return t("delivered", name=row["delivered_by"]) if row["delivered_by"] else ""

    def _counts(self, sections: Sequence[Shown]) -> list[tuple[str, int]]:
        found = Counter(item["outcome"] for section in sections for item in section["items"])
        items = sum(found.values())
        return [
            (t("count.items"), items),
            (t("count.answered"), items - found["unanswered"]),
            (t("count.pass"), found["pass"]),
            (t("count.fail"), found["fail"]),
            (t("count.na"), found["na"]),
            (t("count.findings"), len(self._inspection["findings"])),
            (t("count.photos"), len(self._inspection["photos"])),
        ]

    def _clock_error(self) -> str:
        """The largest that was measured when a row came in: what a reader must allow for."""
        rows = [self._inspection, *self._inspection["answers"]]
        found = [row["clock_error_ms"] for row in rows if row["clock_error_ms"] is not None]
        if not found:
            return ""
        worst = max(found, key=abs)
        if abs(worst) <= 2000:
            return t("clock.right")
        return t("clock.slow" if worst > 0 else "clock.fast", span=span(abs(worst) / 1000))


def _taken(photo: Shown) -> str | None:
    return min((link["captured_at"] for link in photo["links"]), default=None)


def span(seconds: float) -> str:
    """Seconds in words, as coarse as a reader wants them."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
