"""The cache folder of compiled code: where it is, who may write to it, and which of its contents are old.

It has one folder for each version of a set of compiled functions. A folder that other users can write to is not used,
because loading compiled code runs it. If no folder can be used, each process compiles for itself.

A version that no process has used for some time is removed when another version is compiled for the first time. A
process that still runs it is not disturbed: it has the code in memory, and Numba compiles again what is missing.
"""

import os
import shutil
import stat
import sys
import tempfile
import warnings
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from time import time

CACHE_VARIABLE = "JOURNEYLAB_CACHE"
"""Environment variable that names another cache folder."""

KEPT_VERSIONS = 20
"""Number of versions to keep, the most recently used ones. A release has four: engine, funnels, two of evaluation."""
KEPT_DAYS = 14
"""Days after its last use for which a version is kept."""
_SECONDS_PER_DAY = 86_400


def open_version(name: str) -> Path | None:
    """The folder of a version, created if it is missing; None if there is no folder that is safe to use.

    Args:
        name: The name that identifies the version.
    """
    try:
        root = _cache_root().absolute()
        versions = root / "compiled"
        folder = versions / name
        is_new = not folder.exists()
        for each in (*reversed(folder.parents), folder):
            # One by one: with parents=True, missing parents would get the permissions of the umask.
            each.mkdir(exist_ok=True, mode=0o700)
        exposed = _find_replaceable(root) or _find_exposed((root, versions, folder, *folder.rglob("*")))
        if exposed is not None:
            _warn_of_exposed(exposed)
            return None
        with tempfile.TemporaryFile(dir=folder):
            pass
        os.utime(folder)
    except (OSError, RuntimeError):
        # The folder cannot be written, or (RuntimeError) there is no home folder.
        return None
    if is_new:
        _remove_old_versions(versions, folder)
    return folder


def _cache_root() -> Path:
    override = os.environ.get(CACHE_VARIABLE)
    if override:
        return Path(override)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
        return Path(base or Path.home() / "AppData" / "Local") / "journeylab"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "journeylab"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "journeylab"


def _find_exposed(paths: Iterable[Path]) -> Path | None:
    """The first of these paths that belongs to another user or that others can write to.

    On Windows, which has no such permission bits, the user's own folder is private.
    """
    if sys.platform == "win32":
        return None
    for path in paths:
        status = path.stat()
        if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return path
    return None


def _find_replaceable(root: Path) -> Path | None:
    """The first folder above the cache in which all users can rename it; only the owner can where it is sticky."""
    if sys.platform == "win32":
        return None
    for folder in root.resolve().parents:
        mode = folder.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            return folder
    return None


def _warn_of_exposed(path: Path) -> None:
    warnings.warn(
        f"{path}: other users can change this path, so no compiled code is loaded from the cache, and each process "
        "compiles for itself. Remove the folder, or run chmod -R go-w on it if it is yours, or name a folder of your "
        f"own in {CACHE_VARIABLE}.",
        RuntimeWarning,
        stacklevel=2,
    )


def _remove_old_versions(versions: Path, current: Path) -> None:
    with suppress(OSError):
        last_use = {each: each.stat().st_mtime for each in versions.iterdir() if each != current}
        by_last_use = sorted(last_use, key=lambda each: last_use[each], reverse=True)
        for rank, folder in enumerate(by_last_use, start=1):
            days = (time() - last_use[folder]) / _SECONDS_PER_DAY
            # A version in use today may be loaded by a process that is starting.
            if days > KEPT_DAYS or (rank >= KEPT_VERSIONS and days > 1):
                _remove_version(folder)


def _remove_version(folder: Path) -> None:
    """Remove a folder, under another name, so that no process loads a part of it."""
    with suppress(OSError):
        removed = folder.with_suffix(".removed")
        if folder != removed:
            folder.rename(removed)
        shutil.rmtree(removed)
