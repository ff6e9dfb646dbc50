"""Each generation's answers (docs/decisions/0012) replayed in front of a real 1.6.7: nothing lost, nothing double, and
only the guilty line set apart.

What 1.x says is real. The words of 2.x and 3 Core are those of their sources.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from collector.clock import now_ms
from collector.stores import influx as influx_module
from collector.stores.delivery import SUSPICIOUS
from collector.stores.influx_answers import Generation
from collector.stores.refused import RETRY_AFTER_MS
from tests.faultproxy import FaultProxy
from tests.integration.influx_drain import T0, WEEK, Drain, ask, holding
from tests.servers import Server, wait_for

pytestmark = [pytest.mark.services, pytest.mark.timeout(180)]

N = 3_000
VERSIONS = {
    Generation.V1_6: "1.6.7~rc0",
    Generation.V1_8: "1.8.10",
    Generation.V2: "v2.7.11",
    Generation.V3: "3.4.1",
}
WRITE = "POST /api/v2/write"
V2_CONFLICT = (
    b'{"code":"unprocessable entity","message":"failure writing points to database: partial write: field type conflict:'
    b' input field \\"value\\" on measurement \\"readings\\" is type float, already exists as type string dropped=1"}'
)
V2_RETENTION = (
    b'{"code":"unprocessable entity","message":"failure writing points to database: partial write: points beyond'
    b' retention policy dropped=1"}'
)
V2_SYNTAX = b'{"code":"invalid","message":"unable to parse \'readings value=\': missing field value"}'
V3_CONFLICT = b"invalid column type for column 'value', expected iox::column_type::field::string"
V3_TROUBLE = b'{"error":"write buffer error: error from wal: Object at location wal/1 could not be written"}'


@pytest.fixture
def drain(tmp_path: Path, influx: Server) -> Iterator[Drain]:
    ask(influx, "CREATE DATABASE plant", "POST")
    with FaultProxy(influx.port) as proxy:
        found = Drain(tmp_path, influx, proxy)
        yield found
        found.close()


def speak(drain: Drain, generation: Generation) -> None:
    drain.speak(VERSIONS[generation], v2_path=generation is not Generation.V1_6)


def everything_but(*numbers: int) -> list[int]:
    return [number for number in range(N) if number not in numbers]


def writes(drain: Drain) -> set[str]:
    return {line.split("?")[0] for line in drain.proxy.requests if line.startswith("POST")}


def spoil(drain: Drain, number: int) -> None:
    """A line with a tag that has no value."""
    for seq, body in drain.db.execute("SELECT seq, body FROM outbox WHERE kind='lines'").fetchall():
        spoiled = body.replace(b"metric=ph" + holding(number), b"metric=" + holding(number))
        drain.db.execute("UPDATE outbox SET body=? WHERE seq=?", (spoiled, seq))


def drop_shard(drain: Drain, at: int) -> None:
    """As a person would, who finds that a week holds a field of the wrong type."""
    for ident, _, _, _, start, end, *_ in ask(drain.server, "SHOW SHARDS"):
        if milliseconds(start) <= at < milliseconds(end):
            ask(drain.server, f"DROP SHARD {ident}", "POST")


def milliseconds(iso: str) -> int:
    return int(datetime.fromisoformat(iso).timestamp() * 1000)


def configure(drain: Drain, line: str) -> None:
    """Another setting of InfluxDB's part `http`, from its next start on."""
    config = drain.server.command[-1]
    drain.server.stop()
    Path(config).write_text(Path(config).read_text().replace("[http]\n", f"[http]\n{line}"))
    drain.server.start()


@pytest.mark.parametrize("generation", VERSIONS)
def test_each_generation_is_found_out_and_gets_every_line_once(drain: Drain, generation: Generation) -> None:
    speak(drain, generation)
    drain.put(range(N))
    drain.settle()
    assert drain.stored() == everything_but()
    assert (drain.influx.generation, drain.influx.version) == (generation, VERSIONS[generation])
    wanted = {"POST /api/v2/write", "POST /write"} if generation is Generation.V1_6 else {"POST /api/v2/write"}
    assert writes(drain) == wanted


@pytest.mark.parametrize("status", [401, 404, 500])
def test_a_server_that_does_not_tell_its_version_is_written_to_all_the_same(drain: Drain, status: int) -> None:
    drain.proxy.answer("GET /ping", status, b"no", times=None)
    drain.put(range(N))
    drain.settle()
    assert drain.stored() == everything_but()
    assert drain.influx.generation is Generation.UNKNOWN


