"""The texts of an arm's events: what the codes of `simulation.trace.codes` stand for."""

from collections.abc import Mapping, Sequence

from journey.decision.rules import REASONS
from simulation.model.arm import CompiledArm
from simulation.trace import codes, events


def label_names(compiled_arm: CompiledArm) -> dict[int, Mapping[int, str]]:
    """The label of each code, by kind of event."""
    actions, causes = _names_by_code(compiled_arm.policy.actions), _names_by_code(compiled_arm.causes)
    return {
        codes.KIND_MOVE: _names_by_code(compiled_arm.machine.moves),
        codes.KIND_SIGNAL: _names_by_code(compiled_arm.policy.signal_types),
        codes.KIND_DECISION: {**actions, codes.LABEL_MONITOR_ONLY: "monitor_only", codes.LABEL_NONE: "none"},
        codes.KIND_REQUESTED: actions,
        codes.KIND_DECIDED: _names_by_code(codes.VERDICTS),
        codes.KIND_ACTION: actions,
        codes.KIND_OUTCOME: _names_by_code(codes.OUTCOMES),
        codes.KIND_DISTRESS_ON: causes,
        codes.KIND_DISTRESS_OFF: causes,
        codes.KIND_ARRIVAL: {codes.LABEL_ARRIVAL: events.ARRIVAL},
        codes.KIND_EFFECT_ON: actions,
        codes.KIND_EFFECT_OFF: actions,
        codes.KIND_VALUE: _names_by_code(compiled_arm.value_changes),
    }


def reason_names(compiled_arm: CompiledArm) -> dict[int, Mapping[int, str]]:
    """The reason of each code, by kind of event; kinds without reasons are missing."""
    changes = {codes.REASON_MOVES: events.ON_MOVES, codes.REASON_PRICE: events.ON_PRICE}
    return {
        codes.KIND_DECISION: _names_by_code(REASONS),
        codes.KIND_SIGNAL: {
            **_names_by_code(compiled_arm.causes),
            codes.REASON_NOISE: events.NOISE,
            codes.REASON_ORPHANED: events.ORPHANED,
            codes.REASON_DUPLICATE: events.DUPLICATE,
        },
        codes.KIND_MOVE: {codes.REASON_RENEWAL: events.RENEWAL, codes.REASON_PAYMENT: events.PAYMENT},
        codes.KIND_EFFECT_ON: changes,
        codes.KIND_EFFECT_OFF: changes,
    }


def _names_by_code(names: Sequence[str]) -> dict[int, str]:
    return dict(enumerate(names))
