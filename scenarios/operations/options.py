"""Options that change a scenario or say how to run it; the command line and `journeylab` give them the same meaning."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from journey.core.errors import InputError
from journey.core.nested_tables import nest
from journey.core.suggestions import did_you_mean
from scenarios.files.loader import LoadedScenario, load, override
from scenarios.files.merging import Layer
from scenarios.files.overrides import format_overrides

if TYPE_CHECKING:
    from simulation.model.arm import ArmSpec

Overrides = Mapping[str, object] | Sequence[str] | None
"""Overrides of keys: a mapping from dotted key to value, or ``key=value`` texts."""

OPTION_KEYS: Mapping[str, tuple[str, ...]] = {
    "customers": ("population", "size"),
    "days": ("horizon_days",),
    "seed": ("seed",),
    "replications": ("replications",),
}
"""The key of the scenario that each option sets, as a path."""


def open_scenario(
    source: str | Path | LoadedScenario, overrides: Overrides = None, **options: float | None
) -> LoadedScenario:
    """The scenario with overrides and options applied to it.

    Args:
        source: Name of a built-in scenario, path of a scenario file, or a loaded scenario.
        overrides: Overrides of its keys.
        **options: Values of the options in `OPTION_KEYS`; options whose value is None are skipped.

    Raises:
        InputError: The scenario, an override or an option is invalid.
    """
    layers = [
        Layer(f"{name}={value}", nest(value, OPTION_KEYS[name]), is_option=True)
        for name, value in options.items()
        if value is not None
    ]
    if isinstance(source, LoadedScenario):
        return override(source, format_overrides(overrides), options=layers)
    return load(source, format_overrides(overrides), options=layers)


def find_arm(loaded: "LoadedScenario", name: str) -> "ArmSpec":
    """The arm of this name.

    Raises:
        InputError: There is no such arm.
    """
    for arm in loaded.arms:
        if arm.name == name:
            return arm
    names = [arm.name for arm in loaded.arms]
    raise InputError(f"--arm {name}: unknown arm of {loaded.name}{did_you_mean(name, names)}")


def refuse_unknown_choice(option: str, value: str, choices: Sequence[str]) -> None:
    """Refuse a value that is not one of the choices of an option.

    Raises:
        InputError: The value is not a choice; the message lists them.
    """
    if value not in choices:
        raise InputError(f"{option}: {value!r} is not one of {', '.join(choices)}{did_you_mean(str(value), choices)}")


def refuse_workers(workers: int, executor: object) -> None:
    """Refuse an invalid number of workers, or workers together with an executor.

    Raises:
        InputError: `workers` is below 1, or above 1 although there is an executor.
    """
    if workers < 1:
        raise InputError(f"workers: must be 1 or more, not {workers}")
    if workers > 1 and executor is not None:
        raise InputError(f"workers={workers}: the executor determines its own number of workers; use either of the two")
