"""Interfaces between the orchestrator and other systems: small protocols, each with a working default.

* `GovernanceCheck` can veto an action or demand a person's approval; it cannot replace an action by another.
* `ExperimentAssigner` assigns customers to the arms of an experiment.
* `ApprovalQueue` contains the actions that wait for a reviewer. It fails closed: no action is approved by default.
* `KpiSink` sends the KPIs of an evaluation to a monitoring system.

The protocol for detectors of signals in raw events is in `journey.detectors`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from math import fsum
from typing import Any, Protocol, runtime_checkable

from journey.core.errors import InputError
from journey.core.identifiers import normalise_identifier
from journey.decision.as_of import AsOf


@dataclass(frozen=True, slots=True)
class Proposal:
    """An action that is about to be recommended.

    Attributes:
        customer_id: The customer.
        action: Name of the action; never ``monitor_only``, which contacts no one.
        stage: The customer's stage.
        severity: In [0, 1].
        account_value: Revenue per year, in dollars.
        days_since_contact: Days since the last contact, or None when there was none.
        contacts_in_window: Contacts within the contact policy's window.
    """

    customer_id: str
    action: str
    stage: str | None
    severity: float
    account_value: float
    days_since_contact: float | None
    contacts_in_window: int


@dataclass(frozen=True, slots=True)
class Ruling:
    """The ruling of a governance check on a proposal.

    Attributes:
        veto: Whether the action must not be recommended.
        demand_approval: Whether a person must approve it, regardless of the policy's thresholds.
        reason: One sentence for the decision's reasons; may be empty.
    """

    veto: bool = False
    demand_approval: bool = False
    reason: str = ""


ALLOWED = Ruling()


@runtime_checkable
class GovernanceCheck(Protocol):
    """A check that can veto an action or demand approval."""

    def check(self, proposal: Proposal) -> Ruling:
        """Rule on a proposal. An exception counts as a veto."""
        ...


class ConsentCheck:
    """Vetoes every action for customers who gave no consent to be contacted."""

    def __init__(self, do_not_contact: Collection[str]) -> None:
        self._do_not_contact = frozenset(map(normalise_identifier, do_not_contact))

    def check(self, proposal: Proposal) -> Ruling:
        """Veto when the customer is on the list."""
        if proposal.customer_id in self._do_not_contact:
            return Ruling(veto=True, reason="the customer gave no consent to be contacted")
        return ALLOWED


@runtime_checkable
class ExperimentAssigner(Protocol):
    """Assigns customers to the arms of an experiment."""

    def assign_arm(self, customer_id: str) -> str:
        """Return the customer's arm; it is the same on every call and every machine."""
        ...


@dataclass(frozen=True)
class HashAssigner:
    """Assigns customers by a keyed hash of (experiment, customer), without state, random numbers or order effects.

    Attributes:
        experiment: Name of the experiment. Assignments of different experiments are independent.
        shares: Share of each arm; the shares must add up to 1.

    Raises:
        InputError: The name is empty, or the shares do not add up to 1.
    """

    experiment: str
    shares: Mapping[str, float] = field(default_factory=lambda: {"control": 0.5, "treated": 0.5})

    def __post_init__(self) -> None:
        if not self.experiment:
            raise InputError("the experiment has no name; give one, because the assignment depends on it")
        total = fsum(self.shares.values())
        if min(self.shares.values(), default=-1.0) < 0.0 or abs(total - 1.0) > 1e-9:
            raise InputError(f"the shares of experiment {self.experiment!r} must be 0 or more and add up to 1")

    def assign_arm(self, customer_id: str) -> str:
        """Return the customer's arm."""
        key = blake2b(self.experiment.encode(), digest_size=32).digest()
        digest = blake2b(customer_id.encode(), digest_size=8, key=key).digest()
        position = int.from_bytes(digest, "big") / 2.0**64
        cumulative_share = 0.0
        for name, share in self.shares.items():
            cumulative_share += share
            if position < cumulative_share:
                return name
        # Rounding can leave the cumulative share slightly below the last position.
        return [name for name, share in self.shares.items() if share > 0.0][-1]


@runtime_checkable
class KpiSink(Protocol):
    """Sends the KPIs of an evaluation to a monitoring system."""

    def record(self, kpis: Mapping[str, Mapping[str, Any]], as_of: AsOf) -> None:
        """Record the KPIs, by group and name, of the evaluation at `as_of`."""
        ...


@dataclass
class MemoryKpiSink:
    """Keeps all recorded KPIs in memory, in order of recording."""

    recorded: list[tuple[AsOf, Mapping[str, Mapping[str, Any]]]] = field(default_factory=list)

    def record(self, kpis: Mapping[str, Mapping[str, Any]], as_of: AsOf) -> None:
        """Append the KPIs."""
        self.recorded.append((as_of, kpis))
