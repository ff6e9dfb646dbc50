"""Values as they are written in a profile."""

from __future__ import annotations

from typing import Any

import yaml

_ENDLESS = 1_000_000


class _Dumper(yaml.SafeDumper):
    """A text with a line break or another character that is not seen is written with escapes, in one line."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if text.isprintable() else '"')


_Dumper.add_representer(str, _text)


def written(value: Any) -> str:
    """In one line: `[params, "em:0", 3]`."""
    text = yaml.dump(
        [value], Dumper=_Dumper, default_flow_style=True, width=_ENDLESS, allow_unicode=True, sort_keys=False
    )
    return text.strip()[1:-1]


def block(value: Any) -> list[str]:
    """In as many lines as it needs; lists of numbers stay in one line each."""
    text = _dump(value, default_flow_style=None, width=100)
    # Not splitlines: a text may hold what Python takes for the end of a line and YAML does not.
    return text.rstrip("\n").split("\n")


def _dump(value: Any, **options: Any) -> str:
    text: str = yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, **options)
    return text
