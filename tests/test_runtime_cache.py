"""The cache on disk: round trips, damage, limits, folders that cannot be written, and several processes at once."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import warnings
from pathlib import Path

import platformdirs
import pytest

from tapeout.runtime import cache
from tapeout.runtime.cache_file import MAGIC, sealed
from tapeout.runtime.cache_folder import CacheFolder, CacheWarning

KEYS = [cache.cache_key("test", str(number)) for number in range(8)]


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    where = tmp_path / "deep" / "cache"
    monkeypatch.setenv("TAPEOUT_CACHE_DIR", str(where))
    monkeypatch.delenv("TAPEOUT_CACHE", raising=False)
    return where


def _file(folder: Path, key: str) -> Path:
    return folder / key[:2] / f"{key}.bin"


@pytest.mark.parametrize("content", [b"", b"\0", b"kernel" * 10_000])
def test_what_is_put_is_got(content: bytes) -> None:
    cache.put(KEYS[0], content)
    assert cache.get(KEYS[0]) == content
    assert cache.get(KEYS[1]) is None


def test_putting_again_replaces() -> None:
    cache.put(KEYS[0], b"first")
    cache.put(KEYS[0], b"second, longer")
    assert cache.get(KEYS[0]) == b"second, longer"
    assert len(cache.entries()) == 1


def test_keys_are_hashes_that_depend_on_kind_parts_cuts_and_types() -> None:
    keys = {
        cache.cache_key("object", "ab", "c"),
        cache.cache_key("object", "a", "bc"),
        cache.cache_key("object", "abc"),
        cache.cache_key("object", b"abc"),
        cache.cache_key("object", "abc", ""),
        cache.cache_key("program", "abc"),
    }
    assert len(keys) == 6
    assert all(len(key) == 64 and int(key, 16) >= 0 for key in keys)
    assert cache.cache_key("object", "ab", b"c") == cache.cache_key("object", "ab", b"c")


@pytest.mark.parametrize("key", ["", "abc", "../" * 21 + "x", "A" * 64, "0" * 65])
def test_only_keys_are_taken(key: str) -> None:
    for use in (lambda: cache.get(key), lambda: cache.put(key, b"x")):
        with pytest.raises(
            ValueError, match=r"is not a key of the cache; make keys with cache_key"
        ):
            use()


def test_the_folder_is_the_users_unless_chosen(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    assert cache.cache_dir() == folder
    monkeypatch.delenv("TAPEOUT_CACHE_DIR")
    assert cache.cache_dir() == Path(platformdirs.user_cache_dir("tapeout"))


def test_a_cache_switched_off_keeps_nothing(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    cache.put(KEYS[0], b"content")
    monkeypatch.setenv("TAPEOUT_CACHE", "0")
    assert cache.cache_dir() is None
    assert cache.get(KEYS[0]) is None
    cache.put(KEYS[1], b"content")
    assert cache.entries() == []
    assert cache.clear() == 0
    monkeypatch.delenv("TAPEOUT_CACHE")
    assert [entry.key for entry in cache.entries()] == [KEYS[0]]


def _flipped(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


DAMAGES = {
    "empty": (lambda data: b"", "it has 0 bytes, fewer than a header"),
    "cut in the header": (lambda data: data[:20], "it has 20 bytes, fewer than a header"),
    "cut in the content": (lambda data: data[:-3], "it holds 4 bytes of content, not 7"),
    "longer": (lambda data: data + b"!", "it holds 8 bytes of content, not 7"),
    "a bit of the content": (_flipped, "its hash is not that of its key and content"),
    "foreign": (lambda data: b"\x7fELF" * 30, "does not begin as a file of this cache does"),
    "of another version": (
        lambda data: MAGIC + b"\x63\0\0\0" + data[len(MAGIC) + 4 :],
        "it has format version 99, not 1",
    ),
    "another key's": (
        lambda data: sealed(KEYS[5], b"content"),
        "its hash is not that of its key and content",
    ),
}


@pytest.mark.parametrize("damage, complaint", DAMAGES.values(), ids=DAMAGES)
def test_damage_is_reported_once_removed_and_a_miss(
    damage: object, complaint: str, folder: Path
) -> None:
    assert callable(damage)
    cache.put(KEYS[0], b"content")
    path = _file(folder, KEYS[0])
    path.write_bytes(damage(path.read_bytes()))
    with pytest.warns(CacheWarning, match=complaint) as reports:
        assert cache.get(KEYS[0]) is None
    assert len(reports) == 1
    assert str(path) in str(reports[0].message)
    assert not path.exists()
    path.write_bytes(b"again")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cache.get(KEYS[0]) is None
    cache.put(KEYS[0], b"sound")
    assert cache.get(KEYS[0]) == b"sound"


def test_entries_lists_sizes_and_the_least_recently_used_first(folder: Path) -> None:
    for age, number in enumerate((3, 1, 2)):
        cache.put(KEYS[number], b"x" * 100 * number)
        os.utime(_file(folder, KEYS[number]), (1000 + age, 1000 + age))
    header = len(sealed(KEYS[0], b""))
    found = [(entry.key, entry.size - header) for entry in cache.entries()]
    assert found == [(KEYS[3], 300), (KEYS[1], 100), (KEYS[2], 200)]
    cache.get(KEYS[3])
    assert [entry.key for entry in cache.entries()][-1] == KEYS[3]


def test_clear_removes_everything_and_says_how_much(folder: Path) -> None:
    for key in KEYS:
        cache.put(key, b"content")
    (folder / KEYS[0][:2] / "killed.123.part").write_bytes(b"half")
    size = sum(entry.size for entry in cache.entries())
    assert cache.clear() == size > 0
    assert cache.entries() == []
    assert not [path for path in folder.rglob("*") if path.is_file()]
    assert cache.get(KEYS[0]) is None


def test_the_least_recently_used_are_evicted_beyond_the_limit(tmp_path: Path) -> None:
    size = len(sealed(KEYS[0], bytes(1000)))
    small = CacheFolder(tmp_path, limit=4 * size)
    for age, key in enumerate(KEYS[:4]):
        small.put(key, bytes(1000))
        os.utime(_file(tmp_path, key), (1000 + age, 1000 + age))
    assert small.get(KEYS[0]) is not None  # now the latest
    small.put(KEYS[4], bytes(1000))
    kept = {entry.key for entry in small.entries()}
    assert kept == {KEYS[3], KEYS[0], KEYS[4]}
    assert sum(entry.size for entry in small.entries()) <= small.limit


def test_what_other_processes_stored_counts_against_the_limit(tmp_path: Path) -> None:
    size = len(sealed(KEYS[0], bytes(1000)))
    CacheFolder(tmp_path, limit=100 * size).put(KEYS[0], bytes(1000))
    os.utime(_file(tmp_path, KEYS[0]), (1000, 1000))
    CacheFolder(tmp_path, limit=int(1.5 * size)).put(KEYS[1], bytes(1000))
    assert [path.stem for path in tmp_path.glob("??/*.bin")] == [KEYS[1]]


def test_a_folder_that_cannot_be_made_is_done_without_after_one_warning(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("TAPEOUT_CACHE_DIR", str(tmp_path / "file" / "cache"))
    with pytest.warns(CacheWarning, match=r"cannot be written .*TAPEOUT_CACHE_DIR") as reports:
        [cache.put(key, b"content") for key in KEYS]
    assert len(reports) == 1


def test_a_full_disk_is_done_without_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.warns(CacheWarning, match="No space left on device"):
        cache.put(KEYS[0], b"content")
    assert not [path for path in folder.rglob("*") if path.is_file()]
    assert cache.get(KEYS[0]) is None


def test_a_folder_that_may_only_be_read_still_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    cache.put(KEYS[0], b"content")
    monkeypatch.setattr(os, "utime", refused)
    assert cache.get(KEYS[0]) == b"content"


RACER = """
import hashlib, sys
from tapeout.runtime import cache
for repeat in range(30):
    for number in range(5):
        key = cache.cache_key("race", str(number))
        found = cache.get(key)
        expected = hashlib.sha256(str(number).encode()).digest() * 3000
        assert found is None or found == expected, (number, len(found))
        cache.put(key, expected)
        if repeat % 10 == 9:
            cache.clear()
print("unharmed")
"""


def test_several_processes_may_put_get_and_clear_at_once(folder: Path) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", RACER],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for racer in racers:
        out, err = racer.communicate(timeout=30)
        assert (out.strip(), racer.returncode) == ("unharmed", 0), err
    assert not list(folder.rglob("*.part"))
    for number in range(5):
        key = cache.cache_key("race", str(number))
        content = cache.get(key)
        assert content in (None, hashlib.sha256(str(number).encode()).digest() * 3000)
