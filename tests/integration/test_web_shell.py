"""The app shell: files of the build, addresses that the front end routes, and the headers that keep them safe."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.web_fixtures import Web


@pytest.fixture
def built(web: Web, tmp_path: Path) -> Web:
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text("<!doctype html><title>Fieldproof</title>")
    (static / "sw.js").write_text("self.addEventListener('fetch', () => {})")
    (static / "manifest.webmanifest").write_text("{}")
    (static / "assets" / "app-1a2b3c.js").write_text("export {}")
    (tmp_path / "secret.txt").write_text("for nobody")
    return web


@pytest.mark.parametrize(
    "path", ["/", "/alarms", "/live/dairy.effluent/ph", "/devices/dairy.effluent", "/devices/dairy.effluent/"]
)
def test_every_address_of_the_app_gives_the_shell(built: Web, path: str) -> None:
    answer = built.browser().get(path)
    assert answer.status_code == 200
    assert "<title>Fieldproof</title>" in answer.text
    assert answer.headers["Cache-Control"] == "no-cache"
    answer.close()


def test_hashed_files_are_kept_for_ever_and_the_service_worker_is_not(built: Web) -> None:
    browser = built.browser()
    asset = browser.get("/assets/app-1a2b3c.js")
    assert asset.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert asset.mimetype == "text/javascript"
    worker = browser.get("/sw.js")
    assert (worker.headers["Cache-Control"], worker.mimetype) == ("no-cache", "text/javascript")
    manifest = browser.get("/manifest.webmanifest")
    assert manifest.mimetype == "application/manifest+json"
    for answer in (asset, worker, manifest):
        answer.close()


def test_what_has_not_changed_is_not_sent_again(built: Web) -> None:
    browser = built.browser()
    first = browser.get("/")
    again = browser.get("/", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    first.close()
    again.close()


@pytest.mark.parametrize("path", ["/assets/gone.js", "/favicon.ico", "/api", "/api/v2/points", "/api/v1/nothing"])
def test_a_file_or_call_that_is_not_there_is_a_404_not_the_shell(built: Web, path: str) -> None:
    answer = built.browser().get(path)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


@pytest.mark.parametrize("path", ["/../secret.txt", "/assets/../../secret.txt", "/%2e%2e/secret.txt", "//etc/passwd"])
def test_no_address_leads_out_of_the_build(built: Web, path: str) -> None:
    answer = built.browser().get(path)
    assert "for nobody" not in answer.text
    assert "root:" not in answer.text
    answer.close()


def test_without_a_build_it_says_how_to_make_one(web: Web) -> None:
    answer = web.browser().get("/")
    assert answer.status_code == 503
    assert "make run" in answer.text


@pytest.mark.parametrize("path", ["/", "/api/v1/me", "/healthz", "/assets/app-1a2b3c.js"])
def test_every_answer_carries_the_headers_that_keep_it_safe(built: Web, path: str) -> None:
    answer = built.browser().get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "img-src 'self' blob: data:" in policy
    assert "unsafe-eval" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    answer.close()


def test_answers_of_the_api_are_kept_by_no_cache(web: Web) -> None:
    assert web.get("/me").headers["Cache-Control"] == "no-store"
