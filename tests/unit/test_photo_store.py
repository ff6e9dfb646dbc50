"""Originals and uploads on a real disk: resumed, locked, refused, damaged."""

from __future__ import annotations

import hashlib
import io
import os
import resource
import signal
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from collector.errors import ConfigError, StoreUnavailable
from collector.settings import Settings, load_settings
from tests.images import encoded, halves
from webapp.evidence.parts import Parts
from webapp.evidence.photo_store import (
    MAX_PHOTO_BYTES,
    DigestMismatch,
    FolderPhotoStore,
    NotAPhoto,
    PartBusy,
    PartGone,
    PhotoMissing,
    Stored,
    TooLarge,
    open_photo_store,
)
from webapp.up import as_environment

UPLOAD = "01949f2e-7c00-7000-8000-000000000001"
JPEG = encoded(halves(64, 48), "JPEG")
SHA256 = hashlib.sha256(JPEG).hexdigest()
STORED = Stored(SHA256, len(JPEG), "image/jpeg")


@pytest.fixture
def store(tmp_path: Path) -> FolderPhotoStore:
    return FolderPhotoStore(tmp_path / "photos")


def upload(store: FolderPhotoStore, content: bytes = JPEG, ident: str = UPLOAD) -> None:
    store.begin(ident)
    with store.writing(ident) as part:
        part.write(content)
        part.sync()


def files(store: FolderPhotoStore) -> list[str]:
    return sorted(str(path.relative_to(store.root)) for path in store.root.rglob("*") if path.is_file())


def test_an_upload_becomes_an_original_under_its_hash(store: FolderPhotoStore) -> None:
    upload(store)
    assert store.finish(UPLOAD, SHA256) == STORED
    assert files(store) == [f"{SHA256[:2]}/{SHA256}"]
    assert store.path(SHA256).read_bytes() == JPEG
    assert (store.holds(SHA256, len(JPEG)), store.holds(SHA256, 1), store.check(SHA256)) == (True, False, True)
    with store.open(SHA256) as file:
        assert file.read() == JPEG


def test_an_original_can_be_written_by_nobody_and_read_by_no_stranger(store: FolderPhotoStore) -> None:
    store.put(io.BytesIO(JPEG), None)
    assert stat.S_IMODE(store.path(SHA256).stat().st_mode) == 0o440


def test_an_upload_goes_on_where_it_was_left(store: FolderPhotoStore) -> None:
    store.begin(UPLOAD)
    for offset in range(0, len(JPEG), 100):
        assert store.size(UPLOAD) == offset
        with FolderPhotoStore(store.root).writing(UPLOAD) as part:
            assert part.offset == offset
            part.write(JPEG[offset : offset + 100])
    assert store.finish(UPLOAD, SHA256) == STORED


def test_a_chunk_with_a_wrong_checksum_can_be_taken_back(store: FolderPhotoStore) -> None:
    store.begin(UPLOAD)
    with store.writing(UPLOAD) as part:
        part.write(JPEG[:100])
        part.write(b"garbled on the way")
        part.rewind(100)
        part.write(JPEG[100:])
        with pytest.raises(ValueError, match="not between"):
            part.rewind(len(JPEG) + 1)
    assert store.finish(UPLOAD, SHA256) == STORED


def test_one_request_at_a_time_has_an_upload_in_hand(store: FolderPhotoStore) -> None:
    upload(store)
    with store.writing(UPLOAD):
        with pytest.raises(PartBusy), FolderPhotoStore(store.root).writing(UPLOAD):
            pass
        with pytest.raises(PartBusy):
            store.finish(UPLOAD, SHA256)
    assert store.finish(UPLOAD, SHA256) == STORED


def test_an_upload_that_is_not_there_is_gone(store: FolderPhotoStore) -> None:
    assert store.size(UPLOAD) is None
    with pytest.raises(PartGone), store.writing(UPLOAD):
        pass
    upload(store)
    store.finish(UPLOAD, SHA256)
    with pytest.raises(PartGone):
        store.finish(UPLOAD, SHA256)
    store.discard(UPLOAD)
    assert store.size(UPLOAD) is None


def test_what_is_discarded_while_it_is_written_never_becomes_an_original(store: FolderPhotoStore) -> None:
    store.begin(UPLOAD)
    with store.writing(UPLOAD) as part:
        store.discard(UPLOAD)
        part.write(JPEG)
    with pytest.raises(PartGone):
        store.finish(UPLOAD, SHA256)
    assert files(store) == []


