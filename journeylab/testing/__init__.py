"""journeylab.testing: test your own journeys, policies and scenarios with pytest and Hypothesis.

    from hypothesis import given
    from journeylab.testing import JourneyStateMachine, legal_histories

* Strategies draw journeys, histories, records, policies and scenarios. They shrink to small cases.
* `JourneyStateMachine` makes random moves in a journey, to which you add invariants.
* ``pytest --journey journey.toml`` tests every stage and move, every guard and every rule of a file.

It needs the packages of the extra ``testing``: ``pip install 'journeylab[testing]'``.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from journeylab.testing.state_machine import JourneyStateMachine
    from journeylab.testing.strategies.histories import (
        History,
        Step,
        illegal_histories,
        illegal_requests,
        legal_histories,
    )
    from journeylab.testing.strategies.journeys import facts, guards, journeys, stage_details, stage_names
    from journeylab.testing.strategies.policies import policies
    from journeylab.testing.strategies.records import (
        RecordedCustomer,
        companies,
        customers,
        interventions,
        outcomes,
        recorded_customers,
        signals,
        stage_entries,
    )
    from journeylab.testing.strategies.scenarios import dwells, scenarios, worlds

__all__ = [
    "History",
    "JourneyStateMachine",
    "RecordedCustomer",
    "Step",
    "companies",
    "customers",
    "dwells",
    "facts",
    "guards",
    "illegal_histories",
    "illegal_requests",
    "interventions",
    "journeys",
    "legal_histories",
    "outcomes",
    "policies",
    "recorded_customers",
    "scenarios",
    "signals",
    "stage_details",
    "stage_entries",
    "stage_names",
    "worlds",
]

_MODULES = {
    "journeylab.testing.state_machine": ("JourneyStateMachine",),
    "journeylab.testing.strategies.histories": (
        "History",
        "Step",
        "illegal_histories",
        "illegal_requests",
        "legal_histories",
    ),
    "journeylab.testing.strategies.journeys": ("facts", "guards", "journeys", "stage_details", "stage_names"),
    "journeylab.testing.strategies.policies": ("policies",),
    "journeylab.testing.strategies.records": (
        "RecordedCustomer",
        "companies",
        "customers",
        "interventions",
        "outcomes",
        "recorded_customers",
        "signals",
        "stage_entries",
    ),
    "journeylab.testing.strategies.scenarios": ("dwells", "scenarios", "worlds"),
}
"""The names of each module, loaded on first use: pytest loads the plugin of this package without Hypothesis."""

if not TYPE_CHECKING:
    # Type checkers see the imports above; with this function, they would accept any name.
    def __getattr__(name: str) -> Any:
        """Load a name of `_MODULES` on first use."""
        module = next((module for module, names in _MODULES.items() if name in names), None)
        if module is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        _require_hypothesis()
        value = globals()[name] = getattr(import_module(module), name)
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})


def _require_hypothesis() -> None:
    """Refuse to go on without Hypothesis."""
    from journey.core.errors import MissingPackageError

    try:
        import hypothesis  # noqa: F401
    except ImportError:
        raise MissingPackageError(
            "journeylab.testing: needs hypothesis, which is not installed: pip install 'journeylab[testing]'"
        ) from None
