"""Locks on files and on sets of folders, which the operating system releases when the process ends."""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from journey.core.errors import InputError

FOLDER_LOCK = ".journey.lock"
"""Name of the lock file of a folder; it exists while the folder is locked."""

if sys.platform == "win32":
    import msvcrt

    _FAR_AWAY = 2**62
    """Windows locks bytes, and locked bytes cannot be read. The locked byte is far beyond any content."""

    def lock(file: BinaryIO) -> bool:
        """Lock a file; False when another process holds it."""
        here = file.tell()
        file.seek(_FAR_AWAY)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            file.seek(here)
        return True

else:
    import fcntl

    def lock(file: BinaryIO) -> bool:
        """Lock a file; False when another process holds it."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            # Some network file systems have no locks; the run continues without one.
            return True
        return True


@contextmanager
def lock_folders(folders: Iterable[Path], *, required: Path) -> Iterator[bool]:
    """Lock a set of folders; False when another process holds one of them.

    Sets that share a folder exclude each other, in whatever order and under whatever names the folders are given. A
    folder that cannot be written to is not locked, because no process with the same rights can change it.

    Args:
        folders: The folders; each may be given several times.
        required: The folder that must be locked, because it will be written to.

    Raises:
        InputError: The required folder cannot be written to.
    """
    # By identity, so that links and mounts are the folder that they lead to; in order, so that all processes agree.
    by_identity = {(status.st_dev, status.st_ino): path for path, status in ((p, p.stat()) for p in folders)}
    needed = required.stat()
    with ExitStack() as stack:
        for identity, folder in sorted(by_identity.items()):
            is_needed = identity == (needed.st_dev, needed.st_ino)
            if not stack.enter_context(_lock_folder(folder, is_needed=is_needed)):
                yield False
                return
        yield True


@contextmanager
def _lock_folder(folder: Path, *, is_needed: bool) -> Iterator[bool]:
    path = folder / FOLDER_LOCK
    try:
        file = path.open("ab")
    except OSError as error:
        if is_needed:
            raise InputError(f"{folder}: cannot be written: {error.strerror or error}") from None
        yield True
        return
    with file:
        # The previous owner may have deleted the lock file after it was opened here: then this lock has no effect.
        is_locked = lock(file) and _is_same_file(path, file)
        try:
            yield is_locked
        finally:
            if is_locked:
                with suppress(OSError):
                    path.unlink()


def _is_same_file(path: Path, file: BinaryIO) -> bool:
    try:
        return path.stat().st_ino == os.fstat(file.fileno()).st_ino
    except FileNotFoundError:
        return False