@pytest.mark.parametrize("generation", [Generation.V1_6, Generation.V1_8])
def test_1x_a_field_of_another_type_is_a_dead_letter_and_the_rest_is_stored(
    drain: Drain, generation: Generation
) -> None:
    """The real answer: 400 `partial write: field type conflict … dropped=3`."""
    speak(drain, generation)
    drain.put_text(T0 - WEEK)
    drain.put(range(1_000))
    drain.put(range(1_000, 1_003), start=T0 - WEEK)
    drain.put(range(1_003, N))
    drain.settle()
    assert drain.stored() == everything_but(1_000, 1_001, 1_002)
    assert drain.letters() == dict.fromkeys((1_000, 1_001, 1_002), "type_conflict")


@pytest.mark.parametrize("generation", [Generation.V1_6, Generation.V1_8])
def test_1x_readings_that_the_policy_no_longer_keeps_are_dead_letters_in_a_few_requests(
    drain: Drain, generation: Generation
) -> None:
    """The real answer: 400 `points beyond retention policy dropped=…`. A device that had kept a month sends many."""
    speak(drain, generation)
    ask(drain.server, 'CREATE RETENTION POLICY "short" ON "plant" DURATION 3d REPLICATION 1 DEFAULT', "POST")
    now = now_ms()
    drain.put(range(1_000), start=now - 60 * 86_400_000)
    drain.put(range(1_000, N), start=now - N * 1_000)
    drain.settle()
    assert drain.stored() == list(range(1_000, N))
    assert drain.letters() == dict.fromkeys(range(1_000), "out_of_retention")
    assert sum(line.startswith("POST") for line in drain.proxy.requests) < 60


@pytest.mark.parametrize("generation", [Generation.V1_6, Generation.V1_8])
def test_1x_a_line_that_is_none_is_a_dead_letter_and_the_rest_is_stored(drain: Drain, generation: Generation) -> None:
    """The real answer: 400 `partial write: unable to parse …`. No reading of ours makes such a line."""
    speak(drain, generation)
    drain.put(range(1_500))
    spoil(drain, 700)
    drain.put(range(1_500, N))
    drain.settle()
    assert drain.stored() == everything_but(700)
    assert drain.letters() == {700: "bad_line"}


def test_2x_422_stores_the_rest_and_the_guilty_line_is_a_dead_letter(drain: Drain) -> None:
    speak(drain, Generation.V2)
    drain.put_text(T0 - WEEK)
    drain.proxy.answer(WRITE, 422, V2_CONFLICT, times=None, holding=holding(1_234), carried_out=True)
    drain.put(range(1_234))
    drain.put(range(1_234, 1_235), start=T0 - WEEK)
    drain.put(range(1_235, N))
    drain.settle()
    assert drain.stored() == everything_but(1_234)
    assert drain.letters() == {1_234: "type_conflict"}


def test_2x_422_for_what_the_bucket_no_longer_keeps(drain: Drain) -> None:
    speak(drain, Generation.V2)
    for number in (5, 6, 2_999):
        drain.proxy.answer(WRITE, 422, V2_RETENTION, times=None, holding=holding(number))
    drain.put(range(N))
    drain.settle()
    assert drain.stored() == everything_but(5, 6, 2_999)
    assert drain.letters() == dict.fromkeys((5, 6, 2_999), "out_of_retention")


def test_2x_400_stores_nothing_and_the_guilty_line_is_a_dead_letter(drain: Drain) -> None:
    speak(drain, Generation.V2)
    drain.proxy.answer(WRITE, 400, V2_SYNTAX, times=None, holding=holding(1_234))
    drain.put(range(N))
    drain.settle()
    assert drain.stored() == everything_but(1_234)
    assert drain.letters() == {1_234: "bad_line"}


def test_3_core_400_for_its_own_trouble_buries_nothing_and_all_arrives_when_that_is_over(drain: Drain) -> None:
    """One line is parked, because a write-ahead log that could not be written looks like a fault in it."""
    speak(drain, Generation.V3)
    drain.proxy.answer(WRITE, 400, V3_TROUBLE, times=None, holding=holding(1_234))
    drain.put(range(N))
    drain.settle()
    assert (drain.stored(), drain.letters(), drain.parked()) == (everything_but(1_234), {}, [1_234])
    drain.proxy.heal()
    speak(drain, Generation.V3)
    drain.now += RETRY_AFTER_MS[0]
    wait_for(lambda: drain.parked() == [], what="the parked line delivered")
    assert (drain.stored(), drain.letters()) == (everything_but(), {})


