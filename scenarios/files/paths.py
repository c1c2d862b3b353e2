"""Paths of files and folders that a scenario names."""

from pathlib import Path

from journey.core.errors import InputError


def resolve_named_path(name: str, folder: Path) -> Path:
    """The path that a name means: ``~`` is a home folder, and a relative path starts at `folder`.

    Args:
        name: The name as the user wrote it.
        folder: The folder of the file that contains the name, or the working folder.

    Raises:
        InputError: No file can have this name, or the home folder is unknown. The message begins with the name.
    """
    if "\0" in name:
        raise InputError(f"{name!r}: no file has a null character in its name")
    try:
        return folder / Path(name).expanduser()
    except RuntimeError:
        raise InputError(f"{name}: the home folder of this user is unknown; write the whole path") from None
