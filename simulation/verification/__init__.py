"""Verification of an engine: models with exact results, derived from an arm of any scenario, and their checks.

* `derived_models`: the models with exact results that are derived from an arm;
* `occupancy`: stages of customers, against the matrix exponential and the renewal equations;
* `hazards`: moves, episodes and signals, against their integrated hazards;
* `time_dependent`: seasons, tenure, contract ends and value changes, evaluated independently;
* `random_streams`: keyed streams and dwells, against their distributions;
* `queueing`: the review queue, against Erlang C and Little's law;
* `acquisition`: a funnel of prospects, against products of binomials;
* `conservation`: totals that must add up in every run, and equal traces of two engines;
* `trace_diff`: the first difference between two engines' traces;
* `event_histories`: a run's trace as histories of customers;
* `evidence`: the result of a check, and when it passes;
* `suite`: all checks of an arm.
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
