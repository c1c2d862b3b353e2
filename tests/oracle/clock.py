"""The clock of a move, an onset, the end of an episode or a change of value."""

from collections.abc import Sequence

from simulation.distributions.dwell_times import advance, due_in


class Clock:
    """One running clock of one customer: its distribution, its remaining amount and the time at which it runs out."""

    __slots__ = ("a", "age", "amount", "b", "due", "knots", "law", "ratio", "since")

    def __init__(
        self,
        law: int,
        a: float,
        b: float,
        amount: float,
        now: float,
        ratio: float,
        age: float = 0.0,
        knots: Sequence[float] = (),
    ) -> None:
        """Start a clock at time `now`; see `due_in` for the parameters."""
        self.knots = knots
        self.law = law
        self.a = a
        self.b = b
        self.amount = amount
        self.since = now
        self.ratio = ratio
        self.age = age
        self.due = now + due_in(law, a, b, age, amount, ratio, knots)

    def set_hazard_ratio(self, now: float, ratio: float) -> None:
        """Continue from `now` at another hazard ratio, with the remaining amount.

        An unchanged ratio leaves the clock bit for bit as it is, so that it cannot change the trace.
        """
        if ratio == self.ratio:
            return
        elapsed = now - self.since
        self.amount, wait = advance(
            self.law, self.a, self.b, self.age, self.amount, self.ratio, elapsed, ratio, self.knots
        )
        self.age += elapsed
        self.since = now
        self.ratio = ratio
        self.due = now + wait
