"""Atomic writes: a reader finds the complete old file or the complete new one, never a partial one."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from journey.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIX = ".journey-"
"""Prefix of the temporary folders, which are created next to the target."""


@contextmanager
def atomic_file(path: Path, what: str = "") -> Iterator[Path]:
    """A temporary file to fill, which replaces `path` once it is complete and on disk.

    Missing folders are created. A new file gets the permissions of the umask. A replaced file keeps its permissions,
    its owner and its extended attributes, and a symbolic link to it stays valid. Another hard link keeps the old
    content.

    Args:
        path: The file to write.
        what: The content, for error messages, for instance ``the trace``.

    Raises:
        InputError: The file cannot be written, is read-only, or is a folder or a device.
    """
    _refuse_irreplaceable(path)
    with _explained(path, what):
        target = Path(os.path.realpath(path))
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=_PREFIX) as temporary:
            part = Path(temporary) / target.name
            yield part
            if target.exists():
                _copy_attributes(target, part)
            _sync(part)
            part.replace(target)
        _sync(target.parent)


def write_bytes(path: Path, content: bytes, what: str = "") -> None:
    """Write bytes to a file atomically; see `atomic_file`.

    Raises:
        InputError: The file cannot be written.
    """
    with atomic_file(path, what) as part:
        part.write_bytes(content)


def write_text(path: Path, text: str, what: str = "") -> None:
    """Write a text file in UTF-8 atomically, with line feeds as line ends.

    Raises:
        InputError: The file cannot be written.
    """
    write_bytes(path, text.encode("utf-8"), what)


@contextmanager
def atomic_folder(folder: Path, what: str) -> Iterator[Path]:
    """A temporary folder to fill, which becomes `folder` once it is complete; missing parent folders are created.

    Args:
        folder: A new folder, or an empty one.
        what: The content, for error messages, for instance ``the records``.

    Raises:
        InputError: `folder` is not empty, or it cannot be written.
    """
    _refuse_content(folder)
    with _explained(folder, what):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=_PREFIX) as temporary:
            # A subfolder, because only its owner may read the temporary folder.
            part = Path(temporary) / "part"
            part.mkdir()
            yield part
            for file in part.rglob("*"):
                _sync(file)
            if folder.exists():
                folder.rmdir()
            part.replace(folder)
        _sync(folder.parent)


def refuse_unwritable(path: Path) -> None:
    """Raise an error before the work starts if a file cannot be written; nothing is created.

    Raises:
        InputError: The path is a folder or a device, the file is read-only, or its folder cannot be created or
            written to.
    """
    _refuse_irreplaceable(path)
    _probe(path, Path(os.path.realpath(path)).parent)


def refuse_unwritable_folder(folder: Path) -> None:
    """Raise an error before the work starts if no file can be written to a folder; nothing is created.

    Raises:
        InputError: `folder` is a file, or it cannot be created or written to.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file; name a folder")
    _probe(folder, folder)


def _probe(path: Path, folder: Path) -> None:
    """Write a temporary file to a folder, or where the folder would be created."""
    existing = next((each for each in (folder, *folder.absolute().parents) if each.exists()), folder)
    with _explained(path, ""), tempfile.TemporaryFile(dir=existing):
        pass


def _refuse_irreplaceable(path: Path) -> None:
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name a file in it")
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: is not a regular file; name a new file")
    if path.exists() and not os.access(path, os.W_OK):
        raise InputError(f"{path}: is read-only; make it writable, or name another file")


def _copy_attributes(source: Path, target: Path) -> None:
    """Copy the owner, permissions and extended attributes (such as access lists) of a file, as far as permitted."""
    status = source.stat()
    if hasattr(os, "chown"):
        # Only the superuser may give files away; a group of one's own may be set.
        with suppress(OSError):
            os.chown(target, -1, status.st_gid)
        with suppress(OSError):
            os.chown(target, status.st_uid, -1)
    if sys.platform == "linux":
        with suppress(OSError):
            for name in os.listxattr(source):
                os.setxattr(target, name, os.getxattr(source, name))
    # Last, because a change of owner resets some permissions.
    shutil.copymode(source, target)


def refuse_taken_folder(folder: Path) -> None:
    """Raise an error before the work starts if a folder already has content, or cannot be written.

    Raises:
        InputError: `folder` is a file, is not empty, or cannot be created.
    """
    _refuse_content(folder)
    # The folder is created beside its place, under another name.
    _probe(folder, Path(os.path.realpath(folder)).parent)


def _refuse_content(folder: Path) -> None:
    if folder.is_dir():
        if any(folder.iterdir()):
            raise InputError(
                f"{folder}: is not empty, and nothing is overwritten; name a new folder, or remove this one first"
            )
    elif folder.exists():
        raise InputError(f"{folder}: is a file; name a new folder")


@contextmanager
def _explained(path: Path, what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        subject = f"{what} cannot" if what else "cannot"
        raise InputError(f"{path}: {subject} be written: {error.strerror or error}") from None


def _sync(path: Path) -> None:
    """Flush a file or folder to disk, safe from a power cut; errors of file systems without sync are ignored."""
    with suppress(OSError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
