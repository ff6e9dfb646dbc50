"""`fieldproof sites`, `fieldproof users` and `fieldproof tokens`."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import orjson
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine

from collector.settings import load_settings
from collector.sitedb.engine import make_engine
from webapp import sites as registry
from webapp import users as accounts
from webapp.auth import ROLES
from webapp.migrate import migrate

_data = click.option("--data", type=click.Path(path_type=Path), help="Folder of databases and logs.  [default: data]")
_role = click.option("--role", type=click.Choice(list(ROLES)), required=True, help="What the account may do.")
_sites = click.option(
    "--site", "sites", multiple=True, help="May see this site; several times for several.  [default: all]"
)


@contextmanager
def _database(data: Path | None) -> Iterator[Engine]:
    settings = load_settings(overrides={"data": data})
    migrate(settings.site_database_url)
    engine = make_engine(settings.site_database_url)
    try:
        yield engine
    except (accounts.UserError, registry.SiteError) as error:
        raise click.ClickException(str(error)) from error
    finally:
        engine.dispose()


def _password(prompt: bool) -> tuple[str, bool]:
    """A password from the terminal, or one made here and to be shown."""
    if prompt:
        return click.prompt("Password", hide_input=True, confirmation_prompt=True), False
    return secrets.token_urlsafe(12), True


@click.group()
def sites() -> None:
    """Sites: the plants this installation watches."""


@sites.command("add")
@click.argument("site")
@click.option("--name", default="", help="The plant's name.")
@click.option("--zone", default="UTC", show_default=True, help="Its time zone, such as Europe/Dublin.")
@_data
def add_site(site: str, name: str, zone: str, data: Path | None) -> None:
    """Add a site. Devices that publish under fieldproof/SITE/… belong to it."""
    with _database(data) as engine:
        registry.add_site(engine, site, name, zone)
    click.echo(f"Added {site}. Devices publish to fieldproof/{site}/<device>/readings.")


@sites.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_data
def list_sites(as_json: bool, data: Path | None) -> None:
    """Show all sites."""
    with _database(data) as engine:
        rows = registry.list_sites(engine)
    if as_json:
        click.echo(orjson.dumps(rows))
        return
    table = Table("site", "name", "time zone")
    for row in rows:
        table.add_row(row.id, row.name, row.timezone)
    Console().print(table if rows else "No sites yet: fieldproof sites add NAME --zone Europe/Dublin")


@click.group()
def users() -> None:
    """Accounts of people."""


@users.command("add")
@click.argument("username")
@_role
@_sites
@click.option("--name", default="", help="The person's name.")
@click.option("--prompt", is_flag=True, help="Ask for the password; else one is made and printed.")
@_data
def add(username: str, role: str, sites: tuple[str, ...], name: str, prompt: bool, data: Path | None) -> None:
    """Add an account."""
    with _database(data) as engine:
        password, made = _password(prompt)
        accounts.add_user(engine, username, password, role, name=name, sites=sites or None)
    click.echo(f"Added {username} as {role}." + (f" Password: {password}" if made else ""))


@users.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_data
def list_(as_json: bool, data: Path | None) -> None:
    """Show all accounts."""
    with _database(data) as engine:
        rows = accounts.list_users(engine)
    if as_json:
        click.echo(orjson.dumps(rows))
        return
    table = Table("user", "name", "role", "sites", "state")
    for row in rows:
        sites = "all" if row.sites is None else ", ".join(row.sites) or "none"
        table.add_row(row.username, row.name, row.role, sites, "disabled" if row.disabled else "active")
    Console().print(table if rows else "No accounts yet: fieldproof users add NAME --role admin")


@users.command("reset")
@click.argument("username")
@click.option("--prompt", is_flag=True, help="Ask for the password; else one is made and printed.")
@_data
def reset(username: str, prompt: bool, data: Path | None) -> None:
    """Set a new password and end all of the user's sessions."""
    with _database(data) as engine:
        password, made = _password(prompt)
        accounts.reset_password(engine, username, password)
    click.echo(f"{username} has a new password." + (f" Password: {password}" if made else ""))


@click.group()
def tokens() -> None:
    """Tokens for scripts: `Authorization: Bearer <token>`."""


@tokens.command("create")
@click.option("--name", required=True, help="What the token is for.")
@_role
@_sites
@_data
def create(name: str, role: str, sites: tuple[str, ...], data: Path | None) -> None:
    """Make a token. It is printed this once; afterwards only its hash is kept."""
    with _database(data) as engine:
        click.echo(accounts.create_token(engine, name, role, sites=sites or None))
