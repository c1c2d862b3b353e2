"""What is proved on a journey, beside what happens to simulated customers in it."""

import random

import pytest

from journey.rules import TEMPLATES, Rule
from journey.rules.proof import Verdict
from journey.rules.templates import Days
from scenarios.operations.options import open_scenario
from scenarios.operations.rule_proof import prove_file
from scenarios.operations.simulation import plan_simulation

SIGNALS_AND_ACTIONS = ("action:checkin_call", "review:approved")


def _draw_rules(number):
    """Rules of all templates about the events of `trial_to_paid`; the same on every run."""
    draw = random.Random(19)
    journey = open_scenario("trial_to_paid").arms[0].journey
    events = [*journey.stages, *(f"move:{name}" for name in journey.move_names), *SIGNALS_AND_ACTIONS]
    for index in range(number):
        name = sorted(TEMPLATES)[index % len(TEMPLATES)]
        template = TEMPLATES[name]
        first, *second = draw.sample(events, draw.randint(2, 3))
        count = draw.randint(1, 2) if template.has_count else 1
        may_limit = template.days is not Days.UNUSED and not (name == "absence" and count == 1)
        days = draw.choice([None, None, 20.0]) if may_limit else None
        yield Rule(f"rule {index}", name, (first,), tuple(second) if template.has_b else (), days, count)


@pytest.mark.slow
def test_no_simulated_customer_breaks_a_rule_that_holds():
    rules = list(_draw_rules(105))
    loaded = open_scenario("trial_to_paid", {"rules": [rule.to_dict() for rule in rules]}, customers=300, days=900)
    proofs = prove_file(loaded)
    metrics = plan_simulation(loaded, arm="treated", engine="reference").run(workers=1).metrics
    broken = {proof.rule.name: metrics[f"broken:{proof.rule.name}"] for proof in proofs.rules}
    by_verdict = {verdict: [p.rule.name for p in proofs.rules if p.verdict is verdict] for verdict in Verdict}
    safe = [*by_verdict[Verdict.HOLDS], *by_verdict[Verdict.VACUOUS]]
    assert len(safe) > 10
    assert {broken[name] for name in safe} == {0.0}
    # A history that breaks a rule is not only legal: some of 300 customers have it, or soon would.
    refuted = by_verdict[Verdict.VIOLATED]
    assert len(refuted) > 10
    assert sum(broken[name] > 0.0 for name in refuted) > 0.9 * len(refuted)
    assert all(broken[name] > 0.5 for name in by_verdict[Verdict.UNSATISFIABLE])
