"""The authority of `fieldproof tls init`: what it vouches for, what it cannot, and that renewal keeps it."""

from __future__ import annotations

import datetime as dt
import os
import socket
import ssl
import stat
import subprocess
import threading
from ipaddress import ip_address
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from collector.errors import ConfigError
from webapp.cli import main
from webapp.lan.addresses import own_addresses, own_names
from webapp.lan.authority import Issued, Subjects, allowed, fingerprint, issue, make_authority, subjects_of
from webapp.lan.files import NONE, Files, Kept, keep

NOW = dt.datetime(2026, 11, 25, 10, 0, tzinfo=dt.UTC)
ADDRESSES = ("127.0.0.1", "::1", "192.168.7.20", "10.1.2.3", "172.31.0.9", "fd12::1", "fe80::1")


def of(*texts: str) -> Subjects:
    """Names and addresses, told apart."""
    addresses = tuple(ip_address(text) for text in texts if ":" in text or text[-1].isdigit())
    return Subjects(tuple(text for text in texts if ":" not in text and not text[-1].isdigit()), addresses)


OWN = of("localhost", "plant-pc", "plant-pc.local", *ADDRESSES)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files.of(tmp_path)


def verify(files: Files, *options: str, at: dt.datetime = NOW) -> str:
    """What OpenSSL's own program says."""
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", str(files.ca)]
    command += ["-attime", str(int(at.timestamp())), *options, str(files.server)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    return done.stderr + done.stdout


@pytest.mark.parametrize("address", ADDRESSES)
def test_openssl_accepts_each_address(files: Files, address: str) -> None:
    keep(files, OWN, now=NOW)
    assert verify(files, "-verify_ip", address).endswith(": OK\n")


@pytest.mark.parametrize("name", ["localhost", "plant-pc", "plant-pc.local", "fieldproof.plant.example"])
def test_openssl_accepts_each_name_also_one_that_was_given(files: Files, name: str) -> None:
    keep(files, OWN, of("fieldproof.plant.example"), now=NOW)
    assert verify(files, "-verify_hostname", name).endswith(": OK\n")


def test_openssl_refuses_what_is_not_in_the_certificate(files: Files) -> None:
    keep(files, OWN, now=NOW)
    assert "OK" not in verify(files, "-verify_hostname", "other.local")
    assert "OK" not in verify(files, "-verify_ip", "192.168.7.21")


@pytest.mark.parametrize("text", ["example.com", "www.plant-pc.example", "8.8.8.8", "2001:db8::1"])
def test_a_certificate_for_the_internet_is_refused_although_the_authority_signed_it(files: Files, text: str) -> None:
    """What a thief of the key would make."""
    now = dt.datetime.now(dt.UTC)
    keep(files, OWN, now=now)
    forged = issue(authority_of(files), of(text), now)
    files.server.write_bytes(forged.certificate.public_bytes(Encoding.PEM))
    assert "permitted subtree violation" in verify(files, at=now)
    assert shake_hands(files, forged, text) == "permitted subtree violation"


def test_python_connects_by_address_and_by_name(files: Files) -> None:
    kept = keep(files, of("localhost", "127.0.0.1"))
    key = load_pem_private_key(files.server_key.read_bytes(), None)
    for host in ("127.0.0.1", "localhost"):
        assert shake_hands(files, Issued(kept.server, key), host) == "trusted"  # type: ignore[arg-type]


def authority_of(files: Files) -> Issued:
    key = load_pem_private_key(files.ca_key.read_bytes(), None)
    return Issued(x509.load_pem_x509_certificate(files.ca.read_bytes()), key)  # type: ignore[arg-type]


def shake_hands(files: Files, server: Issued, host: str) -> str:
    """A TLS connection with this certificate, by a client that trusts our authority only."""
    pair = files.folder / "pair.pem"
    key = server.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pair.write_bytes(key + server.certificate.public_bytes(Encoding.PEM))
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(pair)
    here, there = socket.socketpair()

    def serve() -> None:
        try:
            serving.wrap_socket(there, server_side=True).close()
        except OSError:
            there.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        client = ssl.create_default_context(cafile=str(files.ca))
        client.wrap_socket(here, server_hostname=host).close()
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    finally:
        here.close()
        thread.join(10)
    return "trusted"


def test_the_authority_is_one_for_ten_years_with_the_constraints_it_must_have(files: Files) -> None:
    ca = keep(files, OWN, now=NOW).ca
    basic = ca.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value.ca, basic.value.path_length) == (True, True, 0)
    usage = ca.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.key_cert_sign, usage.crl_sign, usage.digital_signature) == (True, True, False)
    assert ca.extensions.get_extension_for_class(x509.NameConstraints).critical
    assert 3650 <= (ca.not_valid_after_utc - NOW).days <= 3653


