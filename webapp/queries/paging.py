"""Pages by key, not by number: rows that are added meanwhile neither repeat nor hide others."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Select, and_, func, or_
from sqlalchemy.orm import InstrumentedAttribute, Session

from webapp.problems import Problem

Key = ColumnElement[Any] | InstrumentedAttribute[Any]


@dataclass(frozen=True, slots=True)
class Order:
    """A sort by these columns, which together must be unique and never NULL."""

    keys: tuple[Key, ...]
    descending: bool = False

    def reversed(self) -> Order:
        return Order(self.keys, not self.descending)


def page(
    db: Session, statement: Select[Any], orders: Mapping[str, Order], args: Mapping[str, Any]
) -> tuple[Sequence[Any], str | None]:
    """One page of the statement's first column, and the cursor of the next. The first of `orders` is the default."""
    sort = args["sort"] or next(iter(orders))
    order = _order(orders, sort)
    if args["cursor"]:
        statement = statement.where(_after(order, _decode(args["cursor"], sort, order)))
    columns = [key.desc() if order.descending else key.asc() for key in order.keys]
    marks = [key.label(f"page_key_{n}") for n, key in enumerate(order.keys)]
    rows = db.execute(statement.add_columns(*marks).order_by(*columns).limit(args["limit"] + 1)).all()
    shown = rows[: args["limit"]]
    more = len(rows) > len(shown)
    cursor = _encode(sort, [shown[-1]._mapping[mark.name] for mark in marks]) if more else None
    return [row[0] for row in shown], cursor


def _order(orders: Mapping[str, Order], sort: str) -> Order:
    name = sort.removeprefix("-")
    if name not in orders:
        text = f"There is no sort '{sort[:40]}'; choose one of {', '.join(orders)}, with - for the other direction."
        raise Problem("invalid", text, errors={"sort": [text]})
    return orders[name].reversed() if sort.startswith("-") else orders[name]


def _after(order: Order, values: Sequence[Any]) -> ColumnElement[bool]:
    """(a, b) beyond (x, y), written out: a > x or (a = x and b > y)."""
    steps = []
    for n, (key, value) in enumerate(zip(order.keys, values, strict=True)):
        same = [earlier == seen for earlier, seen in zip(order.keys[:n], values[:n], strict=True)]
        steps.append(and_(*same, key < value if order.descending else key > value))
    return or_(*steps)


def _encode(sort: str, values: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([sort, *values])).decode().rstrip("=")


def _decode(cursor: str, sort: str, order: Order) -> list[Any]:
    try:
        found = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        found = None
    if not (
        isinstance(found, list) and len(found) == len(order.keys) + 1 and found[0] == sort and _fits(order, found[1:])
    ):
        text = (
            "Not a cursor of this list and sort: take it from `next` of the last answer, and keep the other parameters."
        )
        raise Problem("invalid", text, errors={"cursor": [text]})
    return list(found[1:])


def _fits(order: Order, values: Sequence[Any]) -> bool:
    """A database that compares strictly answers a text against a number with an error, not with "no"."""
    return all(isinstance(value, key.type.python_type) for key, value in zip(order.keys, values, strict=True))


def contains(text: str, *columns: Key) -> ColumnElement[bool]:
    """Case-insensitive search in any of the columns."""
    return or_(*(func.lower(column).contains(text.lower(), autoescape=True) for column in columns))
