"""Settings: environment `FIELDPROOF_*`, or the same lower-case keys in `fieldproof.toml`; the environment wins.

`FIELDPROOF_NAME_FILE` reads a value from a file (secrets). Every fault is found before the first is reported.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from collector.errors import ConfigError
from collector.tls_files import fault_in_pair

PREFIX = "FIELDPROOF_"


@dataclass(frozen=True, slots=True)
class Settings:
    """Names and meanings as in docs/operations.md. `None` means the embedded default."""

    host: str = "127.0.0.1"
    port: int = 8000
    data: Path = Path("data")
    public_url: str | None = None
    secret_key: str | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    mqtt_url: str | None = None
    mqtt_ca: Path | None = None
    mqtt_cert: Path | None = None
    mqtt_key: Path | None = None
    sparkplug_host: str | None = None
    influx_url: str | None = None
    influx_token: str | None = None
    influx_org: str | None = None
    influx_bucket: str | None = None
    database_url: str | None = None
    photos_url: str | None = None
    devices: tuple[Path, ...] = ()
    demo_password: str | None = None

    @property
    def influx_address(self) -> str:
        """Fit to be shown: without a name and password, which InfluxDB's client would not use either."""
        return re.sub(r"//.*@", "//", self.influx_url or "")

    @property
    def site_database_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data / 'site.db'}"

    @property
    def collector_db(self) -> Path:
        return self.data / "collector.db"

    @property
    def photos(self) -> Path:
        return _photo_folder(self.photos_url) if self.photos_url else self.data / "photos"


def load_settings(
    env: Mapping[str, str] | None = None, file: Path | None = None, overrides: Mapping[str, Any] | None = None
) -> Settings:
    """Command-line `overrides` (None values are ignored) win over the environment, which wins over the file.

    Raises ConfigError with every fault found.
    """
    env = os.environ if env is None else env
    faults: list[str] = []
    texts: dict[str, tuple[str, Any]] = {}
    _read_file(file or Path("fieldproof.toml"), file is not None, texts, faults)
    _read_env(env, texts, faults)
    for name, value in (overrides or {}).items():
        if value is not None:
            texts[name] = (f"--{name.replace('_', '-')}", value)
    values: dict[str, Any] = {}
    for name, (where, raw) in texts.items():
        try:
            values[name] = _convert(name, raw)
        except ValueError as error:
            faults.append(f"{where}: {error}")
    _check_together(values, faults)
    if faults:
        raise ConfigError(faults)
    return Settings(**values)


# Read by the build of the front end, not by the product.
_NOT_SETTINGS = frozenset({"skip_frontend"})
_NAMES = frozenset(f.name for f in fields(Settings))


def _read_file(path: Path, required: bool, texts: dict[str, tuple[str, Any]], faults: list[str]) -> None:
    if not path.exists():
        if required:
            faults.append(f"{path}: no such file")
        return
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        faults.append(f"{path}: {error}")
        return
    for name, value in content.items():
        if name in _NAMES:
            texts[name] = (f"{path}: {name}", value)
        else:
            faults.append(f"{path}: unknown key '{name}'; known: {', '.join(sorted(_NAMES))}")


def _read_env(env: Mapping[str, str], texts: dict[str, tuple[str, Any]], faults: list[str]) -> None:
    for key, value in env.items():
        if not key.startswith(PREFIX) or value == "":
            continue
        name = key.removeprefix(PREFIX).lower()
        if name in _NAMES:
            texts[name] = (key, value)
        elif name.removesuffix("_file") in _NAMES:
            try:
                texts[name.removesuffix("_file")] = (key, Path(value).read_text(encoding="utf-8").strip())
            except OSError as error:
                faults.append(f"{key}: cannot read {value}: {error.strerror}")
        elif name not in _NOT_SETTINGS:
            # A misspelt name that is passed over in silence would leave a plant with a default it did not choose.
            faults.append(f"{key}: no such setting in this version; known: {', '.join(sorted(_NAMES))}")


