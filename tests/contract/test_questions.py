"""An answer type is whole: the server's rule, the phone's screen and the document exist together."""

from __future__ import annotations

from collector.demo.site import load_demo_site
from tests.contract.test_docs import ROOT, first_cells, section
from tests.frontend import FRONTEND
from webapp.demo_templates import read_template
from webapp.inspections.content import items_of
from webapp.questions import QUESTIONS


def test_every_answer_type_has_its_rule_its_screen_and_its_row_in_the_document() -> None:
    assert first_cells(section("docs/sync.md", "Answers")) == set(QUESTIONS)
    for name in QUESTIONS:
        assert (ROOT / "webapp" / "questions" / f"{name}.py").is_file()
        assert (FRONTEND / "src" / "questions" / f"{name}.tsx").is_file(), name
    registry = (FRONTEND / "src" / "questions" / "index.ts").read_text(encoding="utf-8")
    assert [name for name in QUESTIONS if f'"./{name}"' not in registry] == []


def test_the_demo_has_a_round_of_25_items_over_5_places_with_every_answer_type() -> None:
    demo = load_demo_site()
    path = ROOT / "device_configs" / "templates" / "weekly-dairy-round.yaml"
    ident, content = read_template(path, demo)
    items = list(items_of(content))
    assert ident is not None
    assert (len(items), len({section["location"] for section in content["sections"]})) == (25, 5)
    assert {item["type"] for item in items} == set(QUESTIONS)
    assert {item["point"] for item in items if item["type"] == "reading"} <= set(demo.signals.points)
    assert all(item["aspect"] in {aspect.id for aspect in demo.aspects} for item in items)
