"""Compare the package versions of cluster workers with those of this process: equal results need equal versions."""

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from journey.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PYTHON = "Python"
PACKAGES = ("journeylab", "numpy", "numba", "simpy", "distributed")
"""The packages that results depend on, and the one that transports them."""

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
    """Refuse a cluster whose workers have other versions than this process.

    Workers are queried with functions of the standard library, which every worker has.

    Args:
        client: A `distributed.Client` with at least one worker.

    Raises:
        InputError: A worker differs; the message names the worker, the difference and the cure.
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
    """One sentence for each package and version that differs, with the number of workers that have it."""
    for name, by_worker in by_package.items():
        for remote in dict.fromkeys(map(_format_version, by_worker.values())):
            if remote == local[name]:
                continue
            workers = [worker for worker, each in by_worker.items() if _format_version(each) == remote]
            more = f" and {len(workers) - 1} more" if len(workers) > 1 else ""
            yield (
                f"cluster: worker {workers[0]}{more} has {name} {remote}, but this process has {local[name]}; "
                f"results would differ: {_suggest_fix(name, local[name])}"
            )


def _format_version(answer: Any) -> str:
    if isinstance(answer, PackageNotFoundError):
        return MISSING
    if isinstance(answer, BaseException):
        raise answer
    return str(answer)


def _suggest_fix(name: str, local: str) -> str:
    if name == PYTHON:
        return f"start the workers with Python {local}"
    return f"install {name} {local} on the workers, and restart them"


def _minor_version(release: str) -> str:
    """``3.11`` of ``3.11.9``: releases of one minor version give the same results."""
    return ".".join(release.split(".")[:2])
