"""`fieldproof devices check`: what is wrong with profiles, what does not hold in them, and what could be better."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collector.devices.examples import differences, example_payload, unshown
from collector.devices.explain import records, unfound, unreached
from collector.errors import ConfigError
from collector.profiles.faults import Source
from collector.profiles.files import read_yaml_with_lines
from collector.profiles.library import profile_files
from collector.profiles.loading import load_profile
from collector.profiles.paths import ABSENT, walk
from collector.profiles.profile import Profile
from collector.profiles.vocabulary import Vocabulary

_FEW_EXAMPLES = 2


@dataclass(slots=True)
class Checked:
    """One file. `faults`: it cannot be used. `wrong`: it can, but its examples do not come out. `hints`: no faults."""

    file: Path
    profile: Profile | None = None
    faults: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not self.faults and not self.wrong


@dataclass(slots=True)
class Report:
    checked: list[Checked]
    # Of folders, not of a file in them.
    faults: list[str] = field(default_factory=list)

    @property
    def unusable(self) -> bool:
        return bool(self.faults) or any(one.faults for one in self.checked)

    @property
    def good(self) -> bool:
        return not self.faults and all(one.good for one in self.checked)


def check_folders(folders: Sequence[Path], vocabulary: Vocabulary) -> Report:
    """The profiles as a collector would load them: a later folder's may replace one of the same id."""
    report = Report([])
    for folder in folders:
        _add(report, folder, vocabulary)
    return report


def check_paths(paths: Iterable[Path], vocabulary: Vocabulary) -> Report:
    """Files, and all files of folders. No two may have one id."""
    report = Report([])
    for path in paths:
        if path.is_file():
            report.checked.append(check_file(path, vocabulary))
        else:
            _add(report, path, vocabulary)
    _find_twins(report.checked)
    return report


def _add(report: Report, folder: Path, vocabulary: Vocabulary) -> None:
    inner = folder / "profiles"
    files = profile_files(folder) if inner.is_dir() else sorted(folder.rglob("*.yaml"))
    checked = [check_file(file, vocabulary) for file in files]
    _find_twins(checked)
    report.checked += checked
    where = inner if inner.is_dir() else folder
    if not folder.is_dir():
        report.faults.append(f"{folder}: no such folder; correct FIELDPROOF_DEVICES, or make it")
    elif not files:
        report.faults.append(f"{where}: no device profile is there; a profile is a file that ends in .yaml")
    report.faults += [
        f"{file}: is not read; give it a name that ends in .yaml" for file in sorted(where.rglob("*.yml"))
    ]


def check_file(file: Path, vocabulary: Vocabulary) -> Checked:
    try:
        profile = load_profile(file, vocabulary)
        content, lines = read_yaml_with_lines(file)
    except ConfigError as error:
        return Checked(file, faults=error.faults)
    source = Source(file, lines)
    wrong = [*_lies(profile, source, vocabulary), *_unreached(profile, source)]
    return Checked(file, profile, wrong=wrong, hints=[*hints(content), *_unnoticed(profile)])


def _lies(profile: Profile, source: Source, vocabulary: Vocabulary) -> Iterator[str]:
    """What several examples have in common is said of the first."""
    found: dict[str, list[int]] = {}
    for index, example in enumerate(profile.examples):
        for what in differences(profile, example, vocabulary):
            found.setdefault(what, []).append(index)
    for what, of in found.items():
        more = f", and {len(of) - 1} more" if len(of) > 1 else ""
        yield source.fault(("examples", of[0]), f"({profile.examples[of[0]]['description']}{more}) {what}")


def _contents(profile: Profile) -> list[Any]:
    """What the decoder makes of all the examples."""
    return [
        record.content
        for example in profile.examples
        for record in records(profile, example["topic"], example_payload(example))
    ]


def _unreached(profile: Profile, source: Source) -> Iterator[str]:
    """Metrics that no example shows: mostly a path that leads nowhere."""
    missing, contents = unshown(profile, profile.examples), _contents(profile)
    if missing and not contents:
        yield source.fault(("examples",), "none of them is read by this profile; add a message that is")
        return
    for index, rule in missing:
        why = unfound(rule, contents)
        end = "" if why.endswith("?") else "."
        yield source.fault(
            ("metrics", index, "path"),
            f"no example shows {rule.name}: {why}{end} Correct the path, add a message that"
            " has it to the examples, or say optional: true",
        )


def _unnoticed(profile: Profile) -> Iterator[str]:
    """Troubles that no example shows: with a misspelt path a fault of the device would pass for a good value."""
    contents = _contents(profile)
    for path in dict.fromkeys(rule.path for rule in profile.quality):
        if contents and all(walk(content, path, ABSENT) is ABSENT for content in contents):
            yield f"quality: no example shows it: {unreached(path, contents)}"


def _find_twins(checked: Iterable[Checked]) -> None:
    first: dict[str, Path] = {}
    for one in checked:
        if one.profile is None:
            continue
        other = first.setdefault(one.profile.id, one.file)
        if other != one.file:
            one.faults.append(
                f"{one.file}: id: '{one.profile.id}' is the id of {other} too; give each an id of its own"
            )


def hints(content: dict[str, Any]) -> Iterator[str]:
    """What would make a good profile better. `content`: as it stands in the file."""
    if not content.get("products"):
        yield "products: say for which devices it was written"
    if not content.get("caveats"):
        yield "caveats: say what one must know before relying on the device, with a link to the vendor's page"
    if not content.get("expect"):
        yield "expect: say how often the device speaks, so that its silence is noticed in time"
    if len(content["examples"]) < _FEW_EXAMPLES:
        yield "examples: there is one; add a message with a fault, without some values, or of another kind"
