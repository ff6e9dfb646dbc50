"""A certificate authority for one network, and the certificate of this machine. Nothing here touches a file.

The authority's own certificate says what it may speak for (name constraints, RFC 5280 §4.2.1.10): addresses that exist
only inside a network, and the names that were given. Who steals its key cannot pass for a site of the internet.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from webapp.lan.addresses import Address

Network = IPv4Network | IPv6Network

PRIVATE: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",  # RFC 1918
        "127.0.0.0/8", "169.254.0.0/16", "::1/128", "fc00::/7", "fe80::/10",
    )
)  # fmt: skip
ALWAYS = ("localhost", "local")
# A constraint covers all names below it: a machine called 'dev' must not open all of .dev. Two letters are countries.
_TOP_LEVEL = (
    "app box build cloud com computer dev digital energy engineering farm host info net network online org page site"
    " software solutions support systems tech technology tools work works world zone"
)
_CA_LIFE = dt.timedelta(days=3652)
# At most 825 days for authorities that a person installed, says Apple (support.apple.com/103769); 398 for public
# ones. Below both, and all clients agree.
_SERVER_LIFE = dt.timedelta(days=396)
# A phone's clock may be behind ours.
_BEFORE = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Subjects:
    """What a certificate speaks for."""

    names: tuple[str, ...]
    addresses: tuple[Address, ...]

    def texts(self) -> list[str]:
        return [*self.names, *(str(address) for address in self.addresses)]

    def without(self, others: Subjects) -> Subjects:
        names = tuple(name for name in self.names if name not in others.names)
        return Subjects(names, tuple(address for address in self.addresses if address not in others.addresses))


@dataclass(frozen=True, slots=True)
class Issued:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def make_authority(label: str, own: Subjects, given: Subjects, now: dt.datetime) -> Issued:
    """`own` is what the machine found about itself; `given` is what a person asked for, and is taken as it is.

    The day in its name tells two apart in a phone's list.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"Fieldproof CA ({label[:32]}, {now:%Y-%m-%d})")
    names = [*ALWAYS, *(name for name in own.names if not _is_top_level(name)), *given.names]
    permitted: list[x509.GeneralName] = [x509.DNSName(text) for text in dict.fromkeys(names) if not _covered(text)]
    permitted += [x509.DNSName(text) for text in ALWAYS]
    permitted += [x509.IPAddress(network) for network in _networks(own.addresses, given.addresses)]
    builder = (
        _begin(name, name, key.public_key(), now, now + _CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
    return Issued(builder.sign(key, hashes.SHA256()), key)


def issue(authority: Issued, subjects: Subjects, now: dt.datetime) -> Issued:
    """This machine's certificate, with a key of its own."""
    key = ec.generate_private_key(ec.SECP256R1())
    ends = min(now + _SERVER_LIFE, authority.certificate.not_valid_after_utc)
    sans: list[x509.GeneralName] = [x509.DNSName(name) for name in subjects.names]
    sans += [x509.IPAddress(address) for address in subjects.addresses]
    issuer = authority.certificate.subject
    builder = (
        _begin(_name("Fieldproof"), issuer, key.public_key(), now, ends)
        .add_extension(x509.SubjectAlternativeName(sans), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
    )
    return Issued(builder.sign(authority.key, hashes.SHA256()), key)


def allowed(authority: x509.Certificate, subjects: Subjects) -> Subjects:
    """What of these the authority may speak for: one that it may not would spoil the whole certificate."""
    permitted = authority.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    networks = [ip_network(str(entry.value)) for entry in permitted if isinstance(entry, x509.IPAddress)]
    roots = [entry.value for entry in permitted if isinstance(entry, x509.DNSName)]
    return Subjects(
        tuple(name for name in subjects.names if any(_below(name, root) for root in roots)),
        tuple(address for address in subjects.addresses if _inside(address, networks)),
    )


def subjects_of(certificate: x509.Certificate) -> Subjects:
    sans = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = [ip_address(str(value)) for value in sans.get_values_for_type(x509.IPAddress)]
    return Subjects(tuple(sans.get_values_for_type(x509.DNSName)), tuple(addresses))


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 in pairs, as phones and browsers show it."""
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest().hex(":").upper()


def _begin(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: dt.datetime, ends: dt.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(common: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Fieldproof"), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _networks(own: Iterable[Address], given: Iterable[Address]) -> list[Network]:
    """The private ones, and single addresses outside them: an IPv4 address of this machine, or one that was given.

    Global IPv6 addresses that the machine found are left out: most change daily, and the network has others.
    """
    outside = [address for address in own if address.version == 4] + list(given)
    single = [ip_network(address) for address in dict.fromkeys(outside) if not _inside(address, PRIVATE)]
    return [*PRIVATE, *single]


def _inside(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks if network.version == address.version)


def _is_top_level(name: str) -> bool:
    return "." not in name and (len(name) == 2 or name in _TOP_LEVEL.split())


def _covered(name: str) -> bool:
    return any(_below(name, root) for root in ALWAYS)


def _below(name: str, root: str) -> bool:
    return name == root or name.endswith(f".{root}")
