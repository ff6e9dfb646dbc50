"""The app shell: built files of the front end, and index.html for every address that the front end routes itself."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response, request, send_file
from werkzeug.exceptions import NotFound
from werkzeug.routing import PathConverter
from werkzeug.security import safe_join

from webapp.access import PUBLIC, declare

STATIC = Path(__file__).resolve().parent / "static"
CSP = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=(), payment=(), usb=()",
}
# Hashed by the build: another content has another name.
_FOR_EVER = "public, max-age=31536000, immutable"
# Systems without a table of types would guess these wrong, and `nosniff` then refuses them.
_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
    ".webp": "image/webp",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".html": "text/html",
    ".json": "application/json",
}
# Addresses that end in a name of ours, which may hold a dot: that makes it no file.
_NAMED = ("devices/", "live/")
_NOT_BUILT = "The front end is not built yet. Run `make run`: it builds it and starts everything.\n"


class AppPath(PathConverter):
    """Everything but the API: what is unknown there is a 404 of the API, not a page."""

    regex = r"(?!(?:api|reports)(?:/|$)).+"


def register(app: Flask, static: Path) -> None:
    app.url_map.converters["app"] = AppPath

    def shell(path: str = "") -> Response:
        return _serve(static, path)

    app.add_url_rule("/", "shell", shell)
    app.add_url_rule("/<app:path>", "shell_path", shell)
    declare(app, "shell", PUBLIC)
    declare(app, "shell_path", PUBLIC)
    app.after_request(_secure)


def _serve(static: Path, path: str) -> Response:
    if not (static / "index.html").is_file():
        return Response(_NOT_BUILT, status=503, mimetype="text/plain")
    name = safe_join(str(static), path) if path else None
    if name is not None and Path(name).is_file():
        return _file(Path(name), _FOR_EVER if path.startswith("assets/") else "no-cache")
    if _looks_like_a_file(path):
        raise NotFound
    return _file(static / "index.html", "no-cache")


def _looks_like_a_file(path: str) -> bool:
    """A missing script must not be answered with a page: its error would be about the page's first letter."""
    if path.startswith(_NAMED):
        return False
    return path.startswith("assets/") or "." in path.rsplit("/", 1)[-1]


def _file(path: Path, cache: str) -> Response:
    response = send_file(path, mimetype=_TYPES.get(path.suffix), conditional=True, etag=True)
    response.headers["Cache-Control"] = cache
    return response


def _secure(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.path.startswith("/api/"):
        # Answers depend on who asks; no cache between may keep them.
        response.headers.setdefault("Cache-Control", "no-store")
    return response
