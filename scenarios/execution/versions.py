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


def versions_here() -> dict[str, str]:
    """The versions in this process."""
    return {PYTHON: _minor(platform.python_version()), **{name: _installed(name) for name in PACKAGES}}


def _installed(name: str) -> str:
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
    here = versions_here()
    found = {PYTHON: {worker: _minor(each) for worker, each in client.run(platform.python_version).items()}}
    for name in PACKAGES:
        found[name] = client.run(version, name, on_error="return")
    different = list(_differences(here, found))
    if different:
        raise InputError("\n".join(different))


def _differences(here: "Mapping[str, str]", found: "Mapping[str, Mapping[str, Any]]") -> "Iterator[str]":
    """What differs, a sentence for each package and version, however many workers have it."""
    for name, by_worker in found.items():
        for there in dict.fromkeys(map(_shown, by_worker.values())):
            if there == here[name]:
                continue
            workers = [worker for worker, each in by_worker.items() if _shown(each) == there]
            more = f" and {len(workers) - 1} more" if len(workers) > 1 else ""
            yield (
                f"cluster: worker {workers[0]}{more} has {name} {there}, and here it is {here[name]}; "
                f"results would differ: {_mend(name, here[name])}"
            )


def _shown(found: Any) -> str:
    if isinstance(found, PackageNotFoundError):
        return MISSING
    if isinstance(found, BaseException):
        raise found
    return str(found)


def _mend(name: str, here: str) -> str:
    if name == PYTHON:
        return f"start the workers with Python {here}"
    return f"install {name} {here} where the workers run, and start them again"


def _minor(found: str) -> str:
    """``3.11`` of ``3.11.9``: releases of one minor version compute alike."""
    return ".".join(found.split(".")[:2])
