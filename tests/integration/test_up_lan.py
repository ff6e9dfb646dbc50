"""`fieldproof up --lan`: HTTPS for phones, and the page that shows them how to trust it."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import plistlib
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Browser, Page, Playwright
from rich.console import Console

from collector.settings import Settings
from tests.servers import STARTED, Server, find, free_port, wait_for
from webapp.cli import main
from webapp.lan.authority import subjects_of
from webapp.lan.files import Files, keep, own_subjects
from webapp.lan.start import prepare

PASSWORD = "demo-password-1"
PHONE = {"width": 360, "height": 740}
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Safari/604.1"
ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/131.0.0.0 Mobile Safari/537.36"


def two_free_ports() -> int:
    """The first of two neighbours: the page for phones takes the second."""
    while True:
        port = free_port()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port + 1)) != 0:
                return port


class UpLan:
    """One run of `fieldproof up --lan` on a folder."""

    def __init__(self, data: Path, port: int, *options: str) -> None:
        self.data, self.port = data, port
        options = ("--lan", "--port", str(port), "--data", str(data), *options)
        env = {**os.environ, "FIELDPROOF_DEMO_PASSWORD": PASSWORD}
        self.log = data.with_suffix(".out")
        with self.log.open("w") as out:
            command = [sys.executable, "-m", "webapp.cli", "up", *options]
            self.process = subprocess.Popen(command, env=env, stdout=out, stderr=subprocess.STDOUT)
        STARTED.append(self.process)

    @property
    def ca(self) -> Path:
        return self.data / "tls/ca.pem"

    def output(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def wait(self) -> UpLan:
        wait_for(self._is_told, 90, "the greeting")
        wait_for(self._page_answers, 30, "the page for phones")
        return self

    @property
    def page_port(self) -> int:
        found = re.search(r"Phones, once each: http://\S+:(\d+)/", self.output())
        assert found is not None, self.output()
        return int(found[1])

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)

    def _is_told(self) -> bool:
        assert self.process.poll() is None, self.output()
        return "Ctrl-C stops everything" in self.output()

    def _page_answers(self) -> bool:
        try:
            return self.ask("/")[0] == 200
        except OSError:
            return False

    def ask(
        self, path: str, host: str | None = None, agent: str = "", method: str = "GET"
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Of the page for phones. Redirects are not followed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.page_port, timeout=10)
        headers = {"Host": f"127.0.0.1:{self.page_port}" if host is None else host, "User-Agent": agent}
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def app(self, path: str, body: dict[str, str] | None = None) -> tuple[int, http.client.HTTPMessage]:
        """Over HTTPS, by a client that trusts the authority."""
        context = ssl.create_default_context(cafile=str(self.ca))
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=context)
        try:
            headers = {"Content-Type": "application/json", "X-Fieldproof": "1"}
            connection.request("POST" if body else "GET", path, body and json.dumps(body), headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status, answer.headers
        finally:
            connection.close()


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UpLan]:
    started = UpLan(tmp_path_factory.mktemp("lan") / "data", two_free_ports(), "--demo").wait()
    yield started
    assert started.stop() == 0


def told_fingerprint(text: str) -> str:
    pairs = re.findall(r"(?:[0-9A-F]{2}:){15}[0-9A-F]{2}", text)
    return "".join(pairs).replace(":", "").lower()


def test_it_answers_over_https_to_who_trusts_the_authority_and_to_nobody_else(up: UpLan) -> None:
    assert up.app("/healthz")[0] == 200
    with pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(
            socket.create_connection(("127.0.0.1", up.port)), server_hostname="127.0.0.1"
        )


def test_the_greeting_names_the_addresses_the_page_and_the_fingerprint(up: UpLan) -> None:
    output = up.output()
    assert re.search(rf"https://[\w.]+:{up.port}\b", output)
    assert re.search(rf"http://[\w.]+:{up.port + 1}/", output)
    assert "Made a certificate authority" in output
    assert len(told_fingerprint(output)) == 64


def test_the_page_serves_the_authority_whose_fingerprint_was_told(up: UpLan) -> None:
    status, headers, certificate = up.ask("/fieldproof-ca.crt")
    assert (status, headers["Content-Type"]) == (200, "application/x-x509-ca-cert")
    mark = hashlib.sha256(certificate).hexdigest()
    assert mark == told_fingerprint(up.output())
    status, headers, content = up.ask("/fieldproof-ca.mobileconfig")
    assert (status, headers["Content-Type"]) == (200, "application/x-apple-aspen-config")
    profile = plistlib.loads(content)
    assert profile["PayloadContent"][0]["PayloadContent"] == certificate
    assert profile["PayloadContent"][0]["PayloadType"] == "com.apple.security.root"
    page = up.ask("/")[2].decode()
    shown = re.search(r'id="fingerprint">(.*?)</p>', page, re.DOTALL)
    assert shown is not None
    assert re.sub(r"<[^>]*>|[:\s]", "", shown[1]).lower() == mark


def test_the_session_cookie_is_secure(up: UpLan) -> None:
    status, headers = up.app("/api/v1/session", {"username": "inspector", "password": PASSWORD})
    assert status == 200
    assert "Secure" in headers["Set-Cookie"]


def test_the_page_holds_no_session_and_forbids_everything_it_does_not_need(up: UpLan) -> None:
    for path in ("/", "/fieldproof-ca.crt", "/elsewhere"):
        headers = up.ask(path)[1]
        assert "Set-Cookie" not in headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["X-Content-Type-Options"] == "nosniff"
    nonces = {re.findall(r"nonce-([\w-]+)", up.ask("/")[1]["Content-Security-Policy"])[0] for _ in range(2)}
    assert len(nonces) == 2
    assert up.ask("/", method="POST")[0] == 405


@pytest.mark.parametrize("path", ["/today", "/ca.key", "/tls/ca.key", "/../tls/ca.key", "/%2e%2e/ca.key", "/static/x"])
def test_every_other_address_leads_to_the_page(up: UpLan, path: str) -> None:
    status, headers, content = up.ask(path)
    assert (status, headers["Location"]) == (302, "/")
    assert b"PRIVATE KEY" not in content


@pytest.mark.parametrize(
    ("host", "link"),
    [
        ("127.0.0.1:1", "https://127.0.0.1"),
        ("LOCALHOST", "https://localhost"),
        ("[::1]:8001", "https://[::1]"),
        ('evil.example"><script>', None),
        ("evil.example", None),
        ("203.0.113.99", None),
        ("localhost@evil.example", None),
        ("[::1", None),
        ("", None),
    ],
)
def test_the_link_is_to_one_of_our_own_names_whatever_the_request_says(up: UpLan, host: str, link: str | None) -> None:
    status, headers, content = up.ask("/", host=host)
    assert status == 200
    seen = content.decode() + headers["Content-Security-Policy"]
    assert "evil" not in seen
    assert "203.0.113.99" not in seen
    links = set(re.findall(r'data-app="([^"]+)"', content.decode()))
    told = set(re.findall(rf"https://[\w.]+:{up.port}\b", up.output()))
    assert links == {f"{link}:{up.port}"} if link else links <= told


@pytest.mark.parametrize(("agent", "opened"), [(IPHONE, "ios"), (ANDROID, "android"), ("curl/8", None)])
def test_the_steps_of_the_device_are_open_and_the_others_are_there(up: UpLan, agent: str, opened: str | None) -> None:
    page = up.ask("/", agent=agent)[2].decode()
    found = dict(re.findall(r'<details name="device" id="(\w+)"( open)?>', page))
    assert set(found) == {"ios", "android", "windows", "mac", "linux"}
    assert [device for device, is_open in found.items() if is_open] == ([opened] if opened else [])


class Browse:
    """Debian's Chromium on a home folder of its own, which trusts our authority or does not."""

    def __init__(self, playwright: Playwright, chromium: str, up: UpLan, home: Path) -> None:
        self._playwright, self._chromium, self._up, self._home = playwright, chromium, up, home
        self._browsers: list[Browser] = []

    def open(self, *, trusting: bool) -> Page:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
        arguments += self._trust() if trusting else []
        browser = self._playwright.chromium.launch(
            executable_path=self._chromium, args=arguments, env={**os.environ, "HOME": str(self._home)}
        )
        self._browsers.append(browser)
        page = browser.new_context(viewport=PHONE, has_touch=True, user_agent=ANDROID).new_page()
        page.set_default_timeout(30_000)
        page.goto(f"http://127.0.0.1:{self._up.page_port}/")
        return page

    def _trust(self) -> list[str]:
        """As a person would, into the store of the home folder; else by telling Chromium whose key is good."""
        certutil = find("certutil")
        if certutil is None:
            server = x509.load_pem_x509_certificate((self._up.data / "tls/server.pem").read_bytes())
            key = server.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            digest = base64.b64encode(hashlib.sha256(key).digest()).decode()
            return [f"--ignore-certificate-errors-spki-list={digest}"]
        store = self._home / ".pki/nssdb"
        store.mkdir(parents=True)
        at = ["-d", f"sql:{store}"]
        subprocess.run([certutil, "-N", *at, "--empty-password"], check=True, timeout=30)
        subprocess.run([certutil, "-A", *at, "-t", "C,,", "-n", "ours", "-i", self._up.ca], check=True, timeout=30)
        return []

    def close(self) -> None:
        for browser in self._browsers:
            browser.close()


