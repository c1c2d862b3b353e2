"""The state machine: stages, legal moves and guards, and questions about the structure of a journey.

Importing it is cheap: `transitions` and NumPy are imported by the first call that needs them.
"""

from typing import TYPE_CHECKING, Any

from journey.machine.definition import Journey, default_journey
from journey.machine.errors import (
    BlockedMoveError,
    IllegalMoveError,
    JourneyDefinitionError,
    MoveError,
    UnknownStageError,
)
from journey.machine.guards import (
    FactColumns,
    Facts,
    Guard,
    GuardKind,
    guard_names,
    parse_days,
    parse_names,
    register_guard,
    unregister_guard,
)
from journey.machine.moves import EVERY_LIVE_STAGE, Move, MoveRule
from journey.machine.path_cover import format_path
from journey.machine.requests import HasStage, MoveResult, Position
from journey.machine.stages import StageDetails

if TYPE_CHECKING:
    from journey.machine.compiled import CompiledJourney
    from journey.machine.conformance import ConformanceResult, Violation, ViolationKind, check_conformance

__all__ = [
    "EVERY_LIVE_STAGE",
    "BlockedMoveError",
    "CompiledJourney",
    "ConformanceResult",
    "FactColumns",
    "Facts",
    "Guard",
    "GuardKind",
    "HasStage",
    "IllegalMoveError",
    "Journey",
    "JourneyDefinitionError",
    "Move",
    "MoveError",
    "MoveResult",
    "MoveRule",
    "Position",
    "StageDetails",
    "UnknownStageError",
    "Violation",
    "ViolationKind",
    "check_conformance",
    "default_journey",
    "format_path",
    "guard_names",
    "parse_days",
    "parse_names",
    "register_guard",
    "unregister_guard",
]

# Loaded on first use, because their modules need NumPy.
_LAZY = {
    "CompiledJourney": "journey.machine.compiled",
    "ConformanceResult": "journey.machine.conformance",
    "Violation": "journey.machine.conformance",
    "ViolationKind": "journey.machine.conformance",
    "check_conformance": "journey.machine.conformance",
}


def __getattr__(name: str) -> Any:
    """Load a name whose module needs NumPy, on first use."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LAZY[name]), name)