def test_an_upload_that_goes_between_opening_and_locking_it_is_gone(tmp_path: Path) -> None:
    class Slow(Parts):
        def _taken(self, descriptor: int) -> bool:
            self.discard(UPLOAD)
            self.begin(UPLOAD)
            return super()._taken(descriptor)

    parts = Slow(tmp_path)
    parts.begin(UPLOAD)
    with pytest.raises(PartGone), parts.locked(UPLOAD):
        pass


def test_an_upload_that_was_killed_while_it_was_finished_can_be_written_again(store: FolderPhotoStore) -> None:
    store.begin(UPLOAD)
    path = store.root / f"uploads/{UPLOAD}.part"
    path.chmod(0o440)
    with store.writing(UPLOAD) as part:
        part.write(JPEG)
        # Root may write whatever the mode says; others may not.
        assert path.stat().st_mode & stat.S_IWUSR
    assert store.finish(UPLOAD, SHA256) == STORED


def test_an_upload_cannot_be_begun_twice(store: FolderPhotoStore) -> None:
    upload(store)
    with pytest.raises(FileExistsError):
        store.begin(UPLOAD)
    assert store.size(UPLOAD) == len(JPEG)


def test_bytes_that_are_not_those_announced_are_refused_and_discarded(store: FolderPhotoStore) -> None:
    upload(store, JPEG + b"!")
    with pytest.raises(DigestMismatch, match=SHA256):
        store.finish(UPLOAD, SHA256)
    assert files(store) == []


@pytest.mark.parametrize("content", [b"", b"<svg/>", b"GIF89a", b"PK\3\4"])
def test_what_is_not_a_photo_is_refused_and_discarded(store: FolderPhotoStore, content: bytes) -> None:
    upload(store, content)
    with pytest.raises(NotAPhoto):
        store.finish(UPLOAD, hashlib.sha256(content).hexdigest())
    assert files(store) == []


def test_the_same_photo_again_is_the_same_original(store: FolderPhotoStore) -> None:
    assert store.put(io.BytesIO(JPEG), SHA256) == STORED
    before = store.path(SHA256).stat()
    assert store.put(io.BytesIO(JPEG), None) == STORED
    assert os.path.samestat(before, store.path(SHA256).stat())
    assert files(store) == [f"{SHA256[:2]}/{SHA256}"]


@pytest.mark.parametrize("rotten", [JPEG[:-1], JPEG[:-1] + b"\0", b""])
def test_a_damaged_original_is_set_aside_for_the_good_copy(
    store: FolderPhotoStore, rotten: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    store.put(io.BytesIO(JPEG), None)
    for number in (1, 2):
        store.path(SHA256).chmod(0o600)
        store.path(SHA256).write_bytes(rotten)
        assert not store.check(SHA256)
        assert store.put(io.BytesIO(JPEG), None) == STORED
        assert store.check(SHA256)
        assert store.path(SHA256).with_name(f"{SHA256}.damaged-{number}").read_bytes() == rotten
    assert list(store.originals()) == [SHA256]
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]


def test_imports_leave_nothing_behind_when_they_fail(store: FolderPhotoStore) -> None:
    with pytest.raises(DigestMismatch):
        store.put(io.BytesIO(JPEG), "0" * 64)
    with pytest.raises(NotAPhoto):
        store.put(io.BytesIO(b"%PDF-1.7"), None)
    with pytest.raises(TooLarge):
        store.put(io.BytesIO(JPEG + bytes(MAX_PHOTO_BYTES)), None)
    assert files(store) == []


def test_originals_are_listed_without_what_lies_beside_them(store: FolderPhotoStore) -> None:
    assert list(store.originals()) == []
    names = [store.put(io.BytesIO(encoded(halves(8 + n, 8), "PNG")), None).sha256 for n in range(20)]
    upload(store)
    for stray in ("uploads/x.part", "ab.txt", f"{names[0][:2]}/notes.txt", f"{names[0][:2]}/{'a' * 63}"):
        (store.root / stray).write_bytes(b"")
    assert list(store.originals()) == sorted(names)


def test_a_photo_that_is_not_there_is_missing(store: FolderPhotoStore) -> None:
    with pytest.raises(PhotoMissing):
        store.open(SHA256)
    assert not store.holds(SHA256, len(JPEG))
    assert not store.check(SHA256)