def test_the_certificate_is_one_that_phones_accept(files: Files) -> None:
    server = keep(files, OWN, now=NOW).server
    # 825 days is what iOS allows, 398 what browsers allow public ones.
    assert server.not_valid_after_utc - server.not_valid_before_utc <= dt.timedelta(days=397)
    usage = server.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]
    assert subjects_of(server) == OWN


def test_a_machine_that_bears_the_name_of_a_top_level_domain_does_not_open_it() -> None:
    made = make_authority("dev", of("localhost", "dev", "dev.local"), NONE, NOW).certificate
    asked = of("dev", "bank.dev", "dev.local", "localhost")
    assert allowed(made, asked).names == ("dev.local", "localhost")
    insisted = make_authority("dev", of("localhost", "dev"), of("dev"), NOW).certificate
    assert "dev" in allowed(insisted, asked).names


def test_an_address_outside_the_private_ranges_is_allowed_alone() -> None:
    made = make_authority("pc", of("203.0.113.7", "2001:db8::7"), of("2001:db8::9"), NOW).certificate
    asked = of("203.0.113.7", "203.0.113.8", "2001:db8::7", "2001:db8::9")
    assert [str(address) for address in allowed(made, asked).addresses] == ["203.0.113.7", "2001:db8::9"]


def test_what_the_authority_may_not_speak_for_is_left_out_and_told(files: Files) -> None:
    keep(files, OWN, now=NOW)
    kept = keep(files, OWN, of("other.example"), now=NOW)
    assert kept.left_out == ("other.example",)
    # One such name would make browsers refuse the whole certificate.
    assert verify(files, "-verify_hostname", "localhost").endswith(": OK\n")


def again(files: Files, own: Subjects = OWN, *, days: int = 0) -> Kept:
    return keep(files, own, now=NOW + dt.timedelta(days=days))


def test_nothing_is_made_twice(files: Files) -> None:
    first, second = again(files), again(files, days=300)
    assert (first.made_ca, first.made_server) == (True, True)
    assert (second.made_ca, second.made_server) == (False, False)
    assert second.server == first.server


def test_renewal_in_time_keeps_the_authority(files: Files) -> None:
    first, second = again(files), again(files, days=370)
    assert (second.made_ca, second.made_server) == (False, True)
    assert fingerprint(second.ca) == fingerprint(first.ca)
    assert second.server.not_valid_after_utc > first.server.not_valid_after_utc


def test_a_new_address_is_a_reason_to_renew_and_a_lost_one_is_none(files: Files) -> None:
    first = again(files)
    assert again(files, of("localhost", "127.0.0.1")).server == first.server
    moved = of("localhost", "127.0.0.1", "192.168.8.20")
    kept = again(files, moved)
    assert kept.made_server
    assert not kept.made_ca
    assert verify(files, "-verify_ip", "192.168.8.20").endswith(": OK\n")


def test_a_name_that_was_given_once_stays(files: Files) -> None:
    keep(files, OWN, of("fieldproof.plant.example"), now=NOW)
    assert "fieldproof.plant.example" in subjects_of(again(files, days=370).server).names


