"""The size gate fails when it should."""

from __future__ import annotations

from pathlib import Path

from tests.gates.sizes import ROOT, faults, tracked


def test_a_long_file_a_long_function_and_a_long_median_are_told(tmp_path: Path) -> None:
    (tmp_path / "long.py").write_text("x = 1\n" * 401)
    (tmp_path / "deep.py").write_text("def f():\n" + "    x = 1\n" * 61)
    (tmp_path / "style.css").write_text("a{}\n" * 401)
    told = list(faults(sorted(tmp_path.iterdir()), tmp_path))
    assert any("long.py: 401 lines" in fault for fault in told)
    assert any("deep.py:1: f has 62 lines" in fault for fault in told)
    assert any("style.css: 401 lines" in fault for fault in told)
    assert any("median" in fault for fault in told)


def test_it_looks_at_both_halves_of_the_product() -> None:
    names = {path.relative_to(ROOT).as_posix() for path in tracked(ROOT)}
    assert {"collector/service.py", "webapp/cli.py", "webapp/frontend/src/main.tsx"} <= names
