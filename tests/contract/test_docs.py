"""Documents that can be tested are tested: what exists is written of, and what is written of exists."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest

from collector.domain.reading import Reason
from collector.settings import PREFIX, Settings
from collector.stores.collector_db import open_collector_db
from collector.stores.influx_answers import ADVICE as REFUSED
from webapp.cli import EXIT_CONFIG, EXIT_FAILED, main
from webapp.models import Base
from webapp.problems import PROBLEMS

ROOT = Path(__file__).resolve().parents[2]
# DESIGN's own names. The glossary explains each, built or planned.
TERMS = """site; location; device; profile; metric; point; reading; aspect; impact; significance; compliance obligation;
    objective; control limit; level; priority; kind; deadband; on_delay; off_delay; alarm; condition; acknowledgement;
    normal; active_unacked; active_acked; cleared_unacked; display; shown; shelved; suppressed; out_of_service;
    withdrawn; transition; notification; channel; template; inspection; walkthrough; answer; finding; nonconformity;
    correction; corrective action; effectiveness review; photo; evidence; receipt; calibration; lab sample"""
# Read by the build, not by the program.
BUILD_VARIABLES = {"FIELDPROOF_SKIP_FRONTEND"}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def section(name: str, heading: str) -> str:
    """The text below `## heading`, up to the next heading of that rank."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", read(name), re.MULTILINE | re.DOTALL)
    assert found, f"{name} has no section '{heading}'"
    return found[1]


def first_cells(text: str) -> set[str]:
    """Every `code` in the first cell of a table's rows."""
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("|")]
    return {word for cell in rows for word in re.findall(r"`([^`]+)`", cell)}


