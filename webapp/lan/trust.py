"""The page that shows a phone how to trust this installation. Plain HTTP, as the phone trusts nothing of ours yet.

It serves the authority's certificate and the way to install it, and nothing else: no session, no data, no form.
"""

from __future__ import annotations

import secrets
from ipaddress import ip_address
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import Encoding
from flask import Flask, Response, g, redirect, render_template, request
from granian import Granian
from granian.constants import Interfaces
from werkzeug.wrappers import Response as WerkzeugResponse

from collector.settings import Settings, load_settings
from webapp.lan.addresses import in_url, outward_address
from webapp.lan.authority import Subjects, fingerprint, subjects_of
from webapp.lan.files import Files, load_certificate
from webapp.lan.guide import GUIDES, device_of
from webapp.lan.profile import MEDIA_TYPE, common_name, profile_of
from webapp.lan.texts import marked, t

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # The certificate may be another tomorrow.
    "Cache-Control": "no-store",
}
_THREADS = 8


def create_trust_app(files: Files, port: int) -> Flask:
    """`port` is the app's own, which the page links to."""
    app = Flask("webapp.lan", static_folder=None)
    app.jinja_env.globals.update(t=t, marked=marked)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    def page() -> str:
        return _page(files, port)

    def certificate() -> Response:
        return _file(load_certificate(files.ca).public_bytes(Encoding.DER), "application/x-x509-ca-cert", "crt")

    def profile() -> Response:
        return _file(profile_of(load_certificate(files.ca)), MEDIA_TYPE, "mobileconfig")

    def elsewhere(path: str) -> WerkzeugResponse:  # noqa: ARG001 - the route's
        return redirect("/")

    app.add_url_rule("/", "page", page)
    app.add_url_rule("/fieldproof-ca.crt", "certificate", certificate)
    app.add_url_rule("/fieldproof-ca.mobileconfig", "profile", profile)
    app.add_url_rule("/<path:path>", "elsewhere", elsewhere)
    app.after_request(_secure)
    return app


def _page(files: Files, port: int) -> str:
    ca = load_certificate(files.ca)
    g.app_url = f"https://{in_url(_own_host(subjects_of(load_certificate(files.server))))}:{port}"
    g.nonce = secrets.token_urlsafe(16)
    mark = fingerprint(ca)
    return render_template(
        "trust.html",
        app_url=g.app_url,
        port=port,
        nonce=g.nonce,
        guides=GUIDES,
        device=device_of(request.headers.get("User-Agent", "")),
        ca=common_name(ca),
        fingerprint=[mark[start : start + 23] for start in range(0, len(mark), 24)],
        until=f"{ca.not_valid_after_utc:%d %B %Y}",
    )


def _own_host(own: Subjects) -> str:
    """The host of the link: as the phone called us, if that is one of our names, and never in its words but in ours."""
    try:
        asked = urlsplit(f"//{request.headers.get('Host', '')}").hostname or ""
    except ValueError:
        asked = ""
    if asked in own.names:
        return asked
    try:
        address = ip_address(asked)
    except ValueError:
        address = outward_address()
    return str(address if address in own.addresses else outward_address())


def _file(content: bytes, media_type: str, ending: str) -> Response:
    # No 'attachment': iOS would put a profile away as a file instead of offering it to Settings.
    headers = {"Content-Disposition": f'inline; filename="fieldproof-ca.{ending}"'}
    return Response(content, content_type=media_type, headers=headers)


def _secure(response: Response) -> Response:
    response.headers.update(_HEADERS)
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    if "nonce" in g:
        # Source lists know no IPv6 addresses: there any host may be asked, by a script that knows one.
        app = "https:" if "[" in g.app_url else g.app_url
        response.headers["Content-Security-Policy"] = (
            f"default-src 'none'; style-src 'nonce-{g.nonce}'; script-src 'nonce-{g.nonce}'; img-src data:; "
            f"connect-src {app}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
    return response


def application() -> Flask:
    """What granian loads, by the environment's settings."""
    settings = load_settings()
    return create_trust_app(Files.of(settings.data), settings.port)


def serve(settings: Settings, port: int) -> None:
    """Runs until SIGINT or SIGTERM. `settings` are those of the environment, as `up` gives them to its children."""
    Granian(
        "webapp.lan.trust:application",
        factory=True,
        interface=Interfaces.WSGI,
        address=settings.host,
        port=port,
        blocking_threads=_THREADS,
        respawn_failed_workers=True,
        websockets=False,
        log_access=False,
    ).serve()
