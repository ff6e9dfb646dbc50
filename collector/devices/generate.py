"""`python -m collector.devices.generate`, or `make devices`: writes again what is made of the library in a checkout.

That is device_configs/schema.json, for editors, and docs/devices.md, the list of supported devices.
"""

from __future__ import annotations

import sys
from pathlib import Path

from collector.devices.catalogue import page
from collector.devices.json_schema import as_text, json_schema
from collector.errors import ConfigError
from collector.profiles.files import device_configs
from collector.profiles.library import load_library
from collector.profiles.vocabulary import load_vocabulary


def made() -> dict[Path, str]:
    """What each file should hold."""
    folder = device_configs()
    vocabulary = load_vocabulary(folder)
    profiles = load_library((folder,), vocabulary).profiles
    return {
        folder / "schema.json": as_text(json_schema(vocabulary)),
        folder.parent / "docs" / "devices.md": page(profiles),
    }


def main() -> None:
    try:
        files = made()
    except ConfigError as error:
        sys.exit("\n".join(error.faults))
    for file, text in files.items():
        file.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{file}\n")


if __name__ == "__main__":
    main()