def files(*patterns: str) -> list[Path]:
    """Files that git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    return [ROOT / name for name in listed if (ROOT / name).exists()]


DOCUMENTS = files("*.md")


def named(document: Path) -> str:
    return document.relative_to(ROOT).as_posix()


def prose(document: Path) -> str:
    """Without code blocks, in which brackets and hashes mean other things."""
    return re.sub(r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(document: Path) -> set[str]:
    """Headings as GitHub makes anchors of them."""
    headings = re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_setting_is_documented_and_none_is_invented() -> None:
    wanted = {PREFIX + field.name.upper() for field in fields(Settings)}
    text = section("docs/operations.md", "Settings")
    assert {cell for cell in first_cells(text) if cell.startswith(PREFIX)} == wanted
    mentioned = {name for document in DOCUMENTS for name in re.findall(r"\bFIELDPROOF_[A-Z_]+[A-Z]\b", prose(document))}
    assert mentioned <= wanted | {f"{name}_FILE" for name in wanted} | BUILD_VARIABLES


def test_every_problem_code_is_documented_with_its_status() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", section("docs/errors.md", "Problem codes of the API"), re.MULTILINE)
    assert {code: int(status) for code, status in rows} == {code: kind.status for code, kind in PROBLEMS.items()}


def reasons_in(source: str) -> Iterator[str]:
    """Of `MessageError("reason", …)` and of `bury(…, reason="reason", …)`."""
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        given = [keyword.value for keyword in call.keywords if keyword.arg == "reason"] if name == "bury" else []
        for value in [*given, *(call.args[:1] if name == "MessageError" else [])]:
            if isinstance(value, ast.Constant):
                yield str(value.value)


def test_every_reason_of_a_dead_letter_is_documented() -> None:
    found = {reason for path in files("collector/**.py") for reason in reasons_in(path.read_text(encoding="utf-8"))}
    assert "not_json" in found
    assert first_cells(section("docs/errors.md", "Reasons of dead letters")) == found | set(REFUSED)


def test_every_reason_on_a_reading_is_documented() -> None:
    words = {flag.name.lower() for flag in Reason if flag.name and flag is not Reason.NONE}
    assert first_cells(section("docs/errors.md", "Reasons on a reading")) == words


def test_every_exit_code_is_documented() -> None:
    rows = re.findall(r"^\| (\d+) \|", section("docs/errors.md", "Exit codes of the command"), re.MULTILINE)
    assert [int(code) for code in rows] == [0, EXIT_FAILED, click.UsageError.exit_code, EXIT_CONFIG]


def commands(command: click.Command, path: str) -> Iterator[str]:
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from commands(inner, f"{path} {name}")
    elif not command.hidden:
        yield path


def test_every_command_is_documented() -> None:
    text = read("README.md") + read("docs/operations.md")
    assert [path for path in commands(main, "fieldproof") if path not in text] == []


def known_tests() -> dict[str, set[str]]:
    """Below tests/."""
    return {
        path.relative_to(ROOT / "tests").as_posix(): set(
            re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
        )
        for path in files("tests/**.py")
    }


@pytest.mark.parametrize(("document", "least"), [("docs/time.md", 25), ("docs/traps.md", 60)])
def test_every_rule_and_every_trap_is_shown_by_tests_that_exist(document: str, least: int) -> None:
    text = read(document)
    known = known_tests()
    everywhere = set().union(*known.values())
    assert [name for name in re.findall(r"`(test_\w+)`", text) if name not in everywhere] == []
    placed = re.findall(r"`([\w/]+\.py)::(test_\w+)`", text)
    assert [f"{file}::{name}" for file, name in placed if name not in known.get(file, ())] == []
    assert [name for name in re.findall(r"`(bench/\w+\.py)`", text) if name not in known] == []
    tables = re.findall(r"^\|.*\|\n\|---.*\n((?:\|.*\n)+)", text, re.MULTILINE)
    rows = [row for table in tables for row in table.splitlines()]
    assert len(rows) > least
    assert [row for row in rows if not re.search(r"`(?:[\w/]+\.py::)?test_\w+`|`bench/", row.rsplit("|", 2)[-2])] == []


def test_every_table_is_named_with_its_owner(tmp_path: Path) -> None:
    text = section("docs/architecture.md", "Tables and their owners")
    assert first_cells(text) == set(Base.metadata.tables)
    db = open_collector_db(tmp_path / "collector.db")
    private = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    db.close()
    assert [name for name in sorted(private) if not name.startswith("sqlite_") and f"`{name}`" not in text] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(document)):
        if re.match(r"[a-z]+:", target):
            continue
        place, _, anchor = target.partition("#")
        file = (document.parent / place).resolve() if place else document
        assert file.exists(), f"{target}: no such file"
        assert not anchor or anchor in anchors(file), f"{target}: no such heading"


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_file_that_is_named_exists(document: Path) -> None:
    rooms = r"(?:collector|webapp|device_configs|deploy|docs|tests|requirements|\.ci)"
    for name in re.findall(rf"`({rooms}/[\w./-]+\.\w+)`", prose(document)):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"`(src/[\w./-]+\.\w+)`", prose(document)):
        assert (ROOT / "webapp/frontend" / name).exists(), name


def test_documents_that_the_code_points_to_exist() -> None:
    for path in files("*.py", "*.ts", "*.tsx", "*.yaml", "deploy", "Makefile", "pyproject.toml"):
        for name in re.findall(r"(?<!\w/)\bdocs/[a-z][\w/-]+(?:\.md)?", path.read_text(encoding="utf-8")):
            assert list(ROOT.glob(f"{name}*")), f"{named(path)} points to {name}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_make_target_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    text = document.read_text(encoding="utf-8")
    assert set(re.findall(r"(?:`|^)(?:\w+=\w+ )*make ([a-z]+)", text, re.MULTILINE)) <= targets


def test_readme_reaches_a_running_thing_soon() -> None:
    lines = read("README.md").splitlines()
    headings = [line for line in lines if re.match(r"#+ Reference\b", line)]
    assert len(headings) == 1
    assert lines.index(headings[0]) <= 90
    assert {"make run", "make test"} <= set(re.findall(r"make \w+", "\n".join(lines[:25])))


def test_the_glossary_has_every_term() -> None:
    text = read("docs/glossary.md")
    explained = set(re.findall(r"\*\*([^*]+)\*\*|`([^`]+)`|\*([^*\n]+)\*", text))
    words = {re.sub(r" \(.*\)$", "", part.strip()) for found in explained for part in "".join(found).split(",")}
    assert [term for term in re.split(r";\s*", TERMS) if term not in words] == []


def test_every_decision_is_whole_and_listed() -> None:
    pages = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    index = section("docs/architecture.md", "Decisions")
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"# {page.name[:4]}: ")
        assert all(part in text for part in ("**What.**", "**Why.**", "**Rejected.**")), page.name
        assert f"(decisions/{page.name})" in index, page.name


def test_the_changelog_has_this_version() -> None:
    assert tomllib.loads(read("pyproject.toml"))["project"]["version"] in read("CHANGELOG.md")
