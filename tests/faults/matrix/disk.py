"""A disk of a few megabytes, in a mount namespace of its own: full for the collector that runs there, and nobody else.

Works for root and, where user namespaces are allowed, for anybody.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from errno import ENOSPC
from pathlib import Path
from typing import Any

from tests.servers import STARTED, end, find

_QUERY = """
import json, sqlite3, sys
db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, timeout=10)
print(json.dumps(db.execute(sys.argv[2], json.loads(sys.argv[3])).fetchall()))
"""
_PIECE = 256 * 1024


def possible() -> bool:
    """Whether this machine lets us make one."""
    if find("unshare") is None or find("nsenter") is None:
        return False
    tried = ["unshare", "-rm", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/mnt"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


class Disk:
    """Mounted at `folder`, whose content is moved onto it. A sleeping process holds the namespace open."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self._folder = folder
        mount = f'mount -t tmpfs -o size={megabytes}m tmpfs "$0" && echo mounted && exec sleep infinity'
        self._holder = subprocess.Popen(["unshare", "-rm", "sh", "-c", mount, str(folder)], stdout=subprocess.PIPE)
        STARTED.append(self._holder)
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == b"mounted\n"
        # What lies below the mount, seen from outside, goes onto it.
        shutil.copytree(folder, self.seen, dirs_exist_ok=True)

    @property
    def seen(self) -> Path:
        """The folder as those see it who are inside."""
        return Path(f"/proc/{self._holder.pid}/root{self._folder}")

    @property
    def launcher(self) -> list[str]:
        """Before a command: it runs where the disk is, and in the folder where we are."""
        return ["nsenter", "-t", str(self._holder.pid), "-U", "-m", "--preserve-credentials", f"--wd={Path.cwd()}"]

    @property
    def free(self) -> int:
        found = os.statvfs(self.seen)
        return found.f_bavail * found.f_frsize

    def fill(self) -> None:
        """To the last byte, with a file that nobody needs."""
        with (self.seen / "ballast").open("ab", buffering=0) as ballast:
            for size in (_PIECE, 4096, 1):
                self._write(ballast, bytes(size))

    def _write(self, ballast: Any, piece: bytes) -> None:
        while True:
            try:
                if ballast.write(piece) < len(piece):
                    return
            except OSError as error:
                if error.errno != ENOSPC:
                    raise
                return

    def clear(self) -> None:
        (self.seen / "ballast").unlink()

    def query(self, name: str, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Of a database on it. SQLite follows links, and by itself would look into the folder below the mount."""
        command = [*self.launcher, sys.executable, "-c", _QUERY, str(self._folder / name), sql, json.dumps(values)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return [tuple(row) for row in json.loads(done.stdout)]

    def close(self) -> None:
        end(self._holder)
