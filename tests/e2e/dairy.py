"""The demo's site on a folder of its own: `fieldproof serve` as real processes, and what it has stored."""

from __future__ import annotations

import hashlib
import json
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from collector.demo.site import load_demo_site
from collector.settings import Settings
from collector.sitedb.engine import make_engine
from collector.stores.collector_db import open_collector_db
from tests.processes import descendants, kill
from tests.servers import Server, answers, free_port, wait_for
from webapp.auth import ROLES
from webapp.demo_seed import seed_demo
from webapp.migrate import migrate
from webapp.users import add_user

SITE = "dairy"
PASSWORD = "demo-password-1"
SECOND_INSPECTOR = "ines"
# What our own pages send with a change.
_OURS = {"X-Fieldproof": "1", "Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"}


def healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
            return True
    except OSError:
        return False


class Dairy:
    """Seeded like `fieldproof up --demo`, without broker and collector: nothing of a walkthrough needs them."""

    def __init__(self, folder: Path, host: str = "127.0.0.1") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.settings = Settings(data=folder)
        self._seed()
        port = free_port()
        command = [sys.executable, "-m", "webapp.cli", "serve", "--host", host, "--port", str(port)]
        self.server = Server(
            command, port, env={"FIELDPROOF_DATA": str(folder)}, ready=lambda: healthy(port), log=folder / "web.log"
        )
        self.kills = 0
        self._cookies: dict[str, str] = {}

    @property
    def port(self) -> int:
        return self.server.port

    def _seed(self) -> None:
        migrate(self.settings.site_database_url)
        engine = make_engine(self.settings.site_database_url)
        seed_demo(engine, load_demo_site(), dict.fromkeys(ROLES, PASSWORD))
        add_user(engine, SECOND_INSPECTOR, PASSWORD, "inspector", name="Ines Inspector", sites=[SITE])
        engine.dispose()
        open_collector_db(self.settings.collector_db).close()

    def start(self) -> Dairy:
        self.server.start()
        return self

    def kill(self) -> None:
        """SIGKILL to all of it at once, workers too."""
        assert self.server.process is not None
        main = self.server.process
        kill({main.pid, *descendants(main.pid)})
        main.wait(20)
        wait_for(lambda: not answers(self.port), what="the end of the web processes")
        self.kills += 1

    def restart(self) -> None:
        self.kill()
        self.start()

    def stop(self) -> None:
        self.server.stop()

    # -- asking it ---------------------------------------------------------------------------------------------------

    def ask(self, path: str, who: str = "manager", method: str = "GET", body: Mapping[str, Any] | None = None) -> Any:
        """Signed in with a password, as a person's browser."""
        if who not in self._cookies:
            self._cookies[who] = self._sign_in(who)
        headers = {"Cookie": self._cookies[who], **_OURS}
        data = None if body is None else json.dumps(body).encode()
        url = f"http://127.0.0.1:{self.port}/api/v1{path}"
        request = urllib.request.Request(url, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def _sign_in(self, who: str) -> str:
        body = json.dumps({"username": who, "password": PASSWORD}).encode()
        headers = dict(_OURS)
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/api/v1/session", body, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return str(answer.headers["Set-Cookie"]).split(";")[0]

    def publish(self, ident: str, content: Mapping[str, Any]) -> None:
        self.ask(f"/templates/{ident}", "manager", "PUT", {"site": SITE, "content": content})

    def inspections(self) -> list[dict[str, Any]]:
        """All there are, each with everything in it."""
        return [self.ask(f"/inspections/{row['id']}") for row in self.ask("/inspections?limit=200")["items"]]

    def inspection(self) -> dict[str, Any]:
        """The only one."""
        (found,) = self.inspections()
        return found

    def originals(self) -> dict[str, bytes]:
        """Every original on the disk, by the SHA-256 of its bytes; each must be named like it."""
        found = {}
        for path in self.settings.photos.glob("[0-9a-f][0-9a-f]/*"):
            content = path.read_bytes()
            sha256 = hashlib.sha256(content).hexdigest()
            assert path.name == sha256, f"{path} holds other bytes than its name says"
            found[sha256] = content
        return found
