"""starsim: a module with a step a day, Bernoulli filters on agents, and deaths for those who leave."""

import numpy as np
import starsim as ss

from benchmarks.peers.model import (
    CHURNED,
    LEAVE_CHANCE,
    LIVE,
    MOVES_FROM,
    SIGNAL_CHANCE,
    STAGES,
    START,
    Result,
    result,
    shares_of_moves,
)


def _leave_chance(module, sim, uids):
    del sim
    return module.chances[module.stage[uids]]


class CustomerJourney(ss.Module):
    """The journey."""

    def __init__(self, **kwargs):
        super().__init__()
        self.define_pars(
            hears=ss.bernoulli(p=SIGNAL_CHANCE),
            leaves=ss.bernoulli(p=_leave_chance),
            goes_to=ss.random(),
        )
        self.update_pars(**kwargs)
        self.define_states(ss.IntArr("stage", default=STAGES.index(START)))
        self.chances = np.array([*(LEAVE_CHANCE[stage] for stage in LIVE), 0.0])
        self.shares = [np.cumsum(shares_of_moves(stage)) for stage in LIVE]
        self.destinations = [np.array([STAGES.index(m.destination) for m in MOVES_FROM[stage]]) for stage in LIVE]
        self.moves = self.signals = 0

    def step(self):
        """One day."""
        live = (self.stage < STAGES.index(CHURNED)).uids
        self.signals += len(self.pars.hears.filter(live))
        leaving = self.pars.leaves.filter(live)
        rng, here = self.pars.goes_to.rvs(leaving), self.stage[leaving]
        for code in range(len(LIVE)):
            those = here == code
            way = np.minimum(np.searchsorted(self.shares[code], rng[those]), len(self.shares[code]) - 1)
            self.stage[leaving[those]] = self.destinations[code][way]
        self.moves += len(leaving)
        self.sim.people.request_death((self.stage == STAGES.index(CHURNED)).uids)


def run(customers: int, days: int, seed: int) -> Result:
    """Simulate a cohort."""
    # The first and the last point of time are both stepped at, so a year of 365 steps lasts 364 days.
    sim = ss.Sim(n_agents=customers, modules=CustomerJourney(), start=ss.date("2025-01-01"), dur=ss.days(days - 1),
                 dt=ss.days(1), rand_seed=seed, verbose=0)  # fmt: skip
    sim.run()
    journey = sim.get_module(CustomerJourney)
    # `raw` holds the dead too: those who left.
    stages = np.bincount(journey.stage.raw[:customers], minlength=len(STAGES))
    return result(journey.moves, journey.signals, dict(zip(STAGES, stages.tolist(), strict=True)))
