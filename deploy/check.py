"""Checks every file in deploy/ as far as a tool on this machine can; called by `make check`.

One line for each file says how far it was checked. Exits with 1 when a file has a fault.
"""

from __future__ import annotations

import getpass
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml

from collector.settings import PREFIX, Settings

DEPLOY = Path(__file__).resolve().parent
ROOT = DEPLOY.parent
_PASSWORD = "only for this check"  # noqa: S105 - the broker of the check lives for a second
_START_TIMEOUT_S = 10.0

# path -> (how far it was checked, faults)
Outcome = tuple[str, list[str]]


def find_tool(name: str) -> str | None:
    """Also in /usr/sbin, where Debian puts mosquitto and where a user's PATH does not look."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# --- mosquitto ----------------------------------------------------------------------------------------------------


def broker_config(folder: Path, port: int) -> Path:
    """Our mosquitto.conf with the paths, port and user of a throw-away broker, and nothing else changed."""
    text = (DEPLOY / "mosquitto" / "mosquitto.conf").read_text(encoding="utf-8")
    for setting, value in {
        "listener": f"{port} 127.0.0.1",
        "persistence_location": f"{folder}/",
        "password_file": str(folder / "passwords"),
        "acl_file": str(folder / "acl"),
    }.items():
        text, count = re.subn(rf"^{setting} .*$", f"{setting} {value}", text, flags=re.MULTILINE)
        if count != 1:
            raise ValueError(f"'{setting}' stands there {count} times, not once")
    path = folder / "mosquitto.conf"
    # As root mosquitto would drop its rights to a user that may not enter our temporary folder.
    path.write_text(f"{text}\nuser {getpass.getuser()}\n", encoding="utf-8")
    shutil.copy(DEPLOY / "mosquitto" / "acl", folder / "acl")
    (folder / "acl").chmod(0o600)
    return path


def add_user(folder: Path, name: str, password: str = _PASSWORD) -> None:
    tool = find_tool("mosquitto_passwd")
    if tool is None:
        raise FileNotFoundError("mosquitto_passwd")
    create = [] if (folder / "passwords").exists() else ["-c"]
    command = [tool, "-b", *create, str(folder / "passwords"), name, password]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own words only


def start_broker(config: Path, port: int) -> subprocess.Popen[bytes]:
    """A running broker that takes connections. Raises RuntimeError with its own words when it does not start."""
    tool = find_tool("mosquitto")
    if tool is None:
        raise FileNotFoundError("mosquitto")
    log = config.with_suffix(".log")
    with log.open("ab") as output:
        process = subprocess.Popen([tool, "-c", str(config)], stderr=output, stdout=output)  # noqa: S603
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            return process
    process.kill()
    process.wait()
    raise RuntimeError(log.read_text(encoding="utf-8", errors="replace").strip()[-500:])


def check_mosquitto(path: Path) -> Outcome:
    if find_tool("mosquitto") is None or find_tool("mosquitto_passwd") is None:
        return "keys only, because mosquitto is not installed", list(_unknown_keys(path))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        port = free_port()
        try:
            config = broker_config(folder, port)
            add_user(folder, "collector")
            process = start_broker(config, port)
        except (RuntimeError, ValueError) as error:
            return "started", [str(error)]
        process.terminate()
        process.wait(timeout=_START_TIMEOUT_S)
        return "started by mosquitto", list(_complaints(config.with_suffix(".log")))


def _complaints(log: Path) -> Iterator[str]:
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        # That the check itself runs as root is no fault of the file.
        if re.search(r"error|warning", line, re.IGNORECASE) and "should not be run as root" not in line:
            yield line


_MOSQUITTO_LINE = re.compile(
    r"(listener|allow_anonymous|password_file|acl_file|persistence|persistence_location|persistence_file"
    r"|autosave_interval|autosave_on_changes|max_queued_messages|max_queued_bytes|queue_qos0_messages"
    r"|max_inflight_messages|persistent_client_expiration|message_size_limit|log_dest|log_type) \S.*|#.*|"
)


def _unknown_keys(path: Path) -> Iterator[str]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not _MOSQUITTO_LINE.fullmatch(line):
            yield f"line {number}: '{line}'"


def check_acl(path: Path) -> Outcome:
    rule = re.compile(r"(#.*|user \S+|(topic|pattern) (read|write|readwrite|deny) \S+|)")
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    return "every rule read", [f"line {number}: '{line}'" for number, line in lines if not rule.fullmatch(line)]


# --- systemd ------------------------------------------------------------------------------------------------------


def check_unit(path: Path) -> Outcome:
    faults = list(_unit_faults(path))
    tool = find_tool("systemd-analyze")
    if tool is None:
        return "sections and keys only, because systemd-analyze is not installed", faults
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        # Our program is not installed where the unit looks for it: any program that exists will do.
        text = re.sub(
            r"^ExecStart=\S+", f"ExecStart={sys.executable}", path.read_text(encoding="utf-8"), flags=re.MULTILINE
        )
        copy.write_text(text, encoding="utf-8")
        command = [tool, "verify", str(copy)]
        result = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    complaints = [line for line in result.stderr.splitlines() if path.name in line]
    if result.returncode and not complaints:
        complaints = [result.stderr.strip() or f"systemd-analyze verify: {result.returncode}"]
    return "systemd-analyze verify", faults + complaints


def _unit_faults(path: Path) -> Iterator[str]:
    section = ""
    seen: set[str] = set()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if found := re.fullmatch(r"\[(Unit|Service|Install)\]", line):
            section = found[1]
        elif found := re.fullmatch(r"([A-Z][A-Za-z]+)=(.*)", line):
            seen.add(f"{section}.{found[1]}")
        elif line and not line.startswith("#"):
            yield f"line {number}: '{line}'"
    for key in ("Unit.Description", "Service.ExecStart", "Service.Restart", "Service.User", "Install.WantedBy"):
        if key not in seen:
            yield f"{key} is missing"


# --- containers ---------------------------------------------------------------------------------------------------


def check_compose(path: Path) -> Outcome:
    try:
        content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        return "read", [str(error)]
    services: dict[str, dict[str, Any]] = content["services"]
    volumes = set(content.get("volumes", {}))
    faults = [
        fault for name, service in services.items() for fault in _service_faults(name, service, services, volumes)
    ]
    used = {str(volume).split(":")[0] for service in services.values() for volume in service.get("volumes", [])}
    faults += [f"volume '{name}' is used by no service" for name in sorted(volumes - used)]
    return "services, volumes, files and references", faults


def _service_faults(
    name: str, service: dict[str, Any], services: dict[str, dict[str, Any]], volumes: set[str]
) -> Iterator[str]:
    if "image" not in service and "build" not in service:
        yield f"{name}: neither image nor build"
    if "build" in service and not (ROOT / service["build"]["dockerfile"]).is_file():
        yield f"{name}: there is no {service['build']['dockerfile']}"
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith(".") and not (DEPLOY / source).exists():
            yield f"{name}: there is no {source}"
        if not source.startswith((".", "/")) and source not in volumes:
            yield f"{name}: volume '{source}' is not declared"
    for other, how in service.get("depends_on", {}).items():
        if other not in services:
            yield f"{name}: depends on '{other}', which is no service"
        elif how["condition"] == "service_healthy" and "healthcheck" not in services[other]:
            yield f"{name}: waits for '{other}' to be healthy, which has no health check"
    files = service.get("env_file", [])
    for file in [files] if isinstance(files, str) else files:
        if not any((DEPLOY / example).is_file() for example in (f"{file}.example", file.replace(".env", ".example"))):
            yield f"{name}: there is no example of {file}"
    yield from _unknown_settings(f"{name}.environment: ", service.get("environment", {}))


_INSTRUCTION = re.compile(
    "(FROM|WORKDIR|COPY|ADD|RUN|USER|VOLUME|ENV|ARG|EXPOSE|STOPSIGNAL|ENTRYPOINT|CMD|HEALTHCHECK|LABEL|SHELL) +.+"
)


def check_dockerfile(path: Path) -> Outcome:
    text = path.read_text(encoding="utf-8")
    lines = [line for line in re.sub(r"\\\n", " ", text).splitlines() if line and not line.startswith("#")]
    faults = [] if lines and lines[0].startswith("FROM ") else ["the first instruction is not FROM"]
    stages = set(re.findall(r"^FROM \S+ AS (\S+)$", text, flags=re.MULTILINE))
    for line in lines:
        instruction, _, rest = line.partition(" ")
        if not _INSTRUCTION.fullmatch(line):
            faults.append(f"'{line}'")
        elif instruction == "COPY":
            faults += _copy_faults(rest.split(), stages)
        elif instruction in ("ENTRYPOINT", "CMD") and not isinstance(yaml.safe_load(rest), list):
            faults.append(f"{instruction} is no list, so signals would not reach the process")
    return "instructions and sources", faults


def _copy_faults(words: list[str], stages: set[str]) -> Iterator[str]:
    if words[0].startswith("--from="):
        if words[0].removeprefix("--from=") not in stages:
            yield f"COPY {words[0]}: there is no such stage"
        return
    for source in words[:-1]:
        if not (ROOT / source).exists():
            yield f"COPY {source}: there is no such file"


def check_ignore(path: Path) -> Outcome:
    lines = path.read_text(encoding="utf-8").splitlines()
    return "secrets are left out", [] if "*.env" in lines else ["'*.env' is missing: secrets would be copied"]


# --- settings -----------------------------------------------------------------------------------------------------


def check_env(path: Path) -> Outcome:
    settings: dict[str, str] = {}
    faults: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        # A setting that is commented out, '#NAME=value', is checked as well; '# text' is text.
        found = re.fullmatch(r"#?([A-Z][A-Z0-9_]*)=(.*)", line)
        if found:
            settings[found[1]] = found[2]
        elif line and not line.startswith("#"):
            faults.append(f"line {number}: '{line}'")
    return "every setting is known", faults + list(_unknown_settings("", settings))


def _unknown_settings(where: str, settings: dict[str, Any]) -> Iterator[str]:
    known = {field.name for field in fields(Settings)}
    for key in settings:
        name = key.removeprefix(PREFIX).lower()
        if key.startswith(PREFIX) and name not in known and name.removesuffix("_file") not in known:
            yield f"{where}{key} is no setting"


def check_text(_: Path) -> Outcome:
    return "documentation", []


CHECKS: list[tuple[str, Callable[[Path], Outcome]]] = [
    ("mosquitto/mosquitto.conf", check_mosquitto),
    ("mosquitto/acl", check_acl),
    ("systemd/*.service", check_unit),
    ("compose.yaml", check_compose),
    ("Dockerfile", check_dockerfile),
    ("Dockerfile.dockerignore", check_ignore),
    ("*.example", check_env),
    ("**/*.md", check_text),
]


def main() -> int:
    todo = {path: check for pattern, check in CHECKS for path in sorted(DEPLOY.glob(pattern))}
    failed = False
    for path, check in todo.items():
        how, faults = check(path)
        failed = failed or bool(faults)
        sys.stdout.write(f"deploy/{path.relative_to(DEPLOY)}: {'ok' if not faults else 'FAULTY'} ({how})\n")
        sys.stdout.writelines(f"  {fault}\n" for fault in faults)
    others = [path for path in DEPLOY.rglob("*") if path.is_file() and path not in todo and path != Path(__file__)]
    unchecked = [path for path in others if "__pycache__" not in path.parts]
    sys.stdout.writelines(
        f"deploy/{path.relative_to(DEPLOY)}: FAULTY (no check knows this file)\n" for path in unchecked
    )
    return 1 if failed or unchecked else 0


if __name__ == "__main__":
    sys.exit(main())
