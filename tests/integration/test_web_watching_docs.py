"""What docs/operations.md says of /metrics and /readyz is all there is, and all of it is there."""

from __future__ import annotations

import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.integration.web_fixtures import Web
from webapp.readiness import CHECKS

TEXT = (Path(__file__).resolve().parents[2] / "docs/operations.md").read_text(encoding="utf-8")
WATCHING = TEXT.split("## Watching")[1].split("\n## ")[0]
TABLES = "\n".join(line for line in WATCHING.splitlines() if line.startswith("|"))


def test_every_metric_is_documented_and_every_documented_one_is_there(web: Web) -> None:
    families = text_string_to_metric_families(web.get("/metrics", None).text)
    shown = {f"{f.name}_total" if f.type == "counter" else f.name for f in families}
    assert set(re.findall(r"fieldproof_\w+", TABLES)) == shown
    in_rules = set(re.findall(r"fieldproof_\w+", WATCHING)) - set(re.findall(r"fieldproof_\w+", TABLES))
    assert {name.removesuffix("_bucket") for name in in_rules} <= shown


def test_every_check_is_documented() -> None:
    rows = WATCHING.split("### Ready or not")[1].split("### Metrics")[0]
    assert re.findall(r"^\| `(\w+)` \|", rows, re.MULTILINE) == list(CHECKS)