TRICKS = [
    *("", ".", "..", "../../etc/passwd", "/etc/passwd", "a/b", "..%2f" * 4, "-" * 20, "CON"),
    *("a\0b" + "0" * 62, "A" * 64, "0" * 63, "0" * 64 + "\n", "０" * 64),
]


@pytest.mark.parametrize("name", TRICKS)
def test_no_name_leads_out_of_the_folder(store: FolderPhotoStore, name: str) -> None:
    for of_photo in (store.open, store.path, store.check):
        with pytest.raises(ValueError, match="SHA-256"):
            of_photo(name)
    with pytest.raises(ValueError, match="SHA-256"):
        store.rendition(name, "thumb")
    if len(name) not in (63, 64) or not name.isascii():
        for of_upload in (store.begin, store.size, store.discard):
            with pytest.raises(ValueError, match="upload"):
                of_upload(name)
    assert not store.root.exists()


def test_a_link_in_place_of_an_original_is_not_followed(store: FolderPhotoStore, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("do not read")
    store.path(SHA256).parent.mkdir(parents=True)
    store.path(SHA256).symlink_to(tmp_path / "secret")
    with pytest.raises(StoreUnavailable):
        store.open(SHA256)


def test_uploads_to_which_nothing_was_added_for_long_are_stale(store: FolderPhotoStore) -> None:
    assert list(store.stale_parts(0)) == []
    upload(store, ident="upload-of-today")
    upload(store, ident="upload-of-last-week")
    (store.root / "uploads/of somebody else.part").write_bytes(b"")
    old = time.time() - 7 * 86_400
    os.utime(store.root / "uploads/upload-of-last-week.part", (old, old))
    assert list(store.stale_parts(86_400)) == ["upload-of-last-week"]


def test_renditions_lie_beside_the_originals(store: FolderPhotoStore) -> None:
    paths = {store.rendition(SHA256, "thumb"), store.rendition(SHA256, "large")}
    assert len(paths) == 2
    assert {path.parent for path in paths} == {store.root / "renditions" / SHA256[:2]}


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """The kernel refuses to write beyond it, as it does on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_chunk_that_does_not_fit_leaves_the_upload_as_it_was(store: FolderPhotoStore) -> None:
    store.begin(UPLOAD)
    with store.writing(UPLOAD) as part:
        part.write(JPEG[:300])
        with file_size_limit(400), pytest.raises(StoreUnavailable):
            part.write(JPEG[300:])
        assert (part.offset, store.size(UPLOAD)) == (300, 300)
        part.write(JPEG[300:])
    assert store.finish(UPLOAD, SHA256) == STORED


def test_a_folder_that_is_away_is_called_unavailable(tmp_path: Path) -> None:
    (tmp_path / "photos").write_bytes(b"a file where a folder should be")
    store = FolderPhotoStore(tmp_path / "photos")
    with pytest.raises(StoreUnavailable, match="photos"):
        store.begin(UPLOAD)
    with pytest.raises(StoreUnavailable):
        store.put(io.BytesIO(JPEG), None)


def test_photos_are_kept_in_the_data_folder_unless_told_otherwise(tmp_path: Path) -> None:
    def root(**env: str) -> Path:
        store = open_photo_store(load_settings(env))
        assert isinstance(store, FolderPhotoStore)
        return store.root

    assert root(FIELDPROOF_DATA=str(tmp_path)) == tmp_path / "photos"
    assert root(FIELDPROOF_PHOTOS_URL="file:///srv/field%20photos") == Path("/srv/field photos")
    assert root(FIELDPROOF_PHOTOS_URL="/srv/photos") == Path("/srv/photos")
    assert not (tmp_path / "photos").exists()


@pytest.mark.parametrize("url", ["s3://bucket/photos", "https://a:b@store.example.org", "file://nas/photos", "//nas/x"])
def test_any_other_place_for_photos_is_a_fault_of_configuration(url: str) -> None:
    with pytest.raises(ConfigError, match=r"FIELDPROOF_PHOTOS_URL.*keeps photos in a folder") as caught:
        load_settings({"FIELDPROOF_PHOTOS_URL": url})
    assert "a:b" not in str(caught.value)


def test_child_processes_are_told_where_photos_are() -> None:
    assert as_environment(Settings(photos_url="/srv/photos"))["FIELDPROOF_PHOTOS_URL"] == "/srv/photos"
