"""Holding an engine to theory: from an arm of any scenario to the worlds that have exact answers, and their checks.

* `worlds`: the worlds with exact answers that are derived from an arm;
* `occupancy`: where customers are, against the matrix exponential and the renewal equations;
* `hazards`: moves, episodes and signals against their integrated hazards;
* `dated`: seasons, tenure, ends of contracts and changes of value, evaluated anew;
* `luck`: keyed streams and dwells against their laws;
* `waiting`: the human gate against Erlang C, and Little's law;
* `acquisition`: a funnel of prospects, against products of binomials;
* `bookkeeping`: what must add up in every run, and two engines with one trace;
* `parting`: where two engines' traces part;
* `evidence`: what a check finds, and when it counts as held;
* `checking`: all of it for an arm.
"""

from simulation.verification.evidence import FALSE_ALARM_RATE, Check, Evidence, judge_checks
from simulation.verification.queueing import QueueTime, measure_queue_time
from simulation.verification.suite import (
    arm_checks,
    hazard_checks,
    markov_checks,
    renewal_checks,
    run_checks,
    stream_checks,
    theory_checks,
)

__all__ = [
    "FALSE_ALARM_RATE",
    "Check",
    "Evidence",
    "QueueTime",
    "arm_checks",
    "hazard_checks",
    "judge_checks",
    "markov_checks",
    "measure_queue_time",
    "renewal_checks",
    "run_checks",
    "stream_checks",
    "theory_checks",
]
