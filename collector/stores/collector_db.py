"""collector.db: the collector's private SQLite file. Connections, pragmas, and small numbered migrations."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from collector.errors import StoreUnavailable

# Each entry brings the file from version n to n + 1. Never edit an entry that was released: append.
MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

    CREATE TABLE device (
        id TEXT PRIMARY KEY, source_name TEXT NOT NULL, profile TEXT, site TEXT,
        first_seen_at INTEGER NOT NULL, last_seen_at INTEGER NOT NULL
    ) WITHOUT ROWID;

    -- Integer series ids and WITHOUT ROWID keep a reading at about 25 bytes (docs/decisions/0003).
    CREATE TABLE series (id INTEGER PRIMARY KEY, device TEXT NOT NULL, metric TEXT NOT NULL, UNIQUE (device, metric));
    CREATE TABLE reading (
        series_id INTEGER NOT NULL, observed_at INTEGER NOT NULL, value REAL,
        quality INTEGER NOT NULL, reasons INTEGER NOT NULL, received_at INTEGER NOT NULL,
        PRIMARY KEY (series_id, observed_at)
    ) WITHOUT ROWID;
    -- A second, different value for an identity that is taken. The first stands until a person decides.
    -- A missing value is NULL, and NULLs differ from each other: hence the COALESCE.
    CREATE TABLE conflict (
        series_id INTEGER NOT NULL, observed_at INTEGER NOT NULL, value REAL,
        quality INTEGER NOT NULL, reasons INTEGER NOT NULL, received_at INTEGER NOT NULL
    );
    CREATE UNIQUE INDEX conflict_identity ON conflict (series_id, observed_at, COALESCE(value, 'none'));

    -- Messages as they came, a compressed block for each commit (collector/ingest/raw.py).
    CREATE TABLE raw_block (
        id INTEGER PRIMARY KEY, first_received_at INTEGER NOT NULL, last_received_at INTEGER NOT NULL,
        count INTEGER NOT NULL, body BLOB NOT NULL
    );
    CREATE INDEX raw_block_received ON raw_block (last_received_at);

    CREATE TABLE dead_letter (
        id TEXT PRIMARY KEY, topic TEXT NOT NULL, site TEXT, reason TEXT NOT NULL, detail TEXT NOT NULL,
        payload BLOB NOT NULL, first_seen_at INTEGER NOT NULL, last_seen_at INTEGER NOT NULL, count INTEGER NOT NULL
    ) WITHOUT ROWID;

    -- The last ReceiveMaximum deliveries that have no time of their own: a DUP among them is a redelivery.
    CREATE TABLE delivery (seq INTEGER PRIMARY KEY AUTOINCREMENT, packet_id INTEGER NOT NULL, digest BLOB NOT NULL);

    CREATE TABLE limit_state (
        limit_id TEXT PRIMARY KEY, version INTEGER NOT NULL, phase TEXT NOT NULL, since INTEGER NOT NULL,
        last_at INTEGER NOT NULL, value REAL, peak REAL, alarm_id TEXT
    ) WITHOUT ROWID;
    CREATE TABLE alarm (
        id TEXT PRIMARY KEY, limit_id TEXT NOT NULL, limit_json BLOB NOT NULL, raised_at INTEGER NOT NULL,
        cleared_at INTEGER, acknowledged_at INTEGER, acknowledged_by TEXT,
        value REAL, peak REAL, revision INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX alarm_raised ON alarm (raised_at);
    CREATE TABLE alarm_transition (
        id TEXT PRIMARY KEY, alarm_id TEXT NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL,
        recorded_at INTEGER NOT NULL, limit_version INTEGER NOT NULL, by TEXT, note TEXT, value REAL
    ) WITHOUT ROWID;
    CREATE INDEX alarm_transition_alarm ON alarm_transition (alarm_id, at);
    CREATE TABLE applied_command (id TEXT PRIMARY KEY, seq INTEGER NOT NULL, applied_at INTEGER NOT NULL) WITHOUT ROWID;

    CREATE TABLE config_snapshot (version INTEGER PRIMARY KEY, body BLOB NOT NULL, taken_at INTEGER NOT NULL);

    -- What is still to be forwarded, in the order it happened; a destination's lanes say what it has had.
    CREATE TABLE outbox (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, created_at INTEGER NOT NULL, kind TEXT NOT NULL,
        count INTEGER NOT NULL, body BLOB NOT NULL
    );
    CREATE TABLE lane (
        destination TEXT NOT NULL, after_seq INTEGER NOT NULL, until_seq INTEGER,
        PRIMARY KEY (destination, after_seq)
    ) WITHOUT ROWID;
    """,
    """
    -- Packet ids mean something on one broker only, and so does the session they belong to.
    ALTER TABLE delivery ADD COLUMN broker TEXT NOT NULL DEFAULT '';
    UPDATE delivery SET broker=coalesce((SELECT value FROM meta WHERE key='session'), '');
    CREATE INDEX delivery_broker ON delivery (broker, seq);
    INSERT OR IGNORE INTO meta SELECT 'session.' || value, '1' FROM meta WHERE key='session';
    INSERT OR IGNORE INTO meta SELECT 'last_received_at.' || s.value, r.value FROM meta s, meta r
        WHERE s.key='session' AND r.key='last_received_at';
    INSERT OR IGNORE INTO meta SELECT 'topic_filters.' || s.value, f.value FROM meta s, meta f
        WHERE s.key='session' AND f.key='topic_filters';
    DELETE FROM meta WHERE key IN ('session', 'last_received_at', 'topic_filters');

    -- What a destination refused for a reason that may be its own trouble: tried again later, then a dead letter.
    CREATE TABLE parked (
        id INTEGER PRIMARY KEY, destination TEXT NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL,
        detail TEXT NOT NULL, tries INTEGER NOT NULL, next_try_at INTEGER NOT NULL, parked_at INTEGER NOT NULL
    );
    CREATE INDEX parked_due ON parked (destination, next_try_at);
    """,
    """
    -- What a device must stay together with on one collector, where that is more than itself (docs/decisions/0022).
    CREATE TABLE device_group (device TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID;
    """,
    """
    -- A pair's age is counted in all deliveries of its broker, not in pairs (collector/ingest/deliveries.py).
    ALTER TABLE delivery ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
    UPDATE delivery SET number=seq;
    INSERT OR IGNORE INTO meta SELECT 'deliveries.' || broker, max(seq) FROM delivery GROUP BY broker;
    DROP INDEX delivery_broker;
    CREATE INDEX delivery_number ON delivery (broker, number);

    -- The same value of which a device says something else is a conflict too (docs/decisions/0002).
    DROP INDEX conflict_identity;
    CREATE UNIQUE INDEX conflict_identity ON conflict
        (series_id, observed_at, COALESCE(value, 'none'), quality, reasons);
    """,
    """
    -- The heartbeat counts them every few seconds: without their payloads, which are kept for good.
    CREATE INDEX dead_letter_reason ON dead_letter (reason, count);
    """,
)

