"""Totals of customers from their Markov chain: matrix exponentials and linear systems, without simulation."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simulation.exact import first_passage
from simulation.questions import markov_worlds
from simulation.questions.totals import NOTHING, Totals

if TYPE_CHECKING:
    import numpy.typing as npt

    from simulation.exact.markov import Chain
    from simulation.model.arm import ArmSpec
    from simulation.questions.markov_worlds import MarkovKind
    from simulation.questions.question import Question
    from simulation.questions.totals import CustomerKind

    FloatArray = npt.NDArray[np.float64]
    States = npt.NDArray[np.bool_]


def compute_exact_totals(arm_spec: ArmSpec, question: Question, kinds: list[MarkovKind]) -> dict[CustomerKind, Totals]:
    """Totals by kind, as shares of the population.

    Args:
        arm_spec: The arm, with the customers of the question; `markov_worlds.find_obstacles` has found none.
        question: The question.
        kinds: The kinds of customers.
    """
    return {kind.kind: _compute_kind(arm_spec, question, kind).scale(kind.beginnings.share) for kind in kinds}


def _compute_kind(arm_spec: ArmSpec, question: Question, kind: MarkovKind) -> Totals:
    totals = NOTHING
    for frailty, weight in markov_worlds.list_frailties(arm_spec, kind):
        chain = markov_worlds.build_chain(arm_spec, kind, frailty)
        asked = _ask(question, chain)
        start = np.where(_is_counted(arm_spec, question, chain), markov_worlds.build_start(arm_spec, kind, chain), 0.0)
        totals += Totals(
            _weigh(start, asked.values), _weigh(start, asked.customers), 0.0, _weigh(start, asked.failed)
        ).scale(weight)
    return totals


def _weigh(start: FloatArray, values: FloatArray) -> float:
    """The sum over customers; values of states in which no customer begins do not count, even if infinite."""
    begun = start > 0.0
    return float(start[begun] @ values[begun])


def _is_counted(arm_spec: ArmSpec, question: Question, chain: Chain) -> States:
    """Which states customers may begin in so that the question is about them."""
    if question.origin is not None:
        return np.ones(len(chain.states), dtype=np.bool_)
    excluded = arm_spec.exit_stages | question.ends
    return np.array([stage not in excluded for stage, _ in chain.states])


class _Asked(NamedTuple):
    """What is asked, by initial state: values, customers that count, and those that never reach the stage."""

    values: FloatArray
    customers: FloatArray
    failed: FloatArray


def _ask_all(values: FloatArray) -> _Asked:
    """What is asked of all customers, none of whom fails."""
    return _Asked(values, np.ones(len(values)), np.zeros(len(values)))


def _ask(question: Question, chain: Chain) -> _Asked:
    generator, stage = chain.generator, _select(chain, question.stage)
    if question.kind == "reach":
        avoid = None if question.before is None else _select(chain, question.before)
        reached = first_passage.reach_probabilities(generator, stage, avoid=avoid, days=question.days)
        return _ask_all(reached)
    if question.kind == "time":
        return _ask_time(question, generator, stage)
    if question.kind == "stay":
        entered = first_passage.arrival_probabilities(generator, stage)
        values = entered @ _stay_probabilities(chain, stage, question.days or 0.0)
        return _Asked(values, entered.sum(axis=1), np.zeros(len(values)))
    if question.kind == "visits":
        entries = first_passage.expected_events(generator, chain.move_rates[:, stage].sum(axis=1), question.days)
        return _ask_all(stage + entries)
    if question.days is None:
        return _ask_all(first_passage.long_run_shares(generator)[:, stage].sum(axis=1))
    days = first_passage.expected_events(generator, stage.astype(np.float64), question.days)
    return _ask_all(days / question.days)


def _ask_time(question: Question, generator: FloatArray, stage: States) -> _Asked:
    if question.days is not None:
        return _ask_all(first_passage.restricted_passage_days(generator, stage, question.days))
    reached = first_passage.reach_probabilities(generator, stage)
    days = first_passage.passage_days(generator, stage)
    if question.if_reached:
        return _Asked(days, reached, np.zeros(len(days)))
    # Exact zeros and ones come from the graph, not from rounded probabilities.
    certain = ~first_passage.find_predecessors(generator, ~first_passage.find_predecessors(generator, stage) & ~stage)
    return _Asked(days, np.ones(len(days)), np.where(certain, 0.0, np.maximum(1.0 - reached, _TINY)))


_TINY = float(np.finfo(np.float64).tiny)
"""Least probability of what can happen, also where rounding gives 0."""


def _stay_probabilities(chain: Chain, stage: States, days: float) -> FloatArray:
    """Probability that a stay lasts longer than some days, by state of the stage at its beginning."""
    within = chain.generator[np.ix_(stage, stage)].copy()
    # A move back to the stage begins a new stay.
    restarts = chain.move_rates[np.ix_(stage, stage)]
    within -= np.diag(np.diag(restarts))
    rates = np.zeros((len(within) + 1, len(within) + 1))
    rates[:-1, :-1], rates[:-1, -1] = within, -within.sum(axis=1)
    ended = np.append(np.zeros(len(within), dtype=np.bool_), [True])
    return 1.0 - first_passage.reach_probabilities(rates, ended, days=days)[:-1]


def _select(chain: Chain, stage: str) -> States:
    return np.array([name == stage for name, _ in chain.states])