def _convert(name: str, raw: Any) -> Any:
    if name == "port":
        return _port(raw)
    if name in ("data", "mqtt_ca", "mqtt_cert", "mqtt_key", "tls_cert", "tls_key"):
        return Path(raw).expanduser()
    if name == "devices":
        parts = raw if isinstance(raw, list) else str(raw).split(os.pathsep)
        return tuple(Path(part).expanduser() for part in parts if str(part))
    text = str(raw)
    if name == "mqtt_url":
        _check_mqtt_urls(text)
    if name == "sparkplug_host" and (not text.strip() or any(sign in text for sign in "/+#\0")):
        raise ValueError(f"'{text}' is no host id: it is one level of a topic, without /, + and #")
    if name == "photos_url":
        _photo_folder(text)
    if name == "influx_url" and urlsplit(text).scheme not in ("http", "https"):
        raise ValueError(f"'{_shown(text)}' is not an http:// or https:// address")
    return text


def _port(raw: Any) -> int:
    try:
        port = int(raw)
    except (TypeError, ValueError):
        raise ValueError(f"'{raw}' is not a port number") from None
    if not 0 <= port <= 65535:
        raise ValueError(f"{port} is not between 0 and 65535")
    return port


def split_urls(text: str) -> list[str]:
    """Brokers' addresses, comma-separated. A comma inside a password separates nothing."""
    return [url.strip() for url in re.split(r",\s*(?=mqtts?://)", text)]


def _check_mqtt_urls(text: str) -> None:
    places = [_mqtt_place(url) for url in split_urls(text)]
    twice = {place for place in places if places.count(place) > 1}
    if twice:
        # Two connections under one client id would throw each other out for ever.
        raise ValueError(f"broker {', '.join(sorted(twice))} is given twice")


def _mqtt_place(text: str) -> str:
    """Host and port of one broker's address. Raises ValueError when it is none."""
    parts = urlsplit(text)
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
        raise ValueError(f"'{_shown(text)}' is not of the form mqtt://user:password@host:1883 or mqtts://host:8883")
    try:
        port = parts.port
    except ValueError as error:
        raise ValueError(f"'{_shown(text)}': {error}") from None
    unknown = sorted(set(parse_qs(parts.query)) - {"site"})
    if unknown:
        raise ValueError(f"'{_shown(text)}': unknown option {', '.join(unknown)}; known: site")
    return f"{parts.hostname}:{port or (8883 if parts.scheme == 'mqtts' else 1883)}"


def _photo_folder(text: str) -> Path:
    """Of `file:///var/lib/photos` or a plain path."""
    parts = urlsplit(text)
    if parts.scheme == "" and not text.startswith("//"):
        return Path(text).expanduser()
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or not parts.path or parts.query:
        raise ValueError(f"'{_shown(text)}': this version keeps photos in a folder; give file:///path or a plain path")
    return Path(unquote(parts.path))


def _shown(url: str) -> str:
    """An address without the name and password that it may carry."""
    return re.sub(r"//[^/]*@", "//…@", url)


def _check_together(values: Mapping[str, Any], faults: list[str]) -> None:
    if values.get("influx_url") and not values.get("influx_bucket"):
        faults.append(
            "FIELDPROOF_INFLUX_BUCKET: needed with FIELDPROOF_INFLUX_URL (InfluxDB 1.x: the database, 'db' or 'db/rp')"
        )
    if bool(values.get("mqtt_cert")) != bool(values.get("mqtt_key")):
        faults.append("FIELDPROOF_MQTT_CERT and FIELDPROOF_MQTT_KEY: give both or neither")
    if bool(values.get("tls_cert")) != bool(values.get("tls_key")):
        faults.append("FIELDPROOF_TLS_CERT and FIELDPROOF_TLS_KEY: give both or neither")
    elif values.get("tls_cert") and (fault := fault_in_pair(values["tls_cert"], values["tls_key"])):
        faults.append(fault)
