"""The journey that every peer simulates: five live stages, churn, one stream of signals, a year.

All dwells are exponential, so a customer is a Markov chain. Customers begin in onboarding on day 0. Signals come at one
rate for as long as a customer is live. An event is a move or a signal.
"""

from math import exp
from typing import NamedTuple

LIVE = ("onboarding", "engagement", "retention", "support", "escalation")
CHURNED = "churned"
STAGES = (*LIVE, CHURNED)
START = "onboarding"
DAYS = 365
SIGNALS_PER_DAY = 0.02


class Move(NamedTuple):
    """A move out of a stage and the mean of its exponential dwell, in days."""

    name: str
    source: str
    destination: str
    mean_days: float


MOVES = (
    Move("activate", "onboarding", "engagement", 24.0),
    Move("churn", "onboarding", CHURNED, 1150.0),
    Move("mature", "engagement", "retention", 120.0),
    Move("open_ticket", "engagement", "support", 200.0),
    Move("churn", "engagement", CHURNED, 1700.0),
    Move("open_ticket", "retention", "support", 200.0),
    Move("churn", "retention", CHURNED, 1700.0),
    Move("resolve", "support", "retention", 4.5),
    Move("escalate", "support", "escalation", 75.0),
    Move("churn", "support", CHURNED, 1700.0),
    Move("de_escalate", "escalation", "support", 12.0),
    Move("recover", "escalation", "retention", 9.0),
    Move("churn", "escalation", CHURNED, 420.0),
)
MOVES_FROM = {stage: tuple(move for move in MOVES if move.source == stage) for stage in LIVE}
RATE_OUT = {stage: sum(1.0 / move.mean_days for move in MOVES_FROM[stage]) for stage in LIVE}


class Result(NamedTuple):
    """What a peer reports.

    Attributes:
        events: Moves and signals.
        occupancy: Customers by stage at the end of the last day, `CHURNED` among them.
        signals: Signals heard.
        churned: Customers who left.
    """

    events: int
    occupancy: dict[str, int]
    signals: int
    churned: int


def result(moves: int, signals: int, occupancy: dict[str, int]) -> Result:
    """A result; stages without customers may be omitted."""
    occupancy = {stage: int(occupancy.get(stage, 0)) for stage in STAGES}
    return Result(int(moves) + int(signals), occupancy, int(signals), occupancy[CHURNED])


def chance_within(rate: float, days: float = 1.0) -> float:
    """Probability that something with a constant rate per day happens within a number of days."""
    return 1.0 - exp(-rate * days)


# A peer with daily steps processes each customer once a day: first a signal, then a move and its destination. That is
# an approximation of the journey: two moves in a day are not seen.

SIGNAL_CHANCE = chance_within(SIGNALS_PER_DAY)
LEAVE_CHANCE = {stage: chance_within(RATE_OUT[stage]) for stage in LIVE}


def shares_of_moves(stage: str) -> list[float]:
    """Shares of a stage's moves among the customers that leave it, in the order of `MOVES_FROM`."""
    return [1.0 / move.mean_days / RATE_OUT[stage] for move in MOVES_FROM[stage]]
