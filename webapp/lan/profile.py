"""The authority as a configuration profile for iOS.

A bare certificate works there too. A profile shows what it is for, in our words, before it is installed, and has an
identity: installed a second time it replaces the first.
"""

from __future__ import annotations

import plistlib
import uuid

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from webapp.lan.authority import fingerprint
from webapp.lan.texts import t

MEDIA_TYPE = "application/x-apple-aspen-config"


def profile_of(ca: x509.Certificate) -> bytes:
    """Unsigned, as nobody whom a phone knows could sign it: iOS says 'Not Verified', and the page prepares for that."""
    mark = fingerprint(ca)
    name = common_name(ca)
    root = {
        "PayloadType": "com.apple.security.root",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"fieldproof.ca.{mark[:11].replace(':', '').lower()}.root",
        "PayloadUUID": _uuid(mark, "root"),
        "PayloadDisplayName": name,
        "PayloadCertificateFileName": "fieldproof-ca.crt",
        "PayloadContent": ca.public_bytes(Encoding.DER),
    }
    profile = {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"fieldproof.ca.{mark[:11].replace(':', '').lower()}",
        "PayloadUUID": _uuid(mark, "profile"),
        "PayloadDisplayName": name,
        "PayloadOrganization": "Fieldproof",
        "PayloadDescription": t("profile.description"),
        "PayloadContent": [root],
    }
    return plistlib.dumps(profile)


def common_name(ca: x509.Certificate) -> str:
    return str(ca.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def _uuid(mark: str, part: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{mark}/{part}")).upper()
