"""Strategies for worlds and scenarios: any dwell times, distress, signals and effects for a journey and a policy."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from hypothesis import strategies as st

from journey.core.errors import InputError
from journey.core.toml_text import format_inline
from journey.decision.policy import Policy
from journey.machine import Journey, default_journey
from journeylab.testing.strategies.tables import tables
from scenarios.files.loader import LoadedScenario, build_scenario

_MEAN_DAYS = st.floats(1.0, 300.0)
_RATIO = st.floats(0.2, 6.0)
_SHARE = st.floats(0.0, 0.4)


class DrawnScenario(LoadedScenario):
    """A scenario that Hypothesis prints as the keys that were drawn, not as the resolved values of all keys."""

    def __repr__(self) -> str:
        data = self.layers[0].data
        world = dict(data["world"])
        moves = {name: move for name, move in world.pop("moves").items() if move != _COMMON_MOVE}
        drawn = {
            "horizon_days": data["horizon_days"],
            "seed": data["seed"],
            "population.size": data["population"]["size"],
            "reviewers.count": data["reviewers"]["count"],
            **{f"world.moves.{name}": move for name, move in moves.items()},
            **{f"world.{name}": value for name, value in world.items()},
        }
        return f"<scenario: {', '.join(f'{name} = {format_inline(value)}' for name, value in drawn.items())}>"


def _shaped(law: str, low: float, high: float) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda days, shape: {"law": law, "mean_days": days, "shape": shape}, _MEAN_DAYS, st.floats(low, high)
    )


def dwells() -> st.SearchStrategy[dict[str, Any]]:
    """Dwell times of every kind, as the key ``dwell`` of a move in a scenario; the smallest one is exponential."""
    return st.one_of(
        st.builds(lambda days: {"law": "exponential", "mean_days": days}, _MEAN_DAYS),
        _shaped("weibull", 0.5, 4.0),
        _shaped("log_logistic", 1.2, 5.0),
        _shaped("log_normal", 0.2, 2.0),
        _shaped("gamma", 0.3, 6.0),
        st.builds(
            lambda first, more: {"law": "empirical", "points": [[first, 0.3], [first + more, 0.8]]},
            st.floats(1.0, 60.0),
            st.floats(1.0, 90.0),
        ),
        st.builds(lambda days: {"law": "deterministic", "mean_days": days}, st.integers(5, 90).map(float)),
    )


_COMMON_MOVE = {"dwell": {"law": "exponential", "mean_days": 30.0}}
_MOVES = tables(
    {"in_distress": _RATIO, "by_tenure": st.builds(lambda ratio: [[20.0, ratio]], _RATIO)},
    required={"dwell": dwells()},
)
_EFFECTS = tables(
    {
        "response": st.floats(0.0, 1.0),
        "recovery_ratio": _RATIO,
        "harm_ratio": _RATIO,
        "delay_days": st.floats(0.0, 10.0),
        "lasts_days": st.floats(0.5, 40.0),
    },
)
_OTHER_KEYS = tables(
    {
        "frailty_spread": st.floats(0.0, 1.0),
        "notice_days": st.floats(0.0, 60.0),
        "signals": st.builds(lambda days: {"delay_mean_days": days}, st.floats(0.0, 20.0)),
        "decisions": tables(
            {
                "cadence_days": st.sampled_from([7.0, 0.0, 1.0]),
                "on_signal": st.booleans(),
                "on_stage_entry": st.booleans(),
            },
        ),
    },
)
"""Keys of a world, each of which may be absent."""


@st.composite
def worlds(draw: st.DrawFn, *, journey: Journey | None = None, policy: Policy | None = None) -> dict[str, Any]:
    """The table ``[world]`` of a scenario: a dwell time for each move, and a cause of distress for each cause.

    Args:
        draw: Provided by Hypothesis.
        journey: The journey, whose moves and stages the world has. Default: the default journey.
        policy: The policy, whose signals and actions the world has. Default: the default policy.
    """
    journey, policy = journey or default_journey(), policy or Policy()
    negative = [(name, each.cause) for name, each in policy.signals.items() if each.polarity == "negative"]
    causes = sorted({cause for _, cause in negative if cause})
    # Most moves are alike, so that a small world has few numbers.
    special = draw(tables(dict.fromkeys(journey.move_names, _MOVES)))
    moves = {move: special.get(move, _COMMON_MOVE) for move in journey.move_names}
    cause = st.tuples(st.sampled_from(journey.non_exit_stages), _SHARE, st.floats(1.0, 60.0), _RATIO, _SHARE)
    drawn = draw(tables(dict.fromkeys(causes, cause)))
    distress = {
        name: {
            "onset_per_day": {stage: onset},
            "mean_days": days,
            "churn_ratio": ratio,
            "symptoms": {signal: symptom for signal, own in negative if own == name},
        }
        for name, (stage, onset, days, ratio, symptom) in drawn.items()
    }
    effects = draw(tables(dict.fromkeys(policy.actions, _EFFECTS)))
    return {
        "moves": moves,
        **({"distress": {"causes": distress}} if distress else {}),
        **({"effects": effects} if effects else {}),
        **draw(_OTHER_KEYS),
    }


@st.composite
def scenarios(
    draw: st.DrawFn,
    *,
    journey: Journey | None = None,
    policy: Policy | None = None,
    max_customers: int = 20,
    max_days: int = 90,
) -> LoadedScenario:
    """Complete scenarios with the arms ``baseline``, which takes no action, and ``treated``.

    They run in a moment: `journeylab.simulate(scenario)` and `journeylab.compare(scenario)` accept them.

    Args:
        draw: Provided by Hypothesis.
        journey: The journey. Default: the default journey.
        policy: The policy of both arms. Default: the default policy.
        max_customers: Largest number of customers.
        max_days: Longest simulated time, in days.

    Raises:
        InputError: The journey cannot be simulated, for instance because customers can never leave a live stage.
    """
    journey, own = journey or default_journey(), policy or Policy()
    if not journey.non_exit_stages:
        raise InputError(f"{journey.name}: cannot be simulated, because it has no stage in which customers stay")
    data: dict[str, Any] = {
        "title": "A drawn scenario",
        "question": "Does it hold in every world?",
        "horizon_days": draw(st.integers(1, max_days)),
        "seed": draw(st.integers(0, 1000)),
        "replications": 2,
        "journey": journey.to_dict(),
        **({} if policy is None else {"policy": policy.model_dump(mode="json", exclude_unset=True)}),
        "population": {
            "size": draw(st.integers(1, max_customers)),
            "segments": {name: {"share": 1.0 / len(own.segments), "account_value": 1000.0} for name in own.segments},
        },
        "world": draw(worlds(journey=journey, policy=own)),
        "reviewers": {"count": draw(st.integers(1, 3))},
        "arms": {"baseline": {"actions": []}, "treated": {}},
    }
    loaded = build_scenario(data, "a drawn scenario")
    return DrawnScenario(**{each.name: getattr(loaded, each.name) for each in fields(loaded)})
