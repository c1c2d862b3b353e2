"""Whether the workers of a cluster have what this process has: results are the same bytes only then."""

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from journey.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PYTHON = "Python"
PACKAGES = ("journeylab", "numpy", "numba", "simpy", "distributed")
"""Those that results depend on, and the one that carries them."""

MISSING = "not installed"


def local_versions() -> dict[str, str]:
    """The versions in this process."""
    return {PYTHON: _minor_version(platform.python_version()), **{name: _installed_version(name) for name in PACKAGES}}


def _installed_version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return MISSING


def refuse_other_versions(client: Any) -> None:
    """Say so when a worker has other versions than this process.

    Workers are asked with functions of Python's own library, which they have whatever else they have not.

    Args:
        client: A `distributed.Client` with at least one worker.

    Raises:
        InputError: One has; the message names the worker, what differs, and how to mend it.
    """
    local = local_versions()
    by_package = {
        PYTHON: {worker: _minor_version(each) for worker, each in client.run(platform.python_version).items()}
    }
    for name in PACKAGES:
        by_package[name] = client.run(version, name, on_error="return")
    differences = list(_differences(local, by_package))
    if differences:
        raise InputError("\n".join(differences))


def _differences(local: "Mapping[str, str]", by_package: "Mapping[str, Mapping[str, Any]]") -> "Iterator[str]":
    """What differs, a sentence for each package and version, however many workers have it."""
    for name, by_worker in by_package.items():
        for remote in dict.fromkeys(map(_format_version, by_worker.values())):
            if remote == local[name]:
                continue
            workers = [worker for worker, each in by_worker.items() if _format_version(each) == remote]
            more = f" and {len(workers) - 1} more" if len(workers) > 1 else ""
            yield (
                f"cluster: worker {workers[0]}{more} has {name} {remote}, and here it is {local[name]}; "
                f"results would differ: {_suggest_fix(name, local[name])}"
            )


def _format_version(found: Any) -> str:
    if isinstance(found, PackageNotFoundError):
        return MISSING
    if isinstance(found, BaseException):
        raise found
    return str(found)


def _suggest_fix(name: str, local: str) -> str:
    if name == PYTHON:
        return f"start the workers with Python {local}"
    return f"install {name} {local} where the workers run, and start them again"


def _minor_version(found: str) -> str:
    """``3.11`` of ``3.11.9``: releases of one minor version compute alike."""
    return ".".join(found.split(".")[:2])
