"""What a scenario takes for granted, as a section of its report."""

from typing import TYPE_CHECKING, Any

from journey.policy import Policy
from scenarios.document import Block, Grid, Heading, Paragraph
from scenarios.metrics import dollars

if TYPE_CHECKING:
    from scenarios.files import LoadedScenario
    from simulation.spec import Effect


def assumptions(loaded: "LoadedScenario") -> list[Block]:
    """The section on assumptions: the numbers that an answer leans on, each with its provenance."""
    scenario, policy = loaded.scenario, loaded.setups[0].policy
    money = scenario.money
    rows = [
        ("money.discount_per_year", f"{money.discount_per_year.amount:g}", money.discount_per_year.provenance),
        ("money.beyond_horizon_years", f"{money.beyond_horizon_years.amount:g}", money.beyond_horizon_years.provenance),
        *_economics(policy, scenario.policy.get("economics", {})),
        ("reviewers.service_minutes", f"{scenario.reviewers.service_minutes:g}", "assumed"),
        *(
            (f"policy.actions.{name}.cost", dollars(action.cost), _stated(scenario.policy, "actions", name, "cost"))
            for name, action in policy.actions.items()
            if action.cost > 0.0
        ),
        *(_effect_row(action, effect) for action, effect in scenario.world.effects.items()),
        *(
            (f"world.distress.causes.{name}", f"churn x {c.churn_ratio:g} for {c.mean_days:g} days", "assumed")
            for name, c in scenario.world.distress.causes.items()
        ),
    ]
    return [
        Heading(2, "Assumptions"),
        Paragraph(
            "The ones that the answer leans on most. A provenance of default means that nobody has looked at the "
            "number for this company."
        ),
        Grid(("assumption", "value", "provenance"), tuple(rows), numbers_from=3),
    ]


_USED = (
    "margin_rate",
    "reviewer_hour",
    "agent_hour",
    "hours_per_escalation",
    "support_day",
    "evaluation",
    "infrastructure_month",
)
"""The parts of the policy's economics that a simulation uses; it measures the others itself."""


def _economics(policy: Policy, stated: Any) -> list[tuple[str, str, str]]:
    rows = []
    llm = ("llm_calls_per_evaluation", "llm_call") if policy.economics.llm_calls_per_evaluation > 0.0 else ()
    for name in (*_USED, *llm):
        value = getattr(policy.economics, name)
        where = f"policy.economics.{name}"
        if hasattr(value, "amount"):
            rows.append((where, dollars(value.amount), str(value.provenance)))
        else:
            rows.append((where, f"{value:g}", _stated(stated, name)))
    return rows


def _stated(override: Any, *path: str) -> str:
    """``assumed`` where the scenario itself states a number, else ``default``."""
    for step in path:
        override = override.get(step, {})
    return "default" if override == {} else "assumed"


def _effect_row(action: str, effect: "Effect") -> tuple[str, str, str]:
    ratios = ", ".join(
        [f"recovery x {effect.recovery_ratio:g}", *(f"{cause} x {ratio:g}" for cause, ratio in effect.by_cause.items())]
    )
    text = (
        f"{100 * effect.response:.0f} % respond; {ratios}; for {effect.lasts_days:g} days; harm x {effect.harm_ratio:g}"
    )
    return f"world.effects.{action}", text, "assumed"
