"""The contract is held against the same application and cast as the web tests."""

from __future__ import annotations

from tests.integration.web_fixtures import engine, signed_in, web, world_file

__all__ = ["engine", "signed_in", "web", "world_file"]