def test_keys_are_for_their_owner_only_and_nothing_half_written_is_left(files: Files) -> None:
    before = os.umask(0)
    try:
        keep(files, OWN, now=NOW)
    finally:
        os.umask(before)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in files.folder.iterdir()}
    assert modes.pop(".lock") is not None
    assert modes == {"ca.key": 0o600, "server.key": 0o600, "ca.pem": 0o644, "server.pem": 0o644}
    assert stat.S_IMODE(files.folder.stat().st_mode) == 0o700


def test_a_crash_between_key_and_certificate_is_mended(files: Files, tmp_path: Path) -> None:
    again(files)
    other = Files.of(tmp_path / "other")
    again(other)
    files.server_key.write_bytes(other.server_key.read_bytes())
    kept = again(files)
    assert (kept.made_ca, kept.made_server) == (False, True)
    assert not again(files).made_server


def fault(files: Files, *, days: int = 370) -> str:
    try:
        again(files, days=days)
    except ConfigError as error:
        return str(error)
    return ""


def test_the_authoritys_key_may_lie_elsewhere_until_it_is_needed(files: Files) -> None:
    again(files)
    files.ca_key.rename(files.ca_key.with_suffix(".away"))
    assert not again(files).made_server
    assert "is missing" in fault(files)
    assert "--new-authority" in fault(files)


def test_an_authority_is_never_replaced_unasked(files: Files) -> None:
    again(files)
    files.ca_key.write_text("not a key")
    assert "not an unencrypted private key" in fault(files)
    files.ca_key.write_bytes(files.server_key.read_bytes())
    assert "is not the key of ca.pem" in fault(files)
    files.ca.write_text("not a certificate")
    assert "is not a certificate" in fault(files)
    again_made = keep(files, OWN, now=NOW, new_authority=True)
    assert again_made.made_ca
    assert again_made.made_server


def test_an_authority_at_its_end_is_told_before_it_is_over(files: Files) -> None:
    again(files)
    assert "this authority ends on" in fault(files, days=3640)


def test_this_machine_knows_its_addresses_and_names() -> None:
    found = own_addresses()
    assert ip_address("127.0.0.1") in found
    assert len(found) == len(set(found))
    for address in found:
        if not (address.is_link_local or address.is_loopback):
            with socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_DGRAM) as probe:
                # Only an address of this machine can be bound.
                probe.bind((str(address), 0))
    assert own_names()[0] == "localhost"


def init(data: Path, *options: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["tls", "init", "--data", str(data), *options])
    return result.exit_code, result.output


def test_the_command_says_what_it_made_and_is_safe_to_run_again(tmp_path: Path) -> None:
    code, first = init(tmp_path, "--name", "Fieldproof.Plant.example", "--name", "203.0.113.7")
    assert code == 0
    files = Files.of(tmp_path)
    ca = x509.load_pem_x509_certificate(files.ca.read_bytes())
    assert fingerprint(ca) in first
    for told in (files.ca, files.ca_key, files.server, "fieldproof.plant.example", "203.0.113.7", "until"):
        assert str(told) in first
    code, second = init(tmp_path)
    assert code == 0
    assert "Kept the authority" in second
    assert "Kept the certificate" in second
    assert fingerprint(ca) in second


def test_a_name_that_the_authority_may_not_speak_for_is_an_error_with_the_way_out(tmp_path: Path) -> None:
    init(tmp_path)
    code, told = init(tmp_path, "--name", "fieldproof.plant.example")
    assert code == 1
    assert "--new-authority" in told
    code, told = init(tmp_path, "--name", "fieldproof.plant.example", "--new-authority")
    assert code == 0
    assert "Made the authority" in told


@pytest.mark.parametrize("name", ["http://x", "a b", "-x.example", ""])
def test_a_name_that_is_none_is_wrong_usage(tmp_path: Path, name: str) -> None:
    code, told = init(tmp_path, "--name", name)
    assert code == 2
    assert "not the name of a host" in told
