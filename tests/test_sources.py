"""The IDX datasets: known addresses and checksums, and files put in place as PyTorch keeps them."""

import gzip
import hashlib
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tapeout.data.errors import DataFileError, DatasetNotFoundError, DownloadError
from tapeout.data.filelock import file_lock, lock_path
from tapeout.data.idx import read_idx, write_idx
from tapeout.data.sources import FASHION_MNIST, MNIST, IdxFile, IdxSource, fetch_idx_set

ROLES = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}
ARRAYS = {
    "train_images": np.arange(42, dtype=np.uint8).reshape(7, 2, 3),
    "train_labels": np.arange(7, dtype=np.uint8)[::-1],
    "test_images": np.arange(100, 118, dtype=np.uint8).reshape(3, 2, 3),
    "test_labels": np.array([4, 2, 9], dtype=np.uint8),
}


@pytest.fixture
def source(tmp_path) -> IdxSource:
    """A small set with two mirrors, the first of which has nothing."""
    mirror = tmp_path / "mirror"
    for role, name in ROLES.items():
        write_idx(mirror / f"{name}.gz", ARRAYS[role])
    files = tuple(IdxFile(r, n, md5_of(mirror / f"{n}.gz")) for r, n in ROLES.items())
    mirrors = (f"{(tmp_path / 'empty').as_uri()}/", f"{mirror.as_uri()}/")
    return IdxSource("Small", mirrors, files)