@pytest.fixture
def browse(playwright: Playwright, chromium: str, up: UpLan, tmp_path: Path) -> Iterator[Browse]:
    started = Browse(playwright, chromium, up, tmp_path)
    yield started
    started.close()


@pytest.mark.timeout(120)
def test_a_phone_that_does_not_trust_sees_the_steps_and_one_that_does_opens_the_app(browse: Browse, up: UpLan) -> None:
    page = browse.open(trusting=False)
    page.wait_for_selector('#check[data-state="untrusted"]')
    assert page.get_by_role("button", name="Check again").is_visible()
    assert page.get_by_role("link", name="Download the certificate").is_visible()
    assert not page.get_by_role("link", name="Open Fieldproof").is_visible()
    # Nothing hangs over the edge of a small phone.
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page = browse.open(trusting=True)
    page.wait_for_selector('#check[data-state="trusted"]')
    page.get_by_role("link", name="Open Fieldproof").click()
    page.wait_for_url(f"https://127.0.0.1:{up.port}/**")
    assert page.evaluate("[isSecureContext, 'serviceWorker' in navigator, !!crypto.subtle]") == [True, True, True]


def served(port: int, ca: Path) -> x509.Certificate:
    """The certificate that a new connection is shown."""
    context = ssl.create_default_context(cafile=str(ca))
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
    ):
        return x509.load_der_x509_certificate(secure.getpeercert(binary_form=True) or b"")