def test_3_core_400_that_lasts_is_a_dead_letter_after_a_day_and_a_half(drain: Drain) -> None:
    speak(drain, Generation.V3)
    drain.proxy.answer(WRITE, 400, V3_CONFLICT, times=None, holding=holding(1_234))
    drain.put(range(N))
    drain.settle()
    for tries, delay in enumerate(RETRY_AFTER_MS):
        wait_for(lambda n=tries: drain.tries() == [n], what=f"try {tries}")
        assert drain.letters() == {}
        drain.now += delay
    wait_for(lambda: drain.parked() == [], what="the end of patience")
    assert (drain.stored(), drain.letters()) == (everything_but(1_234), {1_234: "type_conflict"})


def test_3_core_400_for_everything_blames_no_line(drain: Drain) -> None:
    """Its disk is full: every request is answered so."""
    speak(drain, Generation.V3)
    drain.proxy.answer(WRITE, 400, V3_TROUBLE, times=None)
    drain.put(range(N))
    drain.forwarder.start()
    wait_for(lambda: drain.forwarder.progress.error is not None, what="an error that a person sees")
    assert "refuses all that is sent" in str(drain.forwarder.progress.error)
    assert (drain.letters(), drain.parked()) == ({}, [])
    drain.proxy.heal()
    speak(drain, Generation.V3)
    drain.settle()
    assert (drain.stored(), drain.letters(), drain.parked()) == (everything_but(), {}, [])


def test_1x_a_week_whose_type_is_taken_waits_for_a_person_while_what_is_newer_goes_on(drain: Drain) -> None:
    drain.put_text(T0)
    drain.put(range(1_000))
    drain.forwarder.start()
    wait_for(lambda: drain.forwarder.progress.error is not None, what="an error that a person sees")
    assert "field type conflict" in str(drain.forwarder.progress.error)
    drain.put(range(1_000, N), start=T0 + WEEK)
    wait_for(lambda: drain.stored() == list(range(1_000, N)), what="what is newer")
    assert (drain.letters(), drain.parked()) == ({}, [])
    drop_shard(drain, T0)
    drain.settle()
    assert (drain.stored(), drain.letters()) == (everything_but(), {})


def test_1x_a_type_conflict_of_everything_buries_nothing_of_a_plant_that_sends_line_by_line(drain: Drain) -> None:
    """The real answer, also after a restart, as an operator tries first."""
    drain.put_text(T0)
    drain.forwarder.start()
    for number in range(60):
        drain.put(range(number, number + 1))
        wait_for(lambda n=number: drain.parked() == [*range(min(n + 1, SUSPICIOUS - 1))], what=f"an answer to {number}")
    wait_for(lambda: drain.forwarder.progress.error is not None, what="an error that a person sees")
    drain.restart()
    drain.put(range(60, 120))
    wait_for(lambda: drain.forwarder.progress.error is not None, what="an error that a person sees")
    assert drain.letters() == {}
    drop_shard(drain, T0)
    drain.now += RETRY_AFTER_MS[0]
    drain.settle()
    wait_for(lambda: drain.parked() == [], what="the parked lines delivered")
    assert (drain.stored(), drain.letters()) == (list(range(120)), {})


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (401, b'{"error":"unauthorized access"}', {}),
        (403, b'{"error":"forbidden"}', {}),
        (404, b'{"code":"not found","message":"bucket \\"plant\\" not found"}', {}),
        (404, b"404 page not found\n", {}),
        (429, b"slow down", {"Retry-After": "1"}),
        (500, b'{"error":"timeout"}', {}),
        (502, b"<html>Bad Gateway</html>", {}),
        # 1.8 says so without Retry-After.
        (503, b'{"error":"request throttled, exceeds timeout"}', {}),
        (503, b"soon", {"Retry-After": "1"}),
        (504, b"", {}),
        # The sign-in page of a network.
        (200, b"<html>Welcome! Accept our terms</html>", {}),
        (301, b"", {"Location": "http://127.0.0.1:9/"}),
    ],
    ids=["401", "403", "404-bucket", "404-page", "429", "500", "502", "503", "503-later", "504", "200-page", "301"],
)
@pytest.mark.parametrize("generation", [Generation.V1_6, Generation.V2])
def test_while_it_is_in_trouble_all_is_kept_and_then_all_arrives_once(
    drain: Drain, generation: Generation, status: int, body: bytes, headers: dict[str, str]
) -> None:
    speak(drain, generation)
    drain.proxy.answer("POST ", status, body, times=2, headers=headers)
    drain.put(range(N))
    drain.settle()
    assert (drain.stored(), drain.letters(), drain.parked()) == (everything_but(), {}, [])
    # Also when something in between knew no path: that is not remembered.
    assert drain.proxy.requests[-1].startswith("POST /write" if generation is Generation.V1_6 else WRITE)


