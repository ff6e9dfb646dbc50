"""A small plant for the tests: real processes on a folder of their own, and a publisher that counts."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from collector.clock import now_ms
from collector.settings import Settings
from collector.sitedb.engine import begin_write, make_engine
from collector.sitedb.tables import Config, ControlLimit, Device, Site
from tests.servers import Server, free_port, wait_for
from webapp.migrate import migrate

TOPIC = "fieldproof/plant/effluent/readings"
PH_LIMIT = "00000000-0000-4000-8000-000000000001"


@dataclass
class World:
    """`env` goes to every process; `settings` is the same for what a test looks at itself."""

    folder: Path
    broker: Server
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def mqtt_url(self) -> str:
        return f"mqtt://127.0.0.1:{self.broker.port}"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def settings(self) -> Settings:
        return Settings(data=self.data, mqtt_url=self.mqtt_url, database_url=self.extra.get("FIELDPROOF_DATABASE_URL"))

    @property
    def env(self) -> dict[str, str]:
        return {"FIELDPROOF_DATA": str(self.data), "FIELDPROOF_MQTT_URL": self.mqtt_url, **self.extra}

    def seed(self, *, limit: float = 9.0, on_delay_s: int = 0) -> None:
        """A site `plant` with one device and one pH limit."""
        self.data.mkdir(parents=True, exist_ok=True)
        migrate(self.settings.site_database_url)
        engine = make_engine(self.settings.site_database_url)
        with begin_write(engine) as db:
            db.execute(Site.__table__.insert(), [{"id": "plant", "name": "Test plant", "timezone": "Europe/Dublin"}])
            db.execute(
                Device.__table__.insert(),
                [{"id": "plant.effluent", "source_name": "effluent", "name": "Effluent", "state": "active",
                  "site_id": "plant", "stale_after_s": 300}],
            )  # fmt: skip
            db.execute(
                ControlLimit.__table__.insert(),
                [{"id": PH_LIMIT, "version": 1, "current": True, "site_id": "plant", "device_id": "plant.effluent",
                  "metric": "ph", "kind": "high", "level": "permit", "priority": "high", "value": limit,
                  "deadband": 0.2, "on_delay_s": on_delay_s, "off_delay_s": 0, "message": "Check the dosing.",
                  "created_by": "test", "updated_at": now_ms()}],
            )  # fmt: skip
            db.execute(Config.__table__.insert(), [{"id": 1, "version": 1}])
        engine.dispose()

    def run(self, *arguments: str) -> str:
        """A `fieldproof` command to its end; its output."""
        done = subprocess.run(
            [sys.executable, "-m", "webapp.cli", *arguments],
            env={**os.environ, **self.env}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.strip()

    def collector(self, shard: str = "0/1", *, ready_when: str = "receiving from the broker") -> Server:
        """`fieldproof collect` as a process of its own, ready when it is subscribed."""
        log = self.folder / f"collector{'' if shard[0] == '0' else '-' + shard[0]}.log"
        start = log.stat().st_size if log.exists() else 0

        def ready() -> bool:
            return ready_when.encode() in log.read_bytes()[start:]

        command = [sys.executable, "-m", "webapp.cli", "collect", "--shard", shard]
        server = Server(command, 0, env=self.env, ready=ready, log=log)
        return server.start()

    def web(self) -> Server:
        port = free_port()
        command = [sys.executable, "-m", "webapp.cli", "serve", "--port", str(port)]
        return Server(command, port, env=self.env, log=self.folder / "web.log").start()

    # -- what is stored ----------------------------------------------------------------------------------------------

    def query(self, sql: str, *values: Any, file: str = "collector.db") -> list[tuple[Any, ...]]:
        """Of a collector's file, read-only."""
        db = sqlite3.connect(f"file:{self.data / file}?mode=ro", uri=True, timeout=10)
        try:
            return db.execute(sql, values).fetchall()
        finally:
            db.close()

    def count(self, table: str) -> int:
        return int(self.query(f"SELECT count(*) FROM {table}")[0][0])

    def site_query(self, sql: str) -> list[tuple[Any, ...]]:
        engine = make_engine(self.settings.site_database_url)
        try:
            with engine.connect() as db:
                return [tuple(row) for row in db.exec_driver_sql(sql)]
        finally:
            engine.dispose()

    def await_rows(self, sql: str, rows: int, seconds: float = 20) -> list[tuple[Any, ...]]:
        """Of the site database, as soon as there are that many."""
        wait_for(lambda: len(self.site_query(sql)) >= rows, seconds, f"{rows} rows of {sql}")
        return self.site_query(sql)

    def publish(self, payloads: Iterable[bytes | dict[str, Any]], topic: str = TOPIC) -> int:
        """At QoS 1; returns how many the broker has taken."""
        return publish(self.broker.port, payloads, topic)


def publish(port: int, payloads: Iterable[bytes | dict[str, Any]], topic: str = TOPIC, *, retain: bool = False) -> int:
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"publisher-{os.urandom(4).hex()}")
    client.max_inflight_messages_set(200)
    client.connect("127.0.0.1", port)
    client.loop_start()
    infos = [
        client.publish(topic, p if isinstance(p, bytes) else orjson.dumps(p), qos=1, retain=retain) for p in payloads
    ]
    for info in infos:
        info.wait_for_publish(60)
    taken = sum(info.is_published() for info in infos)
    client.disconnect()
    client.loop_stop()
    return taken
