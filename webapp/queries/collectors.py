"""Collectors with their heartbeat and counters, and the dead letters they could not store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.sitedb.tables import Collector, CollectorEvent, DeadLetter
from webapp import heartbeat
from webapp.auth import Principal
from webapp.json import iso
from webapp.queries import scope
from webapp.queries.paging import Order, contains, page

_COLLECTORS = {"id": Order((Collector.id,))}
_DEAD_LETTERS = {"last_seen_at": Order((DeadLetter.last_seen_at, DeadLetter.id), descending=True)}
_COUNTS = ("outbox_depth", "received", "stored", "duplicates", "redelivered", "conflicts", "retained")
# A payload can be any size; a list is for looking at.
_SHOWN_BYTES = 4096
_EVENTS_MS = 7 * 86_400_000
_EVENTS_EACH = 10


def list_collectors(db: Session, args: Mapping[str, Any], now: int) -> tuple[list[dict[str, Any]], str | None]:
    statement = select(Collector)
    if args["q"]:
        statement = statement.where(contains(args["q"], Collector.id))
    collectors, cursor = page(db, statement, _COLLECTORS, args)
    events = _events(db, [collector.id for collector in collectors], now)
    return [_collector(collector, events[collector.id], now) for collector in collectors], cursor


def _events(db: Session, collectors: Sequence[str], now: int) -> dict[str, list[dict[str, Any]]]:
    """The newest few of each collector: what an auditor should know about the stream itself."""
    found: dict[str, list[dict[str, Any]]] = {ident: [] for ident in collectors}
    recent = (
        select(CollectorEvent)
        .where(CollectorEvent.collector_id.in_(collectors), CollectorEvent.ended_at > now - _EVENTS_MS)
        .order_by(CollectorEvent.ended_at.desc(), CollectorEvent.id)
    )
    for event in db.scalars(recent):
        if len(found[event.collector_id]) < _EVENTS_EACH:
            found[event.collector_id].append(
                {
                    "id": event.id,
                    "kind": event.kind,
                    "detail": event.detail,
                    "started_at": iso(event.started_at),
                    "ended_at": iso(event.ended_at),
                }
            )
    return found


def _collector(collector: Collector, events: list[dict[str, Any]], now: int) -> dict[str, Any]:
    stats = collector.stats
    silent = heartbeat.silent_s(collector, now) is not None
    return {
        "id": collector.id,
        "state": "silent" if silent else "running",
        "connected": collector.connected and not silent,
        "broker": collector.broker,
        "started_at": iso(collector.started_at),
        "last_seen_at": iso(collector.last_seen_at),
        "durable_broker": bool(stats.get("durable_broker", False)),
        "outbox_age_s": stats.get("outbox_age_s") or 0,
        "dead_letters": sum(heartbeat.dead_letters(collector).values()),
        **{name: stats.get(name) or 0 for name in _COUNTS},
        "brokers": [
            {"name": name, "connected": connected and not silent}
            for name, connected in heartbeat.brokers(collector).items()
        ],
        "outbox": [asdict(waiting) for waiting in heartbeat.outbox(collector)],
        "trouble": _trouble(collector),
        "profile_faults": [str(fault) for fault in stats.get("profile_faults") or ()],
        "events": events,
    }


def _trouble(collector: Collector) -> dict[str, Any] | None:
    found = heartbeat.trouble(collector)
    return None if found is None else {"kind": found.kind, "detail": found.detail, "since": iso(found.since)}


def list_dead_letters(db: Session, who: Principal, args: Mapping[str, Any]) -> tuple[list[dict[str, Any]], str | None]:
    statement = select(DeadLetter).where(scope.dead_letters(who))
    if site := scope.asked_site(db, who, args["site"]):
        statement = statement.where(DeadLetter.site_id == site)
    if args["reason"]:
        statement = statement.where(DeadLetter.reason == args["reason"])
    if args["q"]:
        statement = statement.where(contains(args["q"], DeadLetter.topic, DeadLetter.detail))
    letters, cursor = page(db, statement, _DEAD_LETTERS, args)
    return [dead_letter_item(letter) for letter in letters], cursor


def dead_letter_item(letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "collector": letter.collector_id,
        "site": letter.site_id,
        "topic": letter.topic,
        "reason": letter.reason,
        "detail": letter.detail,
        "payload": letter.payload[:_SHOWN_BYTES].decode("utf-8", "replace"),
        "payload_size": len(letter.payload),
        "first_seen_at": iso(letter.first_seen_at),
        "last_seen_at": iso(letter.last_seen_at),
        "count": letter.count,
    }
