"""Size gate: no file over 400 lines, no function over 60, the median function at most 10 (DESIGN §3).

Tables, generated code and migrations are left out. Functions are measured in Python; for the front end the files.
"""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

MAX_FILE = 400
MAX_FUNCTION = 60
MAX_MEDIAN = 10
_ENDINGS = (".py", ".ts", ".tsx", ".css")
_LEFT_OUT = ("webapp/migrations/versions/", ".d.ts")
ROOT = Path(__file__).resolve().parents[2]


def tracked(root: Path) -> list[Path]:
    """Files git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=root, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    return [
        root / name
        for name in listed
        if name.endswith(_ENDINGS) and not any(part in name for part in _LEFT_OUT) and (root / name).exists()
    ]


def functions(source: str) -> Iterator[tuple[str, int, int]]:
    """Name, line and length of each function."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1


def faults(files: list[Path], root: Path) -> Iterator[str]:
    lengths: list[int] = []
    for path in files:
        source = path.read_text(encoding="utf-8")
        name = path.relative_to(root)
        lines = source.count("\n")
        if lines > MAX_FILE:
            yield f"{name}: {lines} lines, at most {MAX_FILE}: which part wants a file of its own?"
        if path.suffix != ".py":
            continue
        for function, line, length in functions(source):
            if not str(name).startswith("tests/"):
                lengths.append(length)
            if length > MAX_FUNCTION:
                yield f"{name}:{line}: {function} has {length} lines, at most {MAX_FUNCTION}"
    if lengths and statistics.median(lengths) > MAX_MEDIAN:
        yield f"the median function has {statistics.median(lengths):.0f} lines, at most {MAX_MEDIAN}"


def main() -> int:
    files = tracked(ROOT)
    found = list(faults(files, ROOT))
    for fault in found:
        print(fault, file=sys.stderr)
    print(f"sizes: {len(files)} files, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