def md5_of(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


def offline(source: IdxSource) -> IdxSource:
    """The same set with no mirror that could be read."""
    return IdxSource(source.name, ("unknown-scheme://nowhere/",), source.files)


def check_arrays(paths: dict[str, Path]) -> None:
    assert list(paths) == list(ROLES)
    for role, path in paths.items():
        np.testing.assert_array_equal(read_idx(path), ARRAYS[role])


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_download_puts_plain_and_gz_files_in_the_raw_folder(source, tmp_path):
    raw = source.raw_folder(tmp_path / "root")
    assert raw == tmp_path / "root" / "Small" / "raw"
    paths = fetch_idx_set(source, raw, download=True)
    check_arrays(paths)
    assert paths == {role: raw / name for role, name in ROLES.items()}
    assert names_in(raw) == {n for name in ROLES.values() for n in (name, f"{name}.gz")}


def test_plain_files_are_used_as_they_are(source, tmp_path):
    raw = tmp_path / "raw"
    for role, name in ROLES.items():
        write_idx(raw / name, ARRAYS[role])
    for download in (False, True):
        check_arrays(fetch_idx_set(offline(source), raw, download=download))
    assert names_in(raw) == set(ROLES.values())


@pytest.mark.parametrize("download", [False, True])
def test_gz_files_are_unpacked_without_the_network(source, tmp_path, download):
    raw = tmp_path / "mirror"
    check_arrays(fetch_idx_set(offline(source), raw, download=download))


def test_only_what_is_missing_is_fetched(source, tmp_path):
    raw = tmp_path / "raw"
    write_idx(raw / ROLES["train_labels"], np.uint8([1, 2]))
    paths = fetch_idx_set(source, raw, download=True)
    assert read_idx(paths["train_labels"]).tolist() == [1, 2]
    assert f"{ROLES['train_labels']}.gz" not in names_in(raw)
    np.testing.assert_array_equal(read_idx(paths["test_images"]), ARRAYS["test_images"])


def test_missing_set_names_folder_files_and_the_way_out(source, tmp_path):
    raw = tmp_path / "raw"
    write_idx(raw / f"{ROLES['train_images']}.gz", ARRAYS["train_images"])
    write_idx(raw / ROLES["test_labels"], ARRAYS["test_labels"])
    with pytest.raises(DatasetNotFoundError) as caught:
        fetch_idx_set(source, raw, download=False)
    assert isinstance(caught.value, RuntimeError)
    assert str(caught.value) == (
        f"Small is not complete in {raw}: missing train-labels-idx1-ubyte, "
        f"t10k-images-idx3-ubyte. Pass download=True to download it, or put these files there, "
        f"plain or with the ending .gz: {', '.join(ROLES.values())}"
    )


def test_missing_folder_is_not_made_without_download(source, tmp_path):
    with pytest.raises(DatasetNotFoundError, match="missing train-images-idx3-ubyte, train-labels"):
        fetch_idx_set(source, tmp_path / "nowhere", download=False)
    assert not (tmp_path / "nowhere").exists()


def test_damaged_gz_is_refused_offline_and_replaced_by_download(source, tmp_path):
    raw = tmp_path / "raw"
    fetch_idx_set(source, raw, download=True)
    damaged = raw / f"{ROLES['test_images']}.gz"
    write_idx(damaged, np.uint8([6]))
    (raw / ROLES["test_images"]).unlink()
    with pytest.raises(DataFileError) as caught:
        fetch_idx_set(source, raw, download=False)
    assert f"{damaged}: damaged file. Its MD5 is {md5_of(damaged)}, expected" in str(caught.value)
    assert "Pass download=True to replace it" in str(caught.value)
    with pytest.warns(UserWarning, match="downloading it again"):
        check_arrays(fetch_idx_set(source, raw, download=True))


def test_failed_download_leaves_an_empty_folder(source, tmp_path):
    raw = tmp_path / "raw"
    with pytest.raises(DownloadError, match="could not download train-images-idx3-ubyte"):
        fetch_idx_set(offline(source), raw, download=True)
    assert names_in(raw) == set()


def test_leftovers_of_a_killed_unpacking_are_removed(source, tmp_path):
    raw = tmp_path / "mirror"
    (raw / f".{ROLES['train_images']}.part-99-dead").write_bytes(b"half")
    check_arrays(fetch_idx_set(source, raw, download=False))
    assert not [name for name in names_in(raw) if name.startswith(".")]


def test_waits_for_another_process_and_uses_what_it_made(source, tmp_path):
    raw, fetched = tmp_path / "raw", {}
    plain = raw / ROLES["train_images"]
    thread = threading.Thread(target=lambda: fetched.update(fetch_idx_set(source, raw, True)))
    with file_lock(lock_path(plain), 1):
        thread.start()
        time.sleep(0.2)
        assert not plain.exists()
        write_idx(plain, np.uint8([3, 1]))
    thread.join(10)
    assert read_idx(fetched["train_images"]).tolist() == [3, 1]
    assert read_idx(fetched["test_labels"]).tolist() == [4, 2, 9]


@pytest.mark.parametrize("source", [MNIST, FASHION_MNIST], ids=lambda s: s.name)
def test_known_sources_are_well_formed(source):
    assert {file.role: file.name for file in source.files} == ROLES
    assert all(mirror.startswith("http") and mirror.endswith("/") for mirror in source.mirrors)
    assert len({file.gz_md5 for file in source.files}) == 4


def test_known_sources_differ():
    assert not {f.gz_md5 for f in MNIST.files} & {f.gz_md5 for f in FASHION_MNIST.files}
    assert (MNIST.name, FASHION_MNIST.name) == ("MNIST", "FashionMNIST")
    assert MNIST.mirrors[0] == "https://ossci-datasets.s3.amazonaws.com/mnist/"


def test_gz_with_right_checksum_but_no_idx_inside_is_reported_on_reading(source, tmp_path):
    raw = tmp_path / "raw"
    raw.mkdir()
    page = gzip.compress(b"<html>moved</html>", mtime=0)
    (raw / "page.gz").write_bytes(page)
    odd = IdxSource("Odd", (), (IdxFile("x", "page", hashlib.md5(page).hexdigest()),))
    path = fetch_idx_set(odd, raw, download=False)["x"]
    with pytest.raises(DataFileError, match="not an IDX file"):
        read_idx(path)
