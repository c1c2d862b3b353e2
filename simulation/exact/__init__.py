"""Exact results that need no simulation, against which the engines are validated.

* `scipy_distributions`: dwell-time distributions by SciPy, independent of the engines' own clocks;
* `absorbing`: absorbing Markov chains: expected visits, steps and days to absorption, and absorption probabilities;
* `first_passage`: the time until a chain reaches some states, its visits, and its long-run shares of time;
* `markov`: a journey with exponential dwells, with or without distress, as a continuous-time Markov chain;
* `renewal`: a journey with any dwell distributions, without distress, as a semi-Markov process;
* `queueing`: a review queue with reviewers who work around the clock (Erlang C), and Little's law.

All results are computed from the specification (`simulation.model.world_spec`), never from the arrays that the engines
use, so that a mistake in these arrays shows as a difference.
"""
