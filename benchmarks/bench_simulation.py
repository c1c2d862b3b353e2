"""The engines, beside a plain hand-written SimPy model of the same moves and signals, and the gate with a backlog.

Events are trace rows. The plain model draws from one generator, keeps no books and has no orchestrator: it is what a
practitioner would write in an afternoon to count moves and signals, so its events are cheaper than ours.
"""

import random
from math import inf
from time import perf_counter

import simpy

from journey.machine import default_journey
from journey.policy import Policy
from scenarios.files import load
from simulation.clock_time import ExactEnvironment
from simulation.gate import Gate, Request
from simulation.gate_book import GateBook
from simulation.run import ArmSetup, run_arm
from simulation.spec import Population, Reviewers, World

CUSTOMERS = 2000
DAYS = 365.0
BACKLOG = 30_000
MANY = 200_000

MOVES = {
    "onboarding": (("engagement", 24.0), ("churned", 1150.0)),
    "engagement": (("retention", 120.0), ("support", 200.0), ("churned", 1700.0)),
    "retention": (("support", 200.0), ("churned", 1700.0)),
    "support": (("retention", 4.5), ("escalation", 75.0), ("churned", 1700.0)),
    "escalation": (("support", 12.0), ("retention", 9.0), ("churned", 420.0)),
}
SIGNALS_PER_DAY = 0.02


def _plain_life(env, luck, log, number):
    stage = "onboarding"
    signal = env.now + luck.expovariate(SIGNALS_PER_DAY)
    while stage != "churned":
        due, to_stage = min((env.now + luck.expovariate(1.0 / mean), to) for to, mean in MOVES[stage])
        while signal < due:
            yield env.timeout(signal - env.now)
            log.append((env.now, number, "signal", luck.random()))
            signal = env.now + luck.expovariate(SIGNALS_PER_DAY)
        yield env.timeout(due - env.now)
        log.append((env.now, number, stage, to_stage))
        stage = to_stage


def _plain(customers):
    env, log, luck = simpy.Environment(), [], random.Random(1)
    for number in range(customers):
        env.process(_plain_life(env, luck, log, number))
    started = perf_counter()
    env.run(until=DAYS)
    return len(log), perf_counter() - started


def _moves_and_signals(customers):
    """The same moves and signals in our world, without distress and without an orchestrator."""
    clocks = {
        "activate": {"dwell": {"mean_days": 24}},
        "mature": {"dwell": {"mean_days": 120}},
        "open_ticket": {"dwell": {"mean_days": 200}},
        "resolve": {"dwell": {"mean_days": 4.5}},
        "escalate": {"dwell": {"mean_days": 75}},
        "de_escalate": {"dwell": {"mean_days": 12}},
        "recover": {"dwell": {"mean_days": 9}},
        "churn": {
            "dwell": {"mean_days": 1700},
            "dwell_from": {"onboarding": {"mean_days": 1150}, "escalation": {"mean_days": 420}},
        },
    }
    signals = {"false_per_day": {"usage_drop": SIGNALS_PER_DAY}, "delay_mean_days": 0.0}
    return ArmSetup(
        name="moves and signals",
        journey=default_journey(),
        world=World.model_validate({"moves": clocks, "signals": signals}),
        policy=Policy(),
        population=Population.model_validate(
            {"size": customers, "segments": {"SMB": {"share": 1, "account_value": 9000}}}
        ),
        reviewers=Reviewers(count=1),
        active=False,
    )


def _whole_world(customers):
    """The built-in world, its orchestrator and its gate, with a weekly look at every customer."""
    overrides = [f"population.size={customers}", "world.decisions.cadence_days=7"]
    return load("default", overrides).setups[1]


def _speed(setup, engine):
    run = run_arm(setup, seed=1, replication=0, days=DAYS, engine=engine)
    return run.events, run.wall_seconds


def _backlog_of(ask):
    """Microseconds a review while a backlog of `BACKLOG` is worked off."""
    started = perf_counter()
    reviews = ask()
    return 1e6 * (perf_counter() - started) / reviews


def _our_gate():
    env = ExactEnvironment()
    gate = Gate(env, 3, Reviewers(opens_at_hour=0.0, minutes_per_day=1440.0, days_per_week=7), GateBook((0.0, inf)))
    for n in range(BACKLOG):
        gate.ask(Request(-float(n * 7919 % 30_011), 0.0, n, 0.01, lambda _time, _reviewer: None))
    env.run()
    return BACKLOG


def _simpy_gate():
    """SimPy's own priority resource; a fifteenth of the reviews, from the same backlog, is enough to time it."""
    env = simpy.Environment()
    resource = simpy.PriorityResource(env, capacity=3)
    done = []

    def review(n):
        with resource.request(priority=-(n * 7919 % 30_011)) as turn:
            yield turn
            yield env.timeout(0.01)
            done.append(n)

    for n in range(BACKLOG // 15):
        env.process(review(n))
    env.run()
    return len(done)


def run():
    """Both sides of every claim, in one run."""
    rows = []

    def add(name, events, seconds, note=""):
        rows.append({"name": name, "value": events / seconds, "unit": "events/s", "note": note})

    small = f"{CUSTOMERS:,} customers, a year"
    add("plain SimPy, moves and signals only", *_plain(CUSTOMERS), small)
    add("reference engine, moves and signals only", *_speed(_moves_and_signals(CUSTOMERS), "reference"), small)
    add("reference engine, whole world, weekly cadence", *_speed(_whole_world(CUSTOMERS), "reference"), small)
    _speed(_whole_world(100), "compiled")
    large = f"{MANY:,} customers, a year, one core, no trace, compiled before"
    add("compiled engine, moves and signals only", *_speed(_moves_and_signals(MANY), "compiled"), large)
    add("compiled engine, whole world, weekly cadence", *_speed(_whole_world(MANY), "compiled"), large)
    note = f"priority queue, backlog of {BACKLOG:,}"
    rows.append({"name": "gate, a review", "value": _backlog_of(_our_gate), "unit": "us", "note": note})
    note = f"priority queue, backlog of {BACKLOG // 15:,}; it sorts the whole queue at every request"
    rows.append(
        {"name": "simpy.PriorityResource, a review", "value": _backlog_of(_simpy_gate), "unit": "us", "note": note}
    )
    return rows
