"""The cache of compiled code: private, and without versions that no process uses."""

import os
import sys
from time import time

import pytest

from journey.decision import rules
from journey.runtime import code_cache, jit
from journey.runtime.code_cache import CACHE_VARIABLE, KEPT_DAYS, KEPT_VERSIONS, open_version

DAY = 86_400
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permission bits")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv(CACHE_VARIABLE, str(folder))
    return folder


@posix
def test_the_folders_are_private_whatever_new_files_usually_are(cache):
    before = os.umask(0)
    try:
        assert open_version("a") == cache / "compiled" / "a"
    finally:
        os.umask(before)
    for folder in (cache, cache / "compiled", cache / "compiled" / "a"):
        assert folder.stat().st_mode & 0o777 == 0o700
    assert open_version("a") == cache / "compiled" / "a"


@posix
@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777])
@pytest.mark.parametrize("path", [".", "compiled", "compiled/a", "compiled/a/code", "compiled/a/code/code.nbc"])
def test_code_that_others_can_write_is_not_loaded(cache, path, mode):
    code = open_version("a") / "code"
    code.mkdir(mode=0o700)
    (code / "code.nbc").touch(mode=0o600)
    (cache / path).chmod(mode)
    with pytest.warns(RuntimeWarning, match="other users can change this path"):
        assert open_version("a") is None
    (cache / path).chmod(0o755)
    assert open_version("a") is not None


@posix
def test_missing_parents_are_private_too(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "new" / "parent" / "cache"))
    before = os.umask(0)
    try:
        assert open_version("a") is not None
    finally:
        os.umask(before)
    for folder in (tmp_path / "new", tmp_path / "new" / "parent", tmp_path / "new" / "parent" / "cache"):
        assert folder.stat().st_mode & 0o777 == 0o700


@posix
def test_a_cache_that_all_users_can_replace_is_not_loaded(tmp_path, monkeypatch):
    """In a folder that all users can write to, any of them can rename the cache, unless the folder is sticky."""
    shared = tmp_path / "shared"
    shared.mkdir()
    (tmp_path / "link").symlink_to(shared)
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "link" / "cache"))
    assert open_version("a") is not None
    shared.chmod(0o777)
    with pytest.warns(RuntimeWarning, match="other users can change this path"):
        assert open_version("a") is None
    shared.chmod(0o1777)
    assert open_version("a") is not None


@posix
def test_code_of_another_user_is_not_loaded(cache, monkeypatch):
    open_version("a")
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    with pytest.warns(RuntimeWarning, match="each process compiles for itself"):
        assert open_version("a") is None


@posix
def test_functions_are_compiled_without_a_cache_that_is_safe(cache):
    jit.compile_kernels(rules, entries=(rules.fade,))
    cache.chmod(0o777)
    with pytest.warns(RuntimeWarning, match="other users"):
        compiled = jit.compile_kernels(rules, entries=(rules.fade,))
    assert compiled.fade(14.0, 0.1) == rules.fade(14.0, 0.1)
    assert not list(cache.rglob("*.nbc"))


def test_a_version_is_kept_after_its_last_use_and_not_after_its_creation(cache):
    open_version("used")
    make(cache, old=KEPT_DAYS + 1, recent=KEPT_DAYS - 1)
    os.utime(cache / "compiled" / "used", (0, 0))
    open_version("used")
    # Only a new version has old ones removed: the check takes time.
    assert names(cache) == {"old", "recent", "used"}
    open_version("new")
    assert names(cache) == {"new", "recent", "used"}


def test_many_versions_are_reduced_to_the_most_recently_used(cache):
    open_version("c")
    make(cache, **{f"version{age}": age for age in range(2, KEPT_VERSIONS + 3)}, a=0.1, b=0.2)
    (cache / "compiled" / "interrupted.removed").mkdir()
    os.utime(cache / "compiled" / "interrupted.removed", (0, 0))
    open_version("new")
    kept = {f"version{age}" for age in range(2, KEPT_DAYS)}
    assert names(cache) == {"new", "a", "b", "c", *kept}
    assert len(names(cache)) <= KEPT_VERSIONS


def test_versions_of_today_are_kept_however_many(cache):
    open_version("a")
    make(cache, **{f"version{number}": 0.5 for number in range(KEPT_VERSIONS + 5)})
    open_version("new")
    assert len(names(cache)) == KEPT_VERSIONS + 7


def test_a_process_whose_version_is_removed_compiles_again(cache):
    compiled = jit.compile_kernels(rules, entries=(rules.fade,))
    assert compiled.fade(14.0, 0.1) == rules.fade(14.0, 0.1)
    (version,) = (cache / "compiled").iterdir()
    code_cache._remove_version(version)
    assert not names(cache)
    assert compiled.fade(15.0, 0.1) == rules.fade(15.0, 0.1)
    # For other types it compiles, and stores the code.
    assert compiled.fade(14, 0.1) == rules.fade(14, 0.1)
    assert names(cache) == {version.name}


def make(cache, **ages):
    for name, days in ages.items():
        folder = cache / "compiled" / name
        folder.mkdir(parents=True, mode=0o700)
        (folder / "code.nbc").touch()
        os.utime(folder, (time() - days * DAY,) * 2)


def names(cache):
    return {each.name for each in (cache / "compiled").iterdir()}
