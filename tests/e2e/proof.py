"""What must hold when a walkthrough has come to the server, whatever happened on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from tests.e2e.claims import check_claims, truth_of
from tests.e2e.dairy import Dairy
from tests.e2e.phone import Phone
from tests.e2e.photos import Photo
from tests.e2e.walk import Value, Walk

Inspection = dict[str, Any]


def answers_lost(there: Inspection, walk: Walk) -> list[str]:
    """Every version made on this phone must be there as it was made: same id, same digest."""
    digests = Counter((answer["id"], answer["sha256"]) for answer in there["answers"])
    made = [(row["id"], row["sha256"]) for row in walk.own_answers()]
    return [ident for ident, sha256 in made if digests[ident, sha256] != 1]


def heads(there: Inspection, item: str, device: str) -> list[Value]:
    """What counts of this device's answers to the item."""
    rows = [row for row in there["answers"] if row["item"] == item and row["device_id"] == device]
    replaced = {ident for row in rows for ident in row["replaces"]}
    return [row["value"] for row in rows if row["id"] not in replaced]


def answers_wrong(there: Inspection, walk: Walk) -> list[str]:
    """What the screen called saved must be this device's one current answer."""
    device = walk.own_answers()[0]["deviceId"]
    found = {name: heads(there, name, device) for name in walk.given}
    return [f"{name}: {found[name]}, not {value}" for name, value in walk.given.items() if found[name] != [value]]


def photos_wrong(dairy: Dairy, there: Inspection, photos: Iterable[Photo]) -> list[str]:
    """Each once, byte for byte what the camera gave, linked once, and nothing else."""
    fed = {photo.sha256: photo.content for photo in photos}
    stored = dairy.originals()
    wrong = [f"{sha256} is not stored as it was taken" for sha256 in fed if stored.get(sha256) != fed[sha256]]
    wrong += [f"{sha256} was never taken" for sha256 in stored.keys() - fed.keys()]
    named = {photo["sha256"]: photo for photo in there["photos"]}
    if sorted(named) != sorted(fed) or len(there["photos"]) != len(fed):
        wrong.append(f"the walkthrough names {len(there['photos'])} photos, taken were {len(fed)}")
    for sha256, photo in named.items():
        if photo["state"] != "verified" or photo["size"] != len(fed.get(sha256, b"")) or len(photo["links"]) != 1:
            wrong.append(f"{sha256}: {photo['state']}, {photo['size']} bytes, {len(photo['links'])} links")
    return wrong


def assert_whole(dairy: Dairy, walks: Iterable[Walk], photos: Iterable[Photo]) -> Inspection:
    """`walks`: the same walkthrough on one phone or more."""
    walks = list(walks)
    there: Inspection = dairy.ask(f"/inspections/{walks[0].id}")
    assert there["state"] == "complete"
    assert there["missing"] == []
    assert not there["flagged"]
    assert [submission["version"] for submission in there["submissions"]] == [1]
    for walk in walks:
        assert walk.lost() == []
        assert answers_lost(there, walk) == []
        assert answers_wrong(there, walk) == []
    assert len(there["answers"]) == sum(len(walk.own_answers()) for walk in walks)
    assert photos_wrong(dairy, there, photos) == []
    return there


def assert_honest(dairy: Dairy, phones: Iterable[Phone]) -> None:
    """No phone ever claimed what the server did not have at that moment."""
    lies = check_claims([claim for phone in phones for claim in phone.claims], truth_of(dairy.inspections()))
    assert lies == [], "\n".join(lies)
