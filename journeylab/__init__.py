"""journeylab: simulate customer journeys and compare policies with common random numbers.

    import journeylab as jl

    comparison = jl.compare("onboarding_outreach", replications=10)
    print(comparison)
    effects = comparison.to_pandas()

The functions have the names and options of the command `journey`. They return documented results with `to_pandas`,
`to_polars`, `to_arrow` and `to_dict`; the last one is the document that the command prints with `--json`. Invalid input
raises `InputError`, with the sentence that the command prints.
"""

from pathlib import Path
from runpy import run_path
from typing import TYPE_CHECKING, Any

# Before other imports, and by its path, because a module of the user may hide a package of ours.
run_path(str(Path(__file__).parents[1] / "journey/core/shadowing.py"))["refuse_shadowed"](
    __file__, "journey", "simulation", "scenarios"
)

from journey.core.errors import InputError, JourneyError, MissingPackageError
from journeylab.functions import (
    benchmark,
    check,
    compare,
    evaluate,
    load_scenario,
    metrics,
    prove,
    query,
    scenarios,
    simulate,
)

if TYPE_CHECKING:
    from journey.decision.policy import Policy
    from journey.evaluation.check import CheckResult
    from journey.evaluation.evaluate import Evaluation
    from journey.machine import Journey, default_journey
    from journey.records.folder import Records
    from scenarios.comparison.compare import Comparison
    from scenarios.execution.protocol import WorkerDiedError
    from scenarios.files.loader import LoadedScenario
    from scenarios.latency.benchmark import LatencyBenchmark
    from scenarios.operations.catalogue import ScenarioSummary
    from scenarios.operations.metric_list import MetricSummary
    from scenarios.operations.questions import QueryResult
    from scenarios.operations.rule_proof import RuleProofs
    from scenarios.operations.simulation_result import SimulationResult

    __version__: str

__all__ = [
    "CheckResult",
    "Comparison",
    "Evaluation",
    "InputError",
    "Journey",
    "JourneyError",
    "LatencyBenchmark",
    "LoadedScenario",
    "MetricSummary",
    "MissingPackageError",
    "Policy",
    "QueryResult",
    "Records",
    "RuleProofs",
    "ScenarioSummary",
    "SimulationResult",
    "WorkerDiedError",
    "__version__",
    "benchmark",
    "check",
    "compare",
    "default_journey",
    "evaluate",
    "load_scenario",
    "metrics",
    "prove",
    "query",
    "scenarios",
    "simulate",
]

_LAZY = {
    "CheckResult": "journey.evaluation.check",
    "Comparison": "scenarios.comparison.compare",
    "Evaluation": "journey.evaluation.evaluate",
    "Journey": "journey.machine",
    "LatencyBenchmark": "scenarios.latency.benchmark",
    "LoadedScenario": "scenarios.files.loader",
    "MetricSummary": "scenarios.operations.metric_list",
    "Policy": "journey.decision.policy",
    "QueryResult": "scenarios.operations.questions",
    "Records": "journey.records.folder",
    "RuleProofs": "scenarios.operations.rule_proof",
    "ScenarioSummary": "scenarios.operations.catalogue",
    "SimulationResult": "scenarios.operations.simulation_result",
    "WorkerDiedError": "scenarios.execution.protocol",
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
