"""The history of one customer in every arm: events, first divergence, cause, and value.

All arms are simulated with common random numbers. The whole cohort is simulated, because customers share the reviewers
and so affect each other's review wait. The rows of the one customer are then selected from the trace.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from journey.core.errors import InputError
from journey.decision.policy import TIERS
from journey.money.ledger import Ledger
from scenarios.comparison.money import compute_returns
from scenarios.explain.divergence import Divergence, event_as_dict, first_divergence
from scenarios.files.loader import LoadedScenario
from scenarios.files.model import BASELINE
from simulation.exports.customer_quantities import compute_customer_quantities
from simulation.exports.histories import CustomerHistory, RunHistory, customer_id, find_customer, initial_history
from simulation.runs.cohort import build_cohort
from simulation.runs.engine_choice import REFERENCE
from simulation.runs.run import run_arm

if TYPE_CHECKING:
    from simulation.metrics.run_results import Run
    from simulation.model.arm import ArmSpec

REPLICATION = 0
_SHARED_COST = "infrastructure"
"""The cost line that cannot be attributed to a customer."""


@dataclass(frozen=True, slots=True)
class ArmHistory:
    """The history of one customer in one arm.

    Attributes:
        name: Name of the arm.
        history: The customer and the rows of the trace.
        is_unfinished: Whether the customer was in a non-terminal stage at the end of the run.
        quantities: Quantities of value and cost, before prices.
        ledger: Value and cost at the prices of the arm, compared with an arm without events.
    """

    name: str
    history: CustomerHistory
    is_unfinished: bool
    quantities: dict[str, float]
    ledger: Ledger

    def as_dict(self) -> dict[str, Any]:
        """The history as a JSON-ready mapping."""
        actions = {name: n for name, n in self.quantities.items() if name.startswith("actions.")}
        return {
            "events": [event_as_dict(row) for row in self.history.rows],
            "end_stage": self.history.end_stage,
            "unfinished": self.is_unfinished,
            "revenue": self.quantities["revenue"],
            "value": self.ledger.value,
            "cost": self.ledger.cost,
            "net": self.ledger.net,
            "evaluations": round(self.quantities["evaluations"]),
            "reviews": round(self.quantities["reviews"]),
            "actions": {name.removeprefix("actions."): round(n) for name, n in actions.items()},
            "lines": [line.as_dict() for line in self.ledger.lines],
        }


@dataclass(frozen=True)
class Explanation:
    """The result of `journey explain`.

    Attributes:
        loaded: The scenario.
        customer: Number of the customer.
        customers: Number of customers in the simulated cohort.
        engine: Which engine ran.
        histories: One per arm, the baseline first.
        divergences: By arm other than the baseline, its first divergence from the baseline; None where there is none.
    """

    loaded: LoadedScenario
    customer: int
    customers: int
    engine: str
    histories: tuple[ArmHistory, ...]
    divergences: dict[str, Divergence | None]

    @property
    def earliest_divergence(self) -> Divergence | None:
        """The earliest divergence of any arm from the baseline."""
        known = [divergence for divergence in self.divergences.values() if divergence is not None]
        return min(known, key=lambda divergence: divergence.first.time, default=None)

    def as_dict(self) -> dict[str, Any]:
        """The explanation as the command line's JSON."""
        from journey.core.version import version

        first = self.histories[0]
        person, scenario = first.history.initial, self.loaded.scenario
        return {
            "scenario": self.loaded.name,
            "scenario_hash": self.loaded.hash,
            "version": version(),
            "seed": scenario.seed,
            "replication": REPLICATION,
            "engine": self.engine,
            "days": scenario.horizon_days,
            "customers": self.customers,
            "customer": self.customer,
            "person": {
                "customer_id": customer_id(person),
                "segment": first.history.segment,
                "risk_tier": TIERS[person.tier],
                "account_value": person.account_value,
                "first_stage": first.history.first_stage,
                "days_in_stage": person.days_in_stage,
                "tenure_days": person.tenure_days,
                "arrives_at": person.arrives_at,
                "consents": person.consents,
            },
            "arms": {arm_history.name: arm_history.as_dict() for arm_history in self.histories},
            "parting": None if self.earliest_divergence is None else self.earliest_divergence.as_dict(),
            "partings": {name: None if found is None else found.as_dict() for name, found in self.divergences.items()},
            "differences": {
                arm_history.name: {
                    "revenue": arm_history.quantities["revenue"] - first.quantities["revenue"],
                    "value": _subtract(arm_history.ledger.value, first.ledger.value),
                    "cost": _subtract(arm_history.ledger.cost, first.ledger.cost),
                    "net": _subtract(arm_history.ledger.net, first.ledger.net),
                }
                for arm_history in self.histories[1:]
            },
        }