@pytest.mark.timeout(180)
def test_a_taken_port_is_stepped_over_and_a_renewal_is_taken_up_without_a_restart(tmp_path: Path) -> None:
    port = two_free_ports()
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", port + 1))
        taken.listen()
        up = UpLan(tmp_path / "data", port).wait()
    assert up.page_port == port + 2
    mark = up.ask("/fieldproof-ca.crt")[2]
    command = [sys.executable, "-m", "webapp.cli", "tls", "init", "--name", "further.local", "--data", str(up.data)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    wait_for(lambda: "further.local" in subjects_of(served(port, up.ca)).names, 60, "the new certificate")
    assert up.ask("/fieldproof-ca.crt")[2] == mark
    assert up.process.poll() is None
    assert up.app("/healthz")[0] == 200
    assert up.stop() == 0
    assert "renewed" in up.output()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
def test_phones_and_this_computer_alone_is_wrong_usage(tmp_path: Path, host: str) -> None:
    result = CliRunner().invoke(main, ["up", "--lan", "--host", host, "--data", str(tmp_path)])
    assert result.exit_code == 2
    assert "leave out one of the two" in result.output


@pytest.mark.timeout(120)
def test_serve_speaks_tls_with_a_certificate_of_the_plants_own(tmp_path: Path) -> None:
    files = Files.of(tmp_path / "elsewhere")
    keep(files, own_subjects())
    port = free_port()
    env = {
        "FIELDPROOF_DATA": str(tmp_path / "data"),
        "FIELDPROOF_TLS_CERT": str(files.server),
        "FIELDPROOF_TLS_KEY": str(files.server_key),
    }
    command = [sys.executable, "-m", "webapp.cli", "serve", "--port", str(port)]
    server = Server(command, port, env=env, log=tmp_path / "web.log").start()
    try:
        assert served(port, files.ca) == x509.load_pem_x509_certificate(files.server.read_bytes())
    finally:
        server.stop()


def test_with_a_certificate_of_the_plants_own_there_is_no_authority_and_no_page(tmp_path: Path) -> None:
    own = Files.of(tmp_path / "elsewhere")
    keep(own, own_subjects())
    settings = Settings(host="0.0.0.0", data=tmp_path / "data", tls_cert=own.server, tls_key=own.server_key)
    assert prepare(settings, Console(quiet=True)) == (settings, None)
    assert not (tmp_path / "data/tls").exists()