# How long a statement waits for another connection's write before it gives up.
BUSY_TIMEOUT_MS = 5_000


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection in autocommit mode with the pragmas that the durability promise rests on.

    `synchronous=FULL` makes a commit durable before it returns, and only then is a message acknowledged.
    Raises StoreUnavailable when the file cannot be opened.
    """
    uri = path.absolute().as_uri() + ("?mode=ro" if read_only else "")
    try:
        db = sqlite3.connect(
            uri, uri=True, isolation_level=None, check_same_thread=False, timeout=BUSY_TIMEOUT_MS / 1000
        )
        if read_only:
            db.execute("PRAGMA query_only=ON")
        else:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=FULL")
            db.execute("PRAGMA cache_size=-32768")
            # 16 MB: under load the same pages change with every commit, and are written back once for several.
            db.execute("PRAGMA wal_autocheckpoint=4000")
            # Debian's SQLite overwrites with zeros what is deleted: each forwarded reading would be written twice more.
            db.execute("PRAGMA secure_delete=OFF")
            # What the write-ahead log grew to behind a reader that stayed open is given back when that has ended.
            db.execute("PRAGMA journal_size_limit=67108864")
    except sqlite3.Error as error:
        raise StoreUnavailable(f"cannot open {path}: {error}") from error
    return db


def can_write(path: Path) -> bool:
    """Whether a fresh connection can make something durable."""
    try:
        with closing(connect(path)) as db, transaction(db):
            set_meta(db, "tried_writing", "1")
    except (StoreUnavailable, sqlite3.Error):
        return False
    return True


def open_collector_db(path: Path) -> sqlite3.Connection:
    """Open for writing and bring the schema up to date."""
    path.parent.mkdir(parents=True, exist_ok=True)
    db = connect(path)
    try:
        migrate(db, path)
    except BaseException:
        db.close()
        raise
    return db


def migrate(db: sqlite3.Connection, path: Path) -> None:
    """Raises StoreUnavailable when the file was written by a newer version."""
    version = _version(db)
    if version > len(MIGRATIONS):
        raise StoreUnavailable(
            f"{path} is of schema {version}, this version knows {len(MIGRATIONS)}: update fieldproof"
        )
    while (version := _version(db)) < len(MIGRATIONS):
        # executescript commits by itself: the transaction stands inside the script.
        db.executescript(f"BEGIN IMMEDIATE; {MIGRATIONS[version]} PRAGMA user_version={version + 1}; COMMIT;")


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One write transaction: all of it, or none of it."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
        # Also a commit can fail, of a full disk: what it leaves open would make every later BEGIN fail.
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


@contextmanager
def intact(what: str) -> Iterator[None]:
    """Around reading what this version wrote itself: what cannot be read is damage that SQLite did not see."""
    try:
        yield
    except (ValueError, TypeError, KeyError) as error:
        damage = sqlite3.DatabaseError(f"{what} cannot be read: {error}")
        damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise damage from error


def get_meta(db: sqlite3.Connection, key: str) -> str | None:
    row = db.execute("SELECT value FROM meta WHERE key=?", (key,)).fetchone()
    return None if row is None else str(row[0])


def set_meta(db: sqlite3.Connection, key: str, value: str) -> None:
    db.execute("INSERT INTO meta VALUES(?,?) ON CONFLICT(key) DO UPDATE SET value=excluded.value", (key, value))


def last_received_at(db: sqlite3.Connection) -> int | None:
    """When the last message of any broker came, epoch ms."""
    (found,) = db.execute("SELECT max(CAST(value AS INTEGER)) FROM meta WHERE key LIKE 'last_received_at.%'").fetchone()
    return None if found is None else int(found)
