"""journeylab: simulate customer journeys and compare policies with common random numbers.

    import journeylab as jl

    comparison = jl.compare("onboarding_outreach", replications=10)
    print(comparison)
    effects = comparison.to_pandas()

The functions have the names and options of the command `journey`. They return documented results with `to_pandas`,
`to_polars`, `to_arrow` and `to_dict`; the last one is the document that the command prints with `--json`. Invalid input
raises `InputError`, with the sentence that the command prints.
"""

from typing import TYPE_CHECKING, Any

from journey.core.errors import InputError, JourneyError, MissingPackageError
from journeylab.functions import compare, load_scenario

if TYPE_CHECKING:
    from journey.decision.policy import Policy
    from journey.machine import Journey, default_journey
    from scenarios.comparison.compare import Comparison
    from scenarios.files.loader import LoadedScenario

    __version__: str

__all__ = [
    "Comparison",
    "InputError",
    "Journey",
    "JourneyError",
    "LoadedScenario",
    "MissingPackageError",
    "Policy",
    "__version__",
    "compare",
    "default_journey",
    "load_scenario",
]

_LAZY = {
    "Comparison": "scenarios.comparison.compare",
    "Journey": "journey.machine",
    "LoadedScenario": "scenarios.files.loader",
    "Policy": "journey.decision.policy",
    "default_journey": "journey.machine",
}
"""Names whose modules take long to import, loaded on first use."""

if not TYPE_CHECKING:
    # Type checkers see the imports above; with this function, they would accept any name.
    def __getattr__(name: str) -> Any:
        """Load a name of `_LAZY` on first use, and the version."""
        if name == "__version__":
            from journey.core.version import version

            return version()
        if name not in _LAZY:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = globals()[name] = getattr(import_module(_LAZY[name]), name)
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