def explain(loaded: LoadedScenario, customer: int | str, *, engine: str = REFERENCE) -> Explanation:
    """Simulate every arm and select one customer.

    Args:
        loaded: The scenario.
        customer: Number of the customer, from 0, or ID in the records that the population comes from.
        engine: Which engine; see `simulation.runs.run.run_arm`.

    Raises:
        InputError: The customer does not exist or arrives after the end of the run, or the engine refuses the scenario.
    """
    scenario = loaded.scenario
    if isinstance(customer, str):
        customer = find_customer(loaded.arms[0], customer, seed=scenario.seed, replication=REPLICATION)
    if scenario.acquisition is not None:
        _refuse_customer_missing_in_an_arm(loaded, customer)
    person = initial_history(loaded.arms[0], customer, seed=scenario.seed, replication=REPLICATION).initial
    if person.arrives_at >= scenario.horizon_days:
        raise InputError(
            f"customer {customer} arrives on day {person.arrives_at:.1f}, after the end of the run on day "
            f"{scenario.horizon_days:g}; choose another customer, or a longer run (--set horizon_days=...)"
        )
    histories = []
    for arm in loaded.arms:
        run = run_arm(
            arm,
            seed=scenario.seed,
            replication=REPLICATION,
            days=scenario.horizon_days,
            trace=True,
            engine=engine,
        )
        histories.append(_build_arm_history(loaded, arm, run, customer))
        engine_used, customers = run.engine, run.customers
        # Keep the rows of only one arm in memory.
        del run
    first = histories[0]
    return Explanation(
        loaded=loaded,
        customer=customer,
        customers=customers,
        engine=engine_used,
        histories=tuple(histories),
        divergences={
            history.name: first_divergence((BASELINE, history.name), first.history, history.history)
            for history in histories[1:]
        },
    )


def _refuse_customer_missing_in_an_arm(loaded: LoadedScenario, customer: int) -> None:
    """Refuse a customer that is missing in an arm: arms with campaigns have different customers.

    Raises:
        InputError: The customer does not buy in every arm; the message names some that do.
    """
    seed, days = loaded.scenario.seed, loaded.scenario.horizon_days
    buyers = {}
    for arm in loaded.arms:
        found = build_cohort(arm.population, arm.journey.compile(), seed=seed, replication=REPLICATION)
        buyers[arm.name] = {person.number for person in found.customers if person.arrives_at < days}
    missing_arms = [name for name, numbers in buyers.items() if customer not in numbers]
    if not missing_arms:
        return
    shared = sorted(set.intersection(*buyers.values()))
    known = (
        f"customers that buy in every arm: {', '.join(map(str, shared[:3]))}"
        if shared
        else "no customer buys in all arms"
    )
    raise InputError(f"customer {customer} does not buy in {', '.join(missing_arms)}; {known}")


def _build_arm_history(loaded: LoadedScenario, arm: "ArmSpec", run: "Run", customer: int) -> ArmHistory:
    history = RunHistory(arm, run, loaded.scenario.seed, REPLICATION).get_history(customer)
    quantities = compute_customer_quantities(history, arm, run.days)
    return ArmHistory(
        name=arm.name,
        history=history,
        is_unfinished=history.end_stage not in arm.journey.terminal,
        quantities=quantities,
        ledger=_build_ledger(loaded, arm, run, quantities),
    )


def _build_ledger(loaded: LoadedScenario, arm: "ArmSpec", run: "Run", quantities: dict[str, float]) -> Ledger:
    """The ledger of one customer: that of a comparison with an arm without events."""
    own = replace(run, quantities=quantities, trace=None)
    nothing = replace(own, quantities=dict.fromkeys(quantities, 0.0))
    found = compute_returns(loaded.scenario, (arm, arm), [(nothing, own)], run.days)[arm.name].ledger
    return Ledger(tuple(line for line in found.lines if line.name != _SHARED_COST), label="one customer")


def _subtract(dollars: float | None, other: float | None) -> float | None:
    """The difference, rounded to cents; None if an amount is unknown."""
    return None if dollars is None or other is None else round(dollars - other, 2)
