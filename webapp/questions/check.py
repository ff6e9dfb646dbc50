"""Pass, fail or not applicable. "Not applicable" needs its reason in the note."""

from __future__ import annotations

from webapp.questions.base import Content, Item, ItemSchema, Outcome, QuestionType, keys_are

_WORDS = {"pass": "Pass", "fail": "Fail", "na": "Not applicable"}


def _faults(_item: Item, content: Content) -> list[str]:
    value = content["value"]
    if found := keys_are(value, "choice"):
        return found
    if value["choice"] not in tuple(_WORDS):
        return ["choose one of pass, fail, na"]
    if value["choice"] == "na" and not content["note"].strip():
        return ["not applicable needs a reason in the note"]
    return []


def _judge(_item: Item, content: Content) -> Outcome:
    choice: Outcome = content["value"]["choice"]
    return choice


def _describe(_item: Item, content: Content) -> str:
    return _WORDS[content["value"]["choice"]]


CHECK = QuestionType("check", ItemSchema, _faults, _judge, _describe)
