"""How a data folder is divided between several collectors: no reshard is unfinished, and all have run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from collector.doctor.finding import Finding, bad, ok
from collector.doctor.patient import Patient, reading
from collector.errors import StoreUnavailable
from collector.sharding import plan as plans
from collector.sharding.layout import ALONE, PLAN, Shard, files, recorded

CHECK = "collectors"


def look(patient: Patient) -> Iterator[Finding]:
    """Nothing about a folder that one collector has for itself."""
    folder = patient.settings.data
    if (folder / PLAN).exists():
        # Until it is finished files and records may say either.
        yield _unfinished(folder)
        return
    there = {index: _recorded(path) for index, path in files(folder).items()}
    count = (there.get(0) or ALONE).count
    strange = [shard for index, shard in there.items() if shard and index and shard.count != count]
    missing = [Shard(index, count) for index in range(1, count) if index not in there]
    yield from [_of_another_division(shard, folder, count) for shard in strange]
    yield from [_missing(shard, folder) for shard in missing]
    if count > 1 and not strange and not missing:
        yield ok(CHECK, f"{count} collectors share the devices, and each has its file in {folder}")


def _recorded(path: Path) -> Shard | None:
    """None also when it cannot be read: the check of the files says so."""
    try:
        with reading(path) as db:
            return recorded(db)
    except StoreUnavailable:
        return None


def _missing(shard: Shard, folder: Path) -> Finding:
    return bad(
        CHECK,
        f"collector {shard} has never run here: there is no {shard.database(folder)}",
        "The data of the devices that are its share is collected by nobody.",
        f"Start it: 'fieldproof collect --shard {shard}'.",
    )


def _unfinished(folder: Path) -> Finding:
    again, back = "fieldproof reshard", ""
    try:
        plan = plans.load(folder)
    except (OSError, ValueError, TypeError):
        plan = None
    if plan is not None:
        again = f"fieldproof reshard {plan.after}"
        back = f", or take it back with 'fieldproof reshard {plan.before}'" if plan.phase == "drain" else ""
    return bad(
        CHECK,
        f"'{again}' was begun and not finished ({folder / PLAN})",
        "Until it is finished no collector starts, so nothing is collected. What devices send waits at the broker,"
        " as far as its queue goes.",
        f"If it is not running at this moment, run '{again}' again{back}; then start the collectors. Nothing is lost.",
    )


def _of_another_division(shard: Shard, folder: Path, count: int) -> Finding:
    path = shard.database(folder)
    return bad(
        CHECK,
        f"{path} is of collector {shard}, and collector.db says that there are {count}",
        "Collectors that disagree do not start: a device could be stored by two, or by none.",
        f"Stop all collectors. If {path.name} was copied here from elsewhere, move it away; else ask for help,"
        " and delete nothing.",
    )
