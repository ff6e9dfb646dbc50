"""Which answers are current, and what they mean together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from webapp.inspections.content import items_of
from webapp.models import Answer
from webapp.questions import QUESTIONS
from webapp.questions.base import Content, Item, Outcome

# Two devices may have answered the same item differently: together they mean the worse.
_WORST_FIRST: tuple[Outcome, ...] = ("fail", "unanswered", "na", "neutral", "pass")


def replaced_ids(answers: Sequence[Answer]) -> set[str]:
    """Ids that another answer to the same item replaces. One that came earlier replaces none that came later."""
    order = {answer.id: (answer.item, answer.repeat, answer.received_at) for answer in answers}
    return {
        ident
        for answer in answers
        for ident in answer.replaces
        if ident != answer.id and _is_earlier(order.get(ident), answer)
    }


def _is_earlier(replaced: tuple[str, int, int] | None, answer: Answer) -> bool:
    return replaced is not None and replaced[:2] == (answer.item, answer.repeat) and replaced[2] <= answer.received_at


def heads_of(answers: Sequence[Answer]) -> dict[str, list[Answer]]:
    """By item: the answers that no other one replaces. More than one means that two devices answered."""
    replaced = replaced_ids(answers)
    found: dict[str, list[Answer]] = {}
    for answer in answers:
        if answer.id not in replaced:
            found.setdefault(answer.item, []).append(answer)
    return found


def content_of(answer: Answer) -> dict[str, Any]:
    """What a question type judges."""
    return {"value": answer.value, "note": answer.note, "photos": answer.photos, "reading": answer.reading}


def outcome_of(item: Item, heads: Sequence[Answer]) -> Outcome:
    """An answer that was taken back does not count beside one that was given."""
    return outcome_word(item, [content_of(answer) for answer in heads])


def outcome_word(item: Item, contents: Iterable[Content]) -> Outcome:
    """The same of answers as the API shows them."""
    given = [content for content in contents if content["value"] is not None]
    found = {QUESTIONS[item["type"]].outcome(item, content) for content in given}
    return next((outcome for outcome in _WORST_FIRST if outcome in found), "unanswered")


def outcomes(content: Mapping[str, Any], heads: Mapping[str, Sequence[Answer]]) -> dict[str, Outcome]:
    """By item, in the template's order."""
    return {item["id"]: outcome_of(item, heads.get(item["id"], ())) for item in items_of(content)}
