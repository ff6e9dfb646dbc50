"""Where device_configs/ is, and how its YAML is read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from collector.errors import ConfigError

_PACKAGE = Path(__file__).resolve().parent.parent

# The line of each key and list position, by its path from the top.
Lines = Mapping[tuple[str | int, ...], int]


def device_configs() -> Path:
    """The folder that came with this installation: packaged in a wheel, else that of the checkout."""
    packaged = _PACKAGE / "device_configs"
    return packaged if packaged.is_dir() else _PACKAGE.parent / "device_configs"


def read_yaml(path: Path) -> Any:
    """Raises ConfigError with file and line."""
    return read_yaml_with_lines(path)[0]


def read_yaml_with_lines(path: Path) -> tuple[Any, Lines]:
    """Raises ConfigError with file and line, also for a key that stands twice: YAML would take the last in silence."""
    try:
        loader = yaml.CSafeLoader(path.read_text(encoding="utf-8"))
        node = loader.get_single_node()
        if node is None:
            return None, {}
        lines: dict[tuple[str | int, ...], int] = {}
        faults = _note_lines(node, (), lines)
        if faults:
            raise ConfigError([f"{path}:{line}: {fault}" for line, fault in faults])
        return loader.construct_document(node), lines
    except OSError as error:
        raise ConfigError([f"{path}: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: not UTF-8: {error.reason} at byte {error.start}"]) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise ConfigError([f"{path}:{line}: not YAML here: {error.problem}. {_meant(path, line)}"]) from error
    except yaml.YAMLError as error:
        raise ConfigError([f"{path}: {error}"]) from error
    except RecursionError as error:
        raise ConfigError(
            [f"{path}: nested too deeply, or an alias (*) stands within what it stands for (&)"]
        ) from error


def _meant(path: Path, line: int) -> str:
    """What is mostly behind a fault in the writing, which the reader notices only afterwards."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if 0 < line <= len(lines) and "\t" in lines[line - 1]:
        return "There is a tab in this line: indent with spaces"
    return (
        "Look at this line and those above it: an indentation that differs from its neighbours', a bracket or quote"
        " that is not closed, a text with ': ' or ' #' in it that is not in quotes"
    )


def _note_lines(
    node: yaml.Node, place: tuple[str | int, ...], lines: dict[tuple[str | int, ...], int]
) -> list[tuple[int, str]]:
    lines[place] = min(lines.get(place, node.start_mark.line + 1), node.start_mark.line + 1)
    faults = []
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            name = key.value
            line = key.start_mark.line + 1
            if name in seen and name != "<<":
                faults.append((line, f"the key '{name}' stands twice"))
            seen.add(name)
            lines[(*place, name)] = line
            faults += _note_lines(value, (*place, name), lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            faults += _note_lines(value, (*place, index), lines)
    return faults
