"""A few words."""

from __future__ import annotations

from webapp.questions.base import Content, Item, ItemSchema, Outcome, QuestionType, is_text, keys_are

LONGEST = 5000


def _faults(_item: Item, content: Content) -> list[str]:
    value = content["value"]
    if found := keys_are(value, "text"):
        return found
    if not is_text(value["text"], LONGEST) or not value["text"].strip():
        return [f"text must be 1 to {LONGEST} characters"]
    return []


def _judge(_item: Item, _content: Content) -> Outcome:
    return "neutral"


def _describe(_item: Item, content: Content) -> str:
    text: str = content["value"]["text"]
    return text


TEXT = QuestionType("text", ItemSchema, _faults, _judge, _describe)
