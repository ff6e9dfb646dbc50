"""A proposal written down as a profile, with the readings that come of its examples, and never over another file."""

from __future__ import annotations

import tempfile
from pathlib import Path

from collector.devices.examples import process
from collector.devices.propose import Proposal
from collector.devices.writing import Outcome, Product, profile_text
from collector.ingest.pipeline import Processed
from collector.profiles.library import Library
from collector.profiles.loading import load_profile
from collector.profiles.profile import Profile
from collector.profiles.vocabulary import Vocabulary


class CannotWriteError(Exception):
    """Says what stands in the way, and what to do."""


def write(product: Product, proposal: Proposal, folder: Path, library: Library, vocabulary: Vocabulary) -> Path:
    """Below the device_configs `folder`. Raises CannotWriteError, OSError."""
    file = product.file(folder)
    if not product.id:
        raise CannotWriteError("vendor and model need a letter or a figure each")
    if (twin := _twin(product.id, library)) is not None and twin.file.resolve() != file.resolve():
        raise CannotWriteError(f"the id {product.id} is that of {twin.file}; give another model")
    outcomes = [Outcome()] * len(proposal.examples)
    # Twice: that an example has no time of its own is seen when it is read.
    for _ in range(2):
        outcomes = _outcomes(profile_text(product, proposal, outcomes, file), vocabulary)
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(profile_text(product, proposal, outcomes, file))
    except FileExistsError:
        raise CannotWriteError(f"{file} is there already and stays as it is; give another model, or --out") from None
    return file


def _twin(id_: str, library: Library) -> Profile | None:
    return next((profile for profile in library.profiles if profile.id == id_), None)


def _outcomes(text: str, vocabulary: Vocabulary) -> list[Outcome]:
    """What the profile makes of its examples. Raises ConfigError for a proposal that cannot be a profile."""
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / "draft.yaml"
        draft.write_text(text, encoding="utf-8")
        profile = load_profile(draft, vocabulary)
    return [_outcome(process(profile, example, vocabulary), "received" in example) for example in profile.examples]


def _outcome(result: Processed, received: bool) -> Outcome:
    refused = result.refused.reason if result.refused is not None else ""
    return Outcome(result.readings, refused, received or any(reading.stamped for reading in result.readings))
