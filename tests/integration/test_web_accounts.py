"""Users and tokens as the command line makes them, and the demo's registers and accounts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine, func, select

from collector.demo.site import load_demo_site
from collector.errors import ConfigError
from collector.sitedb.tables import Base, Config, ControlLimit, Device
from tests.integration.web_fixtures import Web, both_databases
from tests.integration.web_world import PASSWORD, device
from webapp import config_version
from webapp.db import Database
from webapp.demo_seed import DEMO_ACCOUNTS, seed_demo
from webapp.migrate import migrate
from webapp.models import AuditEvent
from webapp.users import UserError, add_user, create_token, list_users, reset_password

SECRET = "a long enough one"
PASSWORDS = dict.fromkeys(DEMO_ACCOUNTS, SECRET)


@pytest.fixture
def empty(tmp_path: object) -> Engine:
    from collector.sitedb.engine import make_engine

    url = f"sqlite:///{tmp_path}/empty.db"
    migrate(url)
    return make_engine(url)


def rows_of(engine: Engine) -> dict[str, int]:
    with Database(engine).read() as db:
        return {
            name: db.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
        }


def test_a_user_can_sign_in_and_is_listed(web: Web, engine: Engine) -> None:
    add_user(engine, "  Niamh ", SECRET, "inspector", name="Niamh Byrne", sites=["dairy"])
    answer = web.browser().post("/api/v1/session", json={"username": "niamh", "password": SECRET})
    assert (answer.json["user"]["name"], answer.json["role"]) == ("Niamh Byrne", "inspector")
    listed = {row.username: row for row in list_users(engine)}
    assert (listed["niamh"].sites, listed["admin"].sites, listed["niamh"].disabled) == (("dairy",), None, False)


def test_a_new_password_ends_the_old_sessions(web: Web, engine: Engine) -> None:
    browser = web.browser()
    assert browser.post("/api/v1/session", json={"username": "manager", "password": PASSWORD}).status_code == 200
    reset_password(engine, "manager", SECRET)
    assert browser.get("/api/v1/me").status_code == 401
    assert browser.post("/api/v1/session", json={"username": "manager", "password": PASSWORD}).status_code == 401
    assert browser.post("/api/v1/session", json={"username": "manager", "password": SECRET}).status_code == 200


def test_a_token_works_with_its_role_and_sites_and_is_nowhere_in_the_database(web: Web, engine: Engine) -> None:
    token = create_token(engine, "night shift", "auditor", sites=["brewery"])
    answer = web.app.test_client().get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.json["user"]["username"] == "token:night shift"
    assert (answer.json["role"], [site["id"] for site in answer.json["sites"]]) == ("auditor", ["brewery"])
    with web.parts.db.read() as db:
        dump = "\n".join(db.connection().connection.iterdump())  # type: ignore[attr-defined]
    assert token not in dump
    assert SECRET not in dump


def test_every_change_to_accounts_is_audited_without_secrets(web: Web, engine: Engine) -> None:
    add_user(engine, "niamh", SECRET, "inspector", actor="admin")
    reset_password(engine, "niamh", SECRET + "!")
    create_token(engine, "script", "auditor")
    with web.parts.db.read() as db:
        rows = list(db.scalars(select(AuditEvent).order_by(AuditEvent.seq)))
    assert [(row.actor, row.action) for row in rows] == [
        ("admin", "user.add"),
        ("cli", "user.reset_password"),
        ("cli", "token.create"),
    ]
    assert rows[0].after == {"username": "niamh", "role": "inspector", "sites": None}
    assert rows[2].after == {"name": "script", "role": "auditor", "sites": None}


@pytest.mark.parametrize(
    ("username", "password", "role", "sites", "says"),
    [
        ("niamh", SECRET, "boss", None, "inspector, manager, admin, auditor"),
        ("niamh", "short", "inspector", None, "at least 10"),
        ("n i", SECRET, "inspector", None, "user name"),
        ("x" * 64, SECRET, "inspector", None, "user name"),
        ("manager", SECRET, "inspector", None, "already"),
        ("niamh", SECRET, "inspector", ["nowhere"], "known: brewery, dairy"),
    ],
)
def test_a_user_that_cannot_be_made_is_told_why(
    engine: Engine, username: str, password: str, role: str, sites: list[str] | None, says: str
) -> None:
    before = rows_of(engine)
    with pytest.raises(UserError, match=says):
        add_user(engine, username, password, role, sites=sites)
    assert rows_of(engine) == before


def test_a_token_that_cannot_be_made_is_told_why(engine: Engine) -> None:
    with pytest.raises(UserError, match="already"):
        create_token(engine, "manager", "auditor")
    with pytest.raises(UserError, match="token name"):
        create_token(engine, "a/b", "auditor")
    with pytest.raises(UserError, match="no user"):
        reset_password(engine, "nobody", SECRET)


@both_databases
def test_the_config_version_grows_with_each_change(engine: Engine) -> None:
    database = Database(engine)
    with database.write() as db:
        assert (config_version.grow(db), config_version.grow(db)) == (8, 9)
    with database.read() as db:
        assert config_version.current(db) == 9


def test_the_demo_is_seeded_once_whatever_is_run_again(empty: Engine) -> None:
    site = load_demo_site()
    seed_demo(empty, site, PASSWORDS)
    before = rows_of(empty)
    assert seed_demo(empty, site, PASSWORDS) == 0
    assert rows_of(empty) == before
    assert before["device"] == len(site.devices)
    assert before["control_limit"] == len(site.limits)
    assert before["aspect"] == len(site.aspects) == 5
    assert before["template"] == 1
    assert before["app_user"] == 4
    with Database(empty).read() as db:
        assert db.get_one(Config, 1).version == 1
        assert {row.state for row in db.scalars(select(Device))} == {"active"}
        seeded = db.scalar(select(func.count()).select_from(AuditEvent).where(AuditEvent.actor == "demo"))
    assert seeded == sum(before[name] for name in ("site", "location", "aspect", "point_aspect", "device")) + (
        before["control_limit"] + before["app_user"] + before["template"]
    )
    empty.dispose()


def test_the_demo_adopts_a_device_that_was_heard_before(empty: Engine) -> None:
    site = load_demo_site()
    with Database(empty).write() as db:
        heard = {"last_topic": "a/b", "last_payload": b"{}", "last_payload_size": 2, "last_message_at": 0}
        db.add(device("dairy.effluent", None, "unassigned", **heard))
    seed_demo(empty, site, PASSWORDS)
    with Database(empty).read() as db:
        row = db.get_one(Device, "dairy.effluent")
        assert (row.state, row.site_id, row.name) == ("active", "dairy", "Effluent monitor")
        assert row.first_seen_at is not None
    empty.dispose()


def test_what_people_changed_stays_when_the_demo_is_seeded_again(empty: Engine) -> None:
    site = load_demo_site()
    seed_demo(empty, site, PASSWORDS)
    with Database(empty).write() as db:
        db.get_one(Device, "dairy.effluent").name = "My monitor"
        limit = db.scalars(select(ControlLimit).limit(1)).one()
        limit.current = False
    assert seed_demo(empty, site, PASSWORDS) == 0
    with Database(empty).read() as db:
        assert db.get_one(Device, "dairy.effluent").name == "My monitor"
    empty.dispose()


def test_a_new_limit_in_the_demo_reaches_the_collectors(empty: Engine) -> None:
    site = load_demo_site()
    seed_demo(empty, replace(site, limits=site.limits[:-1]), PASSWORDS)
    assert seed_demo(empty, site, PASSWORDS) == 1
    with Database(empty).read() as db:
        assert config_version.current(db) == 2
    empty.dispose()


def test_a_changed_demo_password_takes_effect(empty: Engine) -> None:
    site = load_demo_site()
    seed_demo(empty, site, PASSWORDS)
    seed_demo(empty, site, dict.fromkeys(DEMO_ACCOUNTS, "another long one"))
    with Database(empty).read() as db:
        resets = db.scalar(
            select(func.count()).select_from(AuditEvent).where(AuditEvent.action == "user.reset_password")
        )
    assert resets == 4
    empty.dispose()


def test_a_demo_password_that_is_too_short_is_a_configuration_fault(empty: Engine) -> None:
    with pytest.raises(ConfigError, match="FIELDPROOF_DEMO_PASSWORD"):
        seed_demo(empty, load_demo_site(), dict.fromkeys(DEMO_ACCOUNTS, "demo"))
    assert rows_of(empty)["site"] == 0
    empty.dispose()
