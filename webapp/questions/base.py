"""What all answer types share. Pure: no database, no clock."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args

from marshmallow import Schema, fields, validate

log = logging.getLogger(__name__)

T = TypeVar("T")
Outcome = Literal["pass", "fail", "na", "neutral", "unanswered"]
Item = Mapping[str, Any]
_OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
# An answer's content: `value`, `note`, `photos` and `reading`, as in docs/sync.md.
Content = Mapping[str, Any]
SLUG = validate.Regexp(r"^[a-z0-9][a-z0-9-]{0,63}$", error="use a-z, 0-9 and -, at most 64 characters")


class ItemSchema(Schema):
    """What every item of a template says. Each type adds its own fields."""

    id = fields.String(required=True, validate=SLUG)
    type = fields.String(required=True)
    question = fields.String(required=True, validate=validate.Length(1, 300))
    help = fields.String(load_default="", validate=validate.Length(max=2000))
    aspect = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=36))
    clauses = fields.List(
        fields.String(validate=validate.Regexp(r"^\d+(\.\d+){0,3}$", error="'{input}' is no clause number")),
        load_default=list,
    )
    required = fields.Boolean(load_default=True)
    photo = fields.String(load_default="optional", validate=validate.OneOf(("optional", "required", "on_fail")))
    note = fields.String(load_default="optional", validate=validate.OneOf(("optional", "on_fail")))


@dataclass(frozen=True, slots=True)
class QuestionType:
    """`faults` says what is wrong with a value that is not None; `outcome` and `text` take whole answers."""

    name: str
    schema: type[ItemSchema]
    faults: Callable[[Item, Content], list[str]]
    judge: Callable[[Item, Content], Outcome]
    describe: Callable[[Item, Content], str]

    def outcome(self, item: Item, content: Content) -> Outcome:
        """An answer without a value is unanswered, never a pass."""
        if content["value"] is None:
            return "unanswered"
        found: Outcome = self._total(self.judge, item, content, "unanswered")
        return found if found in _OUTCOMES else "unanswered"

    def text(self, item: Item, content: Content) -> str:
        """The answer in words, for people; empty when there is none."""
        return "" if content["value"] is None else self._total(self.describe, item, content, "")

    def _total(self, tell: Callable[[Item, Content], T], item: Item, content: Content, otherwise: T) -> T:
        """One row that cannot be judged must not take every list away that it stands in."""
        try:
            return tell(item, content)
        except (KeyError, TypeError, ValueError, AttributeError):
            log.exception("answer cannot be judged: type=%s item=%s", self.name, item.get("id"))
            return otherwise


def keys_are(value: Mapping[str, Any], *names: str) -> list[str]:
    """A fault unless the value has exactly these keys."""
    if set(value) == set(names):
        return []
    return [f"the value must have {' and '.join(names)} and nothing else"]


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_text(value: Any, longest: int) -> bool:
    return isinstance(value, str) and len(value) <= longest
