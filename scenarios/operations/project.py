"""A new project: a folder with a journey, a policy, a scenario and records that run as they are."""

import shutil
import tempfile
from pathlib import Path

from journey.core.errors import InputError
from journey.runtime.atomic_files import atomic_folder, refuse_taken_folder

_FOLDER = Path(__file__).parents[1] / "templates"

TEMPLATES = {
    "subscription": "a subscription, with onboarding, support and churn",
    "trial": "a free trial that becomes a paying customer, or not",
    "support": "tickets, slow answers and escalations",
    "blank": "the smallest project, with names and numbers to replace",
}
"""Name of the template -> what it is about. The first one is the default."""


def create_project(folder: Path, template: str) -> list[Path]:
    """Write the files of a template to a folder; all of them, or none.

    Args:
        folder: A new folder, or an empty one. Missing parent folders are created.
        template: One of `TEMPLATES`.

    Returns:
        The files, relative to the folder, in alphabetical order.

    Raises:
        InputError: The folder is not empty, is a file, or cannot be written.
    """
    source = _FOLDER / template
    files = sorted(path.relative_to(source) for path in source.rglob("*") if path.is_file())
    refuse_taken_folder(folder)
    if folder.is_dir():
        _fill_empty_folder(folder, source, files)
    else:
        with atomic_folder(folder, "the project") as part:
            _copy(source, part, files)
    return files


def _copy(source: Path, target: Path, files: list[Path]) -> None:
    """Copy the content of files, not their permissions: installed files may be read-only."""
    for file in files:
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / file, target / file)


def _fill_empty_folder(folder: Path, source: Path, files: list[Path]) -> None:
    """Fill a folder that exists. It is not replaced, because it can be the working folder."""
    moved: list[Path] = []
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".journey-") as temporary:
            part = Path(temporary)
            _copy(source, part, files)
            for entry in sorted(part.iterdir()):
                entry.rename(folder / entry.name)
                moved.append(folder / entry.name)
    except BaseException as error:
        for entry in moved:
            shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise InputError(f"{folder}: the project cannot be written: {error.strerror or error}") from None
        raise
