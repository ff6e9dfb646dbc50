"""`fieldproof doctor` before a real InfluxDB 1.6.7, with and without rights."""

from __future__ import annotations

import base64
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from collector.doctor import clocks, influx
from collector.doctor.finding import Finding, State
from collector.doctor.patient import Patient
from tests.faultproxy import FaultProxy
from tests.integration.doctor_ward import only, patient, states
from tests.servers import Server, free_port

pytestmark = pytest.mark.services


def tell(server: Server, statement: str, user: str = "") -> str:
    query = urllib.parse.urlencode({"db": "plant", "q": statement})
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}/query?{query}", method="POST")
    if user:
        request.add_header("Authorization", f"Basic {base64.b64encode(user.encode()).decode()}")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.read().decode())


@pytest.fixture
def server(influx: Server) -> Server:
    """With a database, and users who may do different things. Rights are looked at."""
    tell(influx, 'CREATE DATABASE "plant"')
    tell(influx, "CREATE USER admin WITH PASSWORD 'a' WITH ALL PRIVILEGES")
    for user, right in (("reader", "READ"), ("writer", "WRITE"), ("both", "ALL")):
        tell(influx, f"CREATE USER {user} WITH PASSWORD 'p'")
        tell(influx, f'GRANT {right} ON "plant" TO {user}')
    influx.stop()
    config = Path(influx.command[-1])
    config.write_text(config.read_text().replace("[http]\n", "[http]\n  auth-enabled = true\n"))
    return influx.start()


def before(folder: Path, server: Server, token: str | None, bucket: str = "plant") -> Patient:
    return patient(folder, influx_url=f"http://127.0.0.1:{server.port}", influx_bucket=bucket, influx_token=token)


def look(folder: Path, server: Server, token: str | None, bucket: str = "plant") -> list[Finding]:
    return list(influx.look(before(folder, server, token, bucket)))


def test_with_all_rights_it_is_in_order_and_nothing_was_written(server: Server, tmp_path: Path) -> None:
    found = look(tmp_path, server, "both:p")
    assert states(found) == ["ok"] * 4
    assert "InfluxDB 1.6.7" in found[0].what
    assert "for ever" in found[3].what
    assert "series" not in tell(server, "SHOW MEASUREMENTS", "admin:a")


def test_a_missing_right_is_named_with_the_grant_that_mends_it(server: Server, tmp_path: Path) -> None:
    read_only = only(look(tmp_path, server, "reader:p"), State.BAD)
    assert read_only.what.startswith("we cannot write 'plant'")
    assert 'GRANT ALL ON "plant" TO <user>' in read_only.change
    assert only(look(tmp_path, server, "writer:p"), State.BAD).what.startswith("we cannot read 'plant'")


@pytest.mark.parametrize("token", [None, "both:wrong"])
def test_a_wrong_token_is_named(server: Server, tmp_path: Path, token: str | None) -> None:
    found = look(tmp_path, server, token)
    assert states(found) == ["ok", "bad", "bad"]
    assert "FIELDPROOF_INFLUX_TOKEN" in found[1].change


def test_a_missing_database_is_named_with_how_to_make_it(server: Server, tmp_path: Path) -> None:
    found = look(tmp_path, server, "admin:a", "elsewhere")
    assert 'CREATE DATABASE "elsewhere"' in next(f for f in found if f.state is State.BAD).change


def test_a_short_retention_is_told(server: Server, tmp_path: Path) -> None:
    tell(server, 'CREATE RETENTION POLICY "short" ON "plant" DURATION 3d REPLICATION 1', "admin:a")
    found = only(look(tmp_path, server, "both:p", "plant/short"), State.WARN)
    assert "'short' keeps readings for 3 days" in found.what


def test_clocks_are_compared_with_it(server: Server, tmp_path: Path) -> None:
    who = before(tmp_path, server, None)
    assert any("InfluxDB and this machine agree" in finding.what for finding in clocks.look(who))


def test_a_name_and_password_in_the_address_are_never_shown(server: Server, tmp_path: Path) -> None:
    for port in (server.port, free_port()):
        url = f"http://both:hunter2@127.0.0.1:{port}"
        who = patient(tmp_path, influx_url=url, influx_bucket="plant", influx_token="both:p")
        found = [*influx.look(who), *clocks.look(who)]
        assert f"127.0.0.1:{port}" in found[0].what or found[0].state is State.BAD
        assert "hunter2" not in str(found)
        assert any("InfluxDB and this machine agree" in f.what for f in found) is (port == server.port)


@pytest.mark.parametrize(
    ("version", "state"), [("3.4.1", State.UNKNOWN), (None, State.UNKNOWN), ("v2.7.11", State.OK), ("1.8.10", State.OK)]
)
def test_a_400_means_that_we_may_write_only_where_rights_are_all_that_was_asked(
    server: Server, tmp_path: Path, version: str | None, state: State
) -> None:
    """3 answers so when its write-ahead log cannot be written."""
    with FaultProxy(server.port) as proxy:
        headers = {} if version is None else {"X-Influxdb-Version": version}
        proxy.answer("GET /ping", 204, headers=headers, times=None)
        proxy.answer("POST /api/v2/write", 400, b'{"error":"write buffer error: error from wal"}', times=None)
        url = f"http://127.0.0.1:{proxy.port}"
        who = patient(tmp_path, influx_url=url, influx_bucket="plant", influx_token="both:p")
        (found,) = [finding for finding in influx.look(who) if "may write" in finding.what]
    assert found.state is state, found
    assert ("error from wal" in found.what) is (state is State.UNKNOWN)


def test_one_that_does_not_answer_is_bad(tmp_path: Path) -> None:
    who = patient(tmp_path, influx_url=f"http://127.0.0.1:{free_port()}", influx_bucket="plant")
    assert "does not answer" in only(list(influx.look(who)), State.BAD).what


def test_none_at_all_is_in_order(tmp_path: Path) -> None:
    assert "not configured" in only(list(influx.look(patient(tmp_path))), State.OK).what
