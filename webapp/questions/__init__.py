"""Answer types, one file each: what a template may say of them, which values they take, and what an answer means.

A new type is a file with a `QuestionType` and its line here; the screens have a file of the same name.
"""

from __future__ import annotations

from collections.abc import Mapping

from webapp.questions.base import QuestionType
from webapp.questions.check import CHECK
from webapp.questions.choice import CHOICE
from webapp.questions.number import NUMBER
from webapp.questions.photo import PHOTO
from webapp.questions.reading import READING
from webapp.questions.text import TEXT

QUESTIONS: Mapping[str, QuestionType] = {kind.name: kind for kind in (CHECK, CHOICE, NUMBER, TEXT, PHOTO, READING)}
