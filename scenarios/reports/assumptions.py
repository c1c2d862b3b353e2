"""The assumptions of a scenario, as a section of its report."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from journey.decision.policy import Policy
from journey.money.format import format_dollars
from scenarios.reports.acquisition_assumptions import acquisition_rows
from scenarios.reports.document import Block, Grid, Heading, Paragraph

if TYPE_CHECKING:
    from scenarios.files.loader import LoadedScenario
    from simulation.model.effect_spec import Effect
    from simulation.model.world_spec import World


def build_assumptions(loaded: "LoadedScenario") -> list[Block]:
    """The section on assumptions: the most influential numbers with their provenance."""
    scenario, policy = loaded.scenario, loaded.arms[0].policy
    money = scenario.money
    rows = [
        ("money.discount_per_year", f"{money.discount_per_year.amount:g}", money.discount_per_year.provenance),
        ("money.beyond_horizon_years", f"{money.beyond_horizon_years.amount:g}", money.beyond_horizon_years.provenance),
        *_economics_rows(policy, scenario.policy.get("economics", {})),
        ("reviewers.service_minutes", f"{scenario.reviewers.service_minutes:g}", "assumed"),
        *(
            (
                f"policy.actions.{name}.cost",
                format_dollars(action.cost),
                _find_provenance(scenario.policy, "actions", name, "cost"),
            )
            for name, action in policy.actions.items()
            if action.cost > 0.0
        ),
        *(_effect_row(action, effect) for action, effect in scenario.world.effects.items()),
        *(
            (f"world.distress.causes.{name}", f"churn x {c.churn_ratio:g} for {c.mean_days:g} days", "assumed")
            for name, c in scenario.world.distress.causes.items()
        ),
        *acquisition_rows(scenario.acquisition),
        *((where, value, "assumed") for where, value in _number_rows(scenario.world)),
        *((where, value, "assumed") for where, value in _calendar_rows(scenario.world)),
        *((where, value, "assumed") for where, value in _account_rows(scenario.world)),
        *((where, value, "assumed") for where, value in _contact_and_record_rows(scenario.world)),
    ]
    return [
        Heading(2, "Assumptions"),
        Paragraph(
            "The assumptions with the most influence on the result. The provenance default means that the number "
            "has not "
            "been checked for this company."
        ),
        Grid(("assumption", "value", "provenance"), tuple(rows), numbers_from=3),
    ]


Rows = Iterator[tuple[str, str]]


def _number_rows(world: "World") -> Rows:
    """Keys of the world that are single numbers, such as the spread of frailty, unless they have their default."""
    for name, key in type(world).model_fields.items():
        value = getattr(world, name)
        if isinstance(value, float) and value != key.default:
            yield f"world.{name}", f"{value:g}"


def _calendar_rows(world: "World") -> Rows:
    """Effects of the calendar: seasons, incidents, renewals and payments."""
    for name, phase in world.calendar.items():
        again = "" if phase.every_days is None else f", every {phase.every_days:g} days"
        ratios = _format_ratios(
            {**phase.moves, **{f"onset of {cause}": ratio for cause, ratio in phase.onsets.items()}}
        )
        yield f"world.calendar.{name}", f"days {phase.from_day:g} to {phase.until_day:g}{again}: {ratios}"
    renewal, payments = world.renewal, world.payments
    if any(renewal.churn.values()):
        yield "world.renewal", f"every {renewal.every_days:g} days; churn {_format_shares(renewal.churn)}"
    if any(payments.failure.values()):
        failing = f"{_format_shares(payments.failure)} of the payments fail, every {payments.every_days:g} days"
        yield "world.payments", f"{failing}; {100 * payments.recovered:g} % of them are recovered"


def _account_rows(world: "World") -> Rows:
    for name, change in world.value_changes.items():
        rates = ", ".join(f"{rate:g} a day in {stage}" for stage, rate in change.per_day.items())
        distress = "" if change.in_distress == 1.0 else f"; in distress x {change.in_distress:g}"
        yield f"world.value_changes.{name}", f"value x {change.factor:g}: {rates}{distress}"


def _contact_and_record_rows(world: "World") -> Rows:
    fatigue = world.fatigue
    if fatigue.response_lost > 0.0 or fatigue.churn_ratio != 1.0:
        lost = f"a contact lowers the response to the next by {100 * fatigue.response_lost:g} %"
        text = f"{lost}, churn x {fatigue.churn_ratio:g}; half-life {fatigue.half_life_days:g} days"
        yield "world.fatigue", text
    shares = {name: share for name, share in world.imperfections.model_dump().items() if name != "late_mean_days"}
    if any(shares.values()):
        late = f"; late by {world.imperfections.late_mean_days:g} days" if shares["signals_late"] else ""
        yield "world.imperfections", _format_shares({name: share for name, share in shares.items() if share}) + late


def _format_ratios(ratios: Mapping[str, float]) -> str:
    return ", ".join(f"{name} x {ratio:g}" for name, ratio in ratios.items()) or "no change"


def _format_shares(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {100 * share:g} %" for name, share in shares.items())


_USED_ECONOMICS = (
    "margin_rate",
    "reviewer_hour",
    "agent_hour",
    "hours_per_escalation",
    "support_day",
    "evaluation",
    "infrastructure_month",
)
"""The economics of the policy that a simulation uses; it measures the other quantities."""


def _economics_rows(policy: Policy, stated: Any) -> list[tuple[str, str, str]]:
    rows = []
    llm = ("llm_calls_per_evaluation", "llm_call") if policy.economics.llm_calls_per_evaluation > 0.0 else ()
    for name in (*_USED_ECONOMICS, *llm):
        value = getattr(policy.economics, name)
        where = f"policy.economics.{name}"
        if hasattr(value, "amount"):
            rows.append((where, format_dollars(value.amount), str(value.provenance)))
        else:
            rows.append((where, f"{value:g}", _find_provenance(stated, name)))
    return rows


def _find_provenance(override: Any, *path: str) -> str:
    """``assumed`` where the scenario itself states a number, else ``default``."""
    for step in path:
        override = override.get(step, {})
    return "default" if override == {} else "assumed"


def _effect_row(action: str, effect: "Effect") -> tuple[str, str, str]:
    ratios = _format_ratios({"recovery": effect.recovery_ratio, **effect.by_cause})
    by_segment = f" ({_format_ratios(effect.by_segment)})" if effect.by_segment else ""
    response = f"{100 * effect.response:.0f} % respond{by_segment}"
    text = f"{response}; {ratios}; for {effect.lasts_days:g} days; harm x {effect.harm_ratio:g}"
    return f"world.effects.{action}", text, "assumed"
