"""`fieldproof tls`: certificates for phones on the plant's network."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import click

from collector.settings import load_settings
from webapp.lan.addresses import Address, is_name
from webapp.lan.authority import Subjects, fingerprint, subjects_of
from webapp.lan.files import Files, Kept, keep, own_subjects


@click.group()
def tls() -> None:
    """Certificates for phones on the plant's network."""


@tls.command()
@click.option(
    "--name", "names", multiple=True, help="A further name or address of this machine; several times for several."
)
@click.option(
    "--new-authority", is_flag=True, help="Replace the authority, names included: every phone must trust it anew."
)
@click.option("--data", type=click.Path(path_type=Path), help="Folder of databases and logs.  [default: data]")
def init(names: tuple[str, ...], new_authority: bool, data: Path | None) -> None:
    """Make, or renew, a certificate authority and this machine's certificate.

    Safe to run again: what is there and good stays as it is.
    """
    given = _given(names)
    files = Files.of(load_settings(overrides={"data": data}).data)
    kept = keep(files, own_subjects(), given, new_authority=new_authority)
    _tell(files, kept)
    refused = [text for text in given.texts() if text in kept.left_out]
    if refused:
        raise click.ClickException(
            f"the authority was made without {', '.join(refused)} and may not speak for it."
            " With --new-authority it can; every phone must then trust the new one."
        )


def _given(names: tuple[str, ...]) -> Subjects:
    addresses = {name: _as_address(name) for name in names}
    hosts = tuple(name for name, address in addresses.items() if address is None)
    return Subjects(
        tuple(_as_name(host) for host in hosts), tuple(address for address in addresses.values() if address is not None)
    )


def _as_address(text: str) -> Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _as_name(text: str) -> str:
    """As certificates write it: small letters, other alphabets in their ASCII form."""
    name = text.strip().rstrip(".").lower()
    try:
        name = name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        name = ""
    if not is_name(name):
        raise click.BadParameter(
            f"'{text}' is not the name of a host, such as fieldproof.plant.example", param_hint="--name"
        )
    return name


def _tell(files: Files, kept: Kept) -> None:
    done = "Made" if kept.made_ca else "Kept"
    click.echo(f"{done} the authority       {files.ca}  until {kept.ca.not_valid_after_utc:%d %B %Y}")
    click.echo(f"     its key             {files.ca_key}  (keep it secret; needed for renewals only)")
    done = "Made" if kept.made_server else "Kept"
    click.echo(f"{done} the certificate     {files.server}  until {kept.server.not_valid_after_utc:%d %B %Y}")
    click.echo(f"     its key             {files.server_key}")
    click.echo(f"     for                 {', '.join(subjects_of(kept.server).texts())}")
    if kept.left_out:
        click.echo(f"     not for             {', '.join(kept.left_out)}  (this authority may not speak for them)")
    click.echo(f"SHA-256 of the authority {fingerprint(kept.ca)}")


@tls.command(hidden=True)
@click.option("--port", type=int, required=True)
def page(port: int) -> None:
    """Serve the page that shows phones how to trust this installation; `up --lan` starts it."""
    from webapp.lan.trust import serve

    serve(load_settings(), port)
