"""Where device_configs/ is, and how its YAML is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from collector.errors import ConfigError

_PACKAGE = Path(__file__).resolve().parent.parent


def device_configs() -> Path:
    """The folder that came with this installation: packaged in a wheel, else that of the checkout."""
    packaged = _PACKAGE / "device_configs"
    return packaged if packaged.is_dir() else _PACKAGE.parent / "device_configs"


def read_yaml(path: Path) -> Any:
    """Raises ConfigError with file and line."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except OSError as error:
        raise ConfigError([f"{path}: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: not UTF-8: {error.reason} at byte {error.start}"]) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise ConfigError([f"{path}:{line}: {error.problem}"]) from error
    except yaml.YAMLError as error:
        raise ConfigError([f"{path}: {error}"]) from error
