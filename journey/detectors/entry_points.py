"""Detectors from other installed packages."""

from importlib.metadata import EntryPoint, entry_points

from journey.core.errors import InputError
from journey.detectors.builtin import builtin_detectors
from journey.detectors.protocol import Detector

ENTRY_POINT_GROUP = "journeylab.detectors"
"""Entry point group; each entry is a detector, or a class or function without arguments that creates one."""


def load_detectors() -> tuple[Detector, ...]:
    """The built-in detectors and those of installed packages, the latter ordered by name.

    Raises:
        InputError: A plug-in cannot be loaded or is not a detector; the message names it and its module.
    """
    plugins = sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda entry: entry.name)
    return (*builtin_detectors(), *(_load_detector(entry) for entry in plugins))


def _load_detector(entry: EntryPoint) -> Detector:
    context = f"detector plug-in {entry.name!r} ({entry.value})"
    try:
        detector = entry.load()
        if isinstance(detector, type) or not isinstance(detector, Detector):
            detector = detector()
    # Any error of the plug-in's code is reported with the plug-in's name.
    except Exception as error:
        raise InputError(f"{context} cannot be loaded: {error}; repair or uninstall its package") from error
    if not isinstance(detector, Detector):
        raise InputError(f"{context} is not a detector: it needs a `name` and a `detect(customer_id, events, as_of)`")
    return detector