def test_a_server_that_never_answers_is_given_up_and_asked_again(drain: Drain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(influx_module, "_WRITE_TIMEOUT_MS", (500, 300))
    speak(drain, Generation.V2)
    drain.proxy.hang(WRITE, times=2)
    drain.put(range(N))
    drain.settle()
    assert (drain.stored(), drain.letters()) == (everything_but(), {})


def test_a_stop_does_not_wait_longer_than_ten_seconds_for_a_server_that_never_answers(drain: Drain) -> None:
    speak(drain, Generation.V2)
    drain.proxy.hang(WRITE)
    drain.put(range(10))
    drain.forwarder.start()
    wait_for(lambda: any(line.startswith(WRITE) for line in drain.proxy.requests), what="a write that hangs")
    drain.forwarder.stop()
    drain.forwarder.join(10)
    assert not drain.forwarder.is_alive()
    assert not drain.settled()


@pytest.mark.parametrize("after", [0, 20, 60])
def test_an_answer_that_is_cut_off_means_writing_again_on_top_of_what_was_stored(drain: Drain, after: int) -> None:
    speak(drain, Generation.V1_8)
    drain.proxy.halve(WRITE, after, times=3)
    drain.put(range(N))
    drain.settle()
    assert sum(line.startswith(WRITE) for line in drain.proxy.requests) >= 4
    assert (drain.stored(), drain.letters()) == (everything_but(), {})


def test_connections_that_break_at_random_lose_and_double_nothing(drain: Drain) -> None:
    speak(drain, Generation.V1_8)
    drain.proxy.cut_share(0.6, (0, 120_000))
    drain.put(range(N))
    drain.settle()
    assert (drain.stored(), drain.letters()) == (everything_but(), {})


def test_a_request_that_is_too_large_is_halved_and_no_line_blamed(drain: Drain) -> None:
    """A real 413, of a 1.6.7 that takes 20 kB."""
    configure(drain, "  max-body-size = 20000\n")
    drain.put(range(N))
    drain.settle()
    assert (drain.stored(), drain.letters(), drain.parked()) == (everything_but(), {}, [])


@pytest.mark.parametrize("generation", [Generation.V1_6, Generation.V1_8])
def test_over_a_network_bodies_are_gzipped_on_both_paths(drain: Drain, generation: Generation) -> None:
    """The client itself would compress on /api/v2/write only."""
    speak(drain, generation)
    drain.influx._compress = True
    drain.put(range(N))
    drain.settle()
    assert drain.stored() == everything_but()
    assert (
        drain.proxy.bytes_up
        < N * len("readings,site=plant,device=plant.effluent,metric=ph value=1.0 1795392000000") / 4
    )


def test_1x_with_accounts_takes_user_and_password_and_says_when_they_are_wrong(tmp_path: Path, drain: Drain) -> None:
    ask(drain.server, "CREATE USER fp WITH PASSWORD 'right' WITH ALL PRIVILEGES", "POST")
    configure(drain, "  auth-enabled = true\n")
    folder = tmp_path / "second"
    folder.mkdir()
    for token, taken in (("fp:wrong", False), ("fp:right", True)):
        one = Drain(folder, drain.server, drain.proxy, token=token)
        one.put(range(10))
        one.forwarder.start()
        if taken:
            one.settle()
        else:
            wait_for(lambda one=one: one.forwarder.progress.error is not None, what="an error")
            assert "FIELDPROOF_INFLUX_TOKEN" in str(one.forwarder.progress.error)
        one.close()
    found = ask(drain.server, "SELECT count(value) FROM readings", user="&u=fp&p=right")
    assert found[0][1] == 10


def test_a_missing_database_is_waited_for(drain: Drain) -> None:
    ask(drain.server, "DROP DATABASE plant", "POST")
    drain.put(range(N))
    drain.forwarder.start()
    wait_for(lambda: drain.forwarder.progress.error is not None, what="an error")
    assert "create the database" in str(drain.forwarder.progress.error)
    ask(drain.server, "CREATE DATABASE plant", "POST")
    drain.settle()
    assert (drain.stored(), drain.letters()) == (everything_but(), {})


def test_a_server_that_was_upgraded_meanwhile_is_found_out_anew(drain: Drain) -> None:
    speak(drain, Generation.V1_6)
    drain.put(range(10))
    drain.settle()
    drain.proxy.go_down()
    drain.put(range(10, N))
    wait_for(lambda: drain.forwarder.progress.error is not None, what="an error")
    drain.proxy.heal()
    speak(drain, Generation.V2)
    drain.settle()
    assert drain.influx.generation is Generation.V2
    assert drain.stored() == everything_but()
