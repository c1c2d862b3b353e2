"""Details of a journey's stages: what customers pay in a stage, its roles, and how long a typical stay is.

    [journey.stage.trial]
    pays = 0
    typical_days = 14

    [journey.stage.help]
    roles = ["support"]

Three roles are built in: `LOST`, `SUPPORT` and `ESCALATION`. Users may add roles of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LOST = "lost"
"""Role of a stage in which a customer has left: no revenue, no signals, no evaluations. A move out of it wins the
customer back. All terminal stages are lost, with or without the role."""

SUPPORT = "support"
"""Role of a stage whose days cost support."""

ESCALATION = "escalation"
"""Role of a stage whose entries are escalations: moves into it from a stage without this role."""

ROLES = (LOST, SUPPORT, ESCALATION)

DEFAULT_TYPICAL_DAYS = {"onboarding": 10.0, "engagement": 60.0, "support": 7.0, "retention": 180.0, "escalation": 5.0}
"""Days after which a stay counts as stalled, for stages with the names of the default journey (onboarding: heuristic of
the bundled data)."""


_MAX_DAYS = 1_000_000


@dataclass(frozen=True, slots=True)
class StageDetails:
    """What a journey states about one stage.

    Attributes:
        pays: Share of the account value that customers pay in the stage, from 0 to 1. None: nothing in a terminal or
            lost stage, all of it in any other.
        roles: What the stage stands for; see `ROLES`.
        typical_days: Days after which a stay counts as stalled, more than 0. None: those of the stage of this name in
            `DEFAULT_TYPICAL_DAYS`, if there is one; otherwise no stay counts as stalled.
    """

    pays: float | None = None
    roles: tuple[str, ...] = ()
    typical_days: float | None = None

    def __post_init__(self) -> None:
        # Equal details have equal fingerprints: 1 and 1.0 are the same number. `bad_details` refuses larger numbers.
        for name in ("pays", "typical_days"):
            value = getattr(self, name)
            if type(value) is int and abs(value) <= _MAX_DAYS:
                object.__setattr__(self, name, float(value))


NO_DETAILS = StageDetails()


def bad_details(details: Mapping[str, StageDetails], terminal: tuple[str, ...]) -> Iterator[str]:
    """What is wrong with the details of the stages of a journey, one sentence for each mistake."""
    for stage, given in details.items():
        yield from _bad_pays(stage, given, terminal)
        yield from _bad_roles(stage, given.roles)
        days = given.typical_days
        if days is not None and not (_is_number(days) and 0.0 < days <= _MAX_DAYS):
            yield f"stage.{stage}.typical_days is {days!r}; give a number of days, above 0 and at most {_MAX_DAYS:,}"


def _bad_pays(stage: str, given: StageDetails, terminal: tuple[str, ...]) -> Iterator[str]:
    if given.pays is None:
        return
    if not (_is_number(given.pays) and 0.0 <= given.pays <= 1.0):
        yield (
            f"stage.{stage}.pays is {given.pays!r}; it is the share of the account value that customers pay, "
            "a number from 0 to 1"
        )
    elif given.pays and (stage in terminal or LOST in given.roles):
        gone = "terminal" if stage in terminal else f"lost (its role in stage.{stage}.roles)"
        yield f"stage.{stage}.pays is {given.pays:g}, but {stage!r} is {gone}: customers there have left; remove `pays`"


def _bad_roles(stage: str, roles: tuple[str, ...]) -> Iterator[str]:
    for role in dict.fromkeys(roles):
        if roles.count(role) > 1:
            yield f"stage.{stage}.roles: {role!r} is listed {roles.count(role)} times; list it once"
        if not role.strip():
            yield f"stage.{stage}.roles: {role!r} is blank; remove it, or name a role"
        elif role not in ROLES and role.strip().casefold() in ROLES:
            yield f"stage.{stage}.roles: {role!r} is not a role; did you mean {role.strip().casefold()!r}?"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
