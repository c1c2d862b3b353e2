"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from journey.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def whole_file(path: Path, what: str) -> Iterator[Path]:
    """A place to write a file to, which becomes `path` once it is complete; the folder is made when it is missing.

    Args:
        path: Where the file is to appear; an older one is replaced.
        what: What is written, for the error message, for instance ``the trace``.

    Raises:
        InputError: The file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".journey-") as nursery:
            part = Path(nursery) / path.name
            yield part
            part.replace(path)
    except OSError as error:
        raise InputError(f"{path}: {what} cannot be written: {error.strerror or error}") from None


@contextmanager
def whole_folder(folder: Path, what: str) -> Iterator[Path]:
    """A folder to fill, which becomes `folder` once it is complete; the folders above are made when they are missing.

    Args:
        folder: Where it is to appear: a new folder, or an empty one.
        what: What is written, for the error message, for instance ``the records``.

    Raises:
        InputError: There is something in `folder` already, or it cannot be written.
    """
    refuse_taken_folder(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".journey-") as nursery:
            # A folder within the temporary one, because that one is for its owner's eyes only.
            part = Path(nursery) / "part"
            part.mkdir()
            yield part
            if folder.exists():
                folder.rmdir()
            part.replace(folder)
    except OSError as error:
        raise InputError(f"{folder}: {what} cannot be written: {error.strerror or error}") from None


def refuse_taken_folder(folder: Path) -> None:
    """Say so before a run, not after it, when a folder could not be filled without destroying what is there.

    Raises:
        InputError: `folder` is a file, or holds something.
    """
    if folder.is_dir():
        if any(folder.iterdir()):
            raise InputError(
                f"{folder}: is not empty, and nothing is overwritten; name a new folder, or remove this one first"
            )
    elif folder.exists():
        raise InputError(f"{folder}: is a file; name a new folder")
