"""Fixtures of the web tests are in web_fixtures.py, so that other folders can take them too."""

from __future__ import annotations

from tests.integration.web_fixtures import engine, signed_in, web, world_file

__all__ = ["engine", "signed_in", "web", "world_file"]
