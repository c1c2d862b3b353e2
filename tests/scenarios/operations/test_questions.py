"""Answers to questions: exact ones against hand calculation and the engines, and when they are not exact."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from journey.core.errors import InputError
from journey.statistics.means import t_quantile
from scenarios.operations.questions import QuestionJob, answer_questions
from simulation.exact import renewal
from simulation.exact.scipy_distributions import cumulative_hazard
from simulation.questions.grammar import Names, parse_question
from tests.scenarios.operations.question_worlds import load_markov


def ask(loaded, *questions, arm="baseline", **options):
    return answer_questions(loaded, questions, arm=arm, **options).answers


def one(loaded, question, **options):
    (answer,) = ask(loaded, question, **options)
    return answer


SIMPLE = (
    "world.frailty_spread=0",
    "world.distress.by_segment={ small = 0, large = 0 }",
    "population.in_mid_stay=false",
    "population.arrivals.share=0",
    "population.start={ trial = 1, paying = 0, help = 0 }",
)
"""Overrides that make each stage one state of the chain, without mixtures."""


@pytest.fixture
def simple(tmp_path):
    return load_markov(tmp_path, *SIMPLE)


def build_simple_generator():
    """The chain of large customers of medium tier in the simple world, from the numbers of its file."""
    solve = -np.log(0.5) / 4
    trial, paying, help_, lapsed, gone = range(5)
    q = np.zeros((5, 5))
    q[trial, paying] = 1.5 / 20 + 1 / 25
    q[paying, help_], q[help_, paying] = 1 / 15, solve
    q[[trial, paying, help_], lapsed] = 1 / 40
    q[lapsed, paying], q[lapsed, gone] = 1 / 30, 1 / 12
    np.fill_diagonal(q, -q.sum(axis=1))
    return q


# -- against independent calculation --------------------------------------------------------------


def test_probabilities_within_days_are_those_of_the_matrix_exponential(simple):
    q = build_simple_generator()
    q[[1]] = 0.0
    assert one(simple, "P(reach paying within 15) for segment large").value == pytest.approx(
        expm(15 * q)[0, 1], abs=1e-9
    )
    assert one(simple, "E(time to paying within 15) for segment large").value == pytest.approx(
        np.trapezoid([1 - expm(t * q)[0, 1] for t in np.linspace(0, 15, 601)], dx=15 / 600), rel=1e-5
    )


def test_a_stay_ends_with_any_move_also_one_that_begins_the_stay_again(simple):
    leaving = -np.log(0.5) / 4 + 1 / 40 + 1 / 9
    assert one(simple, "P(stay in help > 3) for segment large").value == pytest.approx(np.exp(-3 * leaving), rel=1e-9)
    assert one(simple, "P(stay in help > 3) for segment large from paying").value == pytest.approx(
        np.exp(-3 * leaving), rel=1e-9
    )


def test_times_and_visits_solve_linear_equations(simple):
    q = build_simple_generator()
    days = np.linalg.solve(-q[:4, :4], np.ones(4))
    assert one(simple, "E(time to gone) for segment large").value == pytest.approx(days[0])
    assert one(simple, "E(time to gone) for segment large from lapsed").value == pytest.approx(days[3])
    # Entries into help by asking and by reopening, from the days in paying and in help.
    inside = np.linalg.inv(-q[:4, :4])
    assert one(simple, "E(visits to help) for segment large").value == pytest.approx(
        inside[0, 1] / 15 + inside[0, 2] / 9
    )
    # In the stage from the beginning, the first visit counts.
    assert one(simple, "E(visits to help) for segment large from help").value == pytest.approx(
        1 + inside[2, 1] / 15 + inside[2, 2] / 9
    )


def test_all_customers_are_the_mixture_of_their_segments_and_tiers(simple):
    question = "P(reach help before lapsed within 30)"
    whole = one(simple, question)
    parts = {(a.segment, a.tier): a.value for a in ask(simple, f"{question} by segment by tier")}
    assert set(parts) == {("small", "low"), ("small", "high"), ("large", "medium")}
    weights = {("small", "low"): 3 / 8, ("small", "high"): 3 / 8, ("large", "medium"): 1 / 4}
    assert whole.value == pytest.approx(sum(weights[part] * value for part, value in parts.items()))
    small = one(simple, f"{question} for segment small")
    assert small.value == pytest.approx((parts["small", "low"] + parts["small", "high"]) / 2)
    # Tiers change the rate of asking, segments that of converting.
    assert len({round(value, 6) for value in parts.values()}) == 3


def test_the_long_run_of_a_chain_without_end(tmp_path):
    loaded = load_markov(tmp_path, *SIMPLE, "world.moves.forget.by_segment={ small = 0, large = 0 }")
    q = build_simple_generator()
    q[3, 3] = -1 / 30
    q[3, 4] = 0.0
    in_the_long_run = expm(1e4 * q)[0]
    for code, stage in enumerate(("trial", "paying", "help", "lapsed", "gone")):
        assert one(loaded, f"share({stage}) for segment large").value == pytest.approx(in_the_long_run[code], abs=1e-9)
    nodes, weights = np.polynomial.legendre.leggauss(100)
    assert one(loaded, "share(help within 365) for segment large").value == pytest.approx(
        0.5 * weights @ [expm((node + 1.0) * 182.5 * q)[0, 2] for node in nodes], rel=1e-4
    )


def test_the_long_run_of_a_chain_that_ends(simple):
    assert one(simple, "share(gone)").value == pytest.approx(1.0)
    assert one(simple, "share(help)").value == 0.0


def test_events_beyond_reach_have_probability_0(simple):
    assert one(simple, "P(reach trial) from paying").value == 0.0
    assert one(simple, "P(reach gone before lapsed)").value == 0.0


# -- against the engines --------------------------------------------------------------------------

QUESTIONS = (
    "P(reach paying within 15)",
    "P(reach paying within 15) from lapsed",
    "P(reach help before lapsed)",
    "P(reach help before lapsed within 20) by segment by tier",
    "P(stay in help > 3)",
    "P(stay in help > 3) from trial",
    "P(stay in trial > 10) by segment",
    "E(time to gone)",
    "E(time to help if reached)",
    "E(time to help within 20)",
    "E(visits to help within 60)",
    "E(visits to help)",
    "share(paying within 60)",
)
"""Every kind of question. False alarm rate of all comparisons together: below 0.2 %, by Student's t with 9 degrees."""


@pytest.mark.slow
def test_the_engines_agree_with_the_exact_answers(tmp_path):
    loaded = load_markov(tmp_path)
    exact, simulated = ask(loaded, *QUESTIONS), ask(loaded, *QUESTIONS, simulate=True)
    assert len(exact) == len(simulated) == 16
    for truth, estimate in zip(exact, simulated, strict=True):
        assert (truth.method, estimate.method) == ("exact", "simulated")
        assert (truth.segment, truth.tier) == (estimate.segment, estimate.tier)
        error = (estimate.ci_high - estimate.ci_low) / 2 / t_quantile(0.975, loaded.scenario.replications - 1)
        assert abs(estimate.value - truth.value) < 4 * error, truth.question


@pytest.mark.medium
def test_a_few_questions_agree_quickly(tmp_path):
    loaded = load_markov(tmp_path, "population.size=250", "replications=6")
    questions = ("P(reach paying within 15)", "E(time to help within 20)", "E(visits to help within 20)")
    for truth, estimate in zip(ask(loaded, *questions), ask(loaded, *questions, simulate=True), strict=True):
        error = (estimate.ci_high - estimate.ci_low) / 2 / t_quantile(0.975, 5)
        assert abs(estimate.value - truth.value) < 4 * error, truth.question


@pytest.mark.medium
def test_a_simulated_share_is_that_of_the_metric_of_the_same_runs(tmp_path):
    """`[metrics.NAME] reached` observes the same customers; without lost stages the two agree, customer by customer."""
    from scenarios.operations.options import open_scenario
    from simulation.runs.run import run_arm

    loaded = open_scenario("trial_to_paid", None, customers=300, replications=2)
    answer = one(loaded, "P(reach paying within 30)")
    assert answer.method == "simulated"
    runs = [
        run_arm(loaded.arms[0], seed=loaded.scenario.seed, replication=number, days=31.0).metrics["converted"]
        for number in range(2)
    ]
    # The metric groups times in 1,024 intervals; no conversion is so close to day 30 here.
    assert answer.value == pytest.approx(sum(runs) / 2, abs=1e-12)


SEMI_MARKOV = (
    *SIMPLE,
    "world.moves.convert.dwell={ law = 'log_logistic', mean_days = 20, shape = 2.5 }",
    "world.moves.ask.dwell={ law = 'weibull', mean_days = 15, shape = 1.8 }",
    "world.moves.leave.dwell={ law = 'gamma', mean_days = 40, shape = 3 }",
    "world.moves.forget.dwell={ law = 'log_normal', mean_days = 12, shape = 0.7 }",
)


@pytest.mark.slow
def test_simulated_answers_agree_with_the_renewal_equations(tmp_path):
    """Dwells that are not exponential, without distress: a semi-Markov process, solved on a grid."""
    loaded = load_markov(tmp_path, *SEMI_MARKOV, "population.size=800", "replications=8")
    questions = ("P(reach gone within 60)", "E(visits to help within 60)", "P(stay in trial > 10)")
    estimates = ask(loaded, *(f"{question} for tier medium" for question in questions))
    arm_spec = loaded.arms[0]
    journey = replace(arm_spec.journey, moves=tuple(replace(move, guard=None) for move in arm_spec.journey.moves))
    risks = renewal.build_risks(journey, arm_spec.world, segment="large", tier="medium")
    solution = renewal.solve_to_tolerance(risks, 60.0, 12, tolerance=1e-6)
    trial, help_, gone = (journey.stages.index(stage) for stage in ("trial", "help", "gone"))
    stay = np.exp(-sum(risk.ratio * cumulative_hazard(risk.dwell, 10.0) for risk in risks[trial]))
    truths = (solution.occupancy[-1, trial, gone], solution.entries[trial, help_], stay)
    for truth, estimate in zip(truths, estimates, strict=True):
        assert estimate.method == "simulated"
        error = (estimate.ci_high - estimate.ci_low) / 2 / t_quantile(0.975, 7)
        assert abs(estimate.value - truth) < 4 * error, estimate.question


# -- when an answer is not exact ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("override", "reason"),
    [
        ("world.moves.convert.dwell={ law = 'gamma', mean_days = 20, shape = 2 }", "from 'trial' is gamma"),
        ("world.moves.leave.by_tenure=[[10, 2]]", "the rate of 'leave' depends on the tenure"),
        ("world.notice_days=5", "customers leave 5 days after they decide to"),
        ("world.renewal={ every_days = 30, move = 'leave', churn = { small = 0.1 } }", "at a contract renewal"),
        ("world.payments={ move = 'leave', failure = { large = 0.1 } }", "after a failed charge"),
        ("world.calendar.sale={ from_day = 5, until_day = 9, moves = { convert = 2 } }", "in the period 'sale'"),
        ("world.calendar.storm={ from_day = 5, until_day = 9, onsets = { stuck = 2 } }", "in the period 'storm'"),
        ("world.frailty_spread=2", "differ too much in their frailty"),
        ("population.correlations.tier_frailty=0.4", "frailty is correlated with the risk tier"),
    ],
)
def test_what_is_no_markov_chain_is_simulated_and_says_why(tmp_path, override, reason):
    loaded = load_markov(tmp_path, override, "population.size=20", "replications=2")
    answer = one(loaded, "P(reach help within 10)")
    assert answer.method == "simulated"
    assert reason in answer.reason
    assert answer.replications == 2


@pytest.mark.parametrize("guard", ["{ min_days_in_stage = 3 }", "{ came_from = 'trial' }"])
def test_guards_on_the_past_are_simulated(tmp_path, guard):
    loaded = load_markov(tmp_path, "population.size=20", "replications=2")
    text = (tmp_path / "markov.toml").read_text()
    (tmp_path / "markov.toml").write_text(
        text.replace('destination = "help" },', f'destination = "help", guard = {guard} }},', 1)
    )
    from scenarios.files.loader import load

    loaded = load(str(tmp_path / "markov.toml"), ["population.size=20", "replications=2"])
    answer = one(loaded, "P(reach help within 10)")
    assert answer.method == "simulated"
    assert "'ask' from 'paying' has a guard" in answer.reason


def test_only_what_happens_before_the_answer_matters(tmp_path):
    weibull = "world.moves.reopen.dwell={ law = 'weibull', mean_days = 4, shape = 2 }"
    loaded = load_markov(tmp_path, weibull, "population.size=20", "replications=2", "population.in_distress=false")
    assert one(loaded, "P(reach help within 10) from paying").method == "exact"
    # Customers that begin in help are not at risk of reaching it.
    assert one(loaded, "P(reach help within 10)").method == "exact"
    assert one(loaded, "P(reach gone within 10)").method == "simulated"
    assert one(loaded, "P(stay in trial > 10)").method == "exact"
    assert one(loaded, "P(stay in help > 10)").method == "simulated"


@pytest.mark.medium
def test_an_orchestrator_that_acts_is_simulated_and_one_that_cannot_act_is_not(tmp_path):
    effect = "world.effects.call={ response = 0.5 }"
    playbook = (
        "policy.signals.usage_drop={ polarity = 'negative', weight = 0.8, cause = 'stuck' }",
        "policy.actions.call={ delivery = 'automated', cost = 1, averts = 0.1 }",
        "policy.plays=[{ stages = ['trial'], causes = ['stuck'], action = 'call' }]",
    )
    loaded = load_markov(tmp_path, effect, *playbook, "population.size=20", "replications=2")
    answer = one(loaded, "P(reach paying within 10)", arm="treated")
    assert answer.method == "simulated"
    assert answer.reason.startswith("the orchestrator of arm 'treated' acts: call")
    assert one(loaded, "P(reach paying within 10)").method == "exact"
    # The only action is for the trial, to which no customer returns; but records may be wrong.
    untouched = one(loaded, "P(reach lapsed within 10) from paying", arm="treated")
    assert (untouched.method, untouched.off[0]) == ("exact", "orchestrator")
    wrong = load_markov(
        tmp_path, effect, *playbook, "population.size=20", "replications=2", "world.imperfections.stages_wrong=0.1"
    )
    assert one(wrong, "P(reach lapsed within 10) from paying", arm="treated").method == "simulated"
    never = load_markov(tmp_path, effect, *playbook, "arms.treated.actions=[]")
    assert one(never, "P(reach paying within 10)", arm="treated").method == "exact"
    with pytest.raises(InputError, match="customers in 'lapsed' have left"):
        ask(wrong, "P(reach paying within 10) from lapsed", arm="treated")


@pytest.mark.parametrize("question", ["P(reach help within 5)", "E(time to help within 5)", "P(reach paying within 5)"])
def test_an_answer_about_customers_of_several_stages_names_these(tmp_path, simple, question):
    """Its denominator is all customers that are not in the stage, which "a trial converts" would not suggest."""
    mixed = load_markov(tmp_path, *SIMPLE[:-1], "population.start={ trial = 0.6, paying = 0.3, help = 0.1 }")
    stages = "trial or help" if "paying" in question else "trial or paying"
    assert one(mixed, question).reason.endswith(f"; the question is about customers who begin in {stages}")
    assert "begin in" not in one(mixed, f"{question} from trial").reason
    assert "begin in" not in one(simple, question).reason
    assert "begin in" not in one(mixed, "E(visits to help within 5)").reason


# -- answers without a value ----------------------------------------------------------------------


def test_an_infinite_time_has_no_value_and_a_reason(simple):
    answer = one(simple, "E(time to help)")
    assert answer.value is None
    assert 'never reach "help", so the expected time is infinite' in answer.reason
    assert one(simple, "E(time to help if reached)").value > 0
    certain = one(simple, "E(time to lapsed)")
    assert certain.value == pytest.approx(40.0)


def test_visits_without_end_have_no_value(tmp_path):
    loaded = load_markov(tmp_path, *SIMPLE, "world.moves.leave.dwell.mean_days=1e6", "world.moves.leave.by_tier={}")
    assert one(loaded, "E(visits to help)").value > 1e3
    endless = load_markov(tmp_path, *SIMPLE, "world.moves.leave.by_segment={ small = 0, large = 0 }")
    answer = one(endless, "E(visits to help)")
    assert (answer.value, answer.method) == (None, "exact")
    assert "again and again without end" in answer.reason


def test_simulated_outcomes_that_are_not_known_widen_the_interval_or_leave_no_value(tmp_path):
    loaded = load_markov(tmp_path, "population.size=60", "replications=2")
    reached = one(loaded, "P(reach gone)", simulate=True, max_days=60)
    assert "undecided after 60 days" in reached.reason
    assert reached.value < 0.9 < reached.ci_high
    days = one(loaded, "E(time to gone)", simulate=True, max_days=60)
    assert days.value is None
    assert "is not known after 60 days" in days.reason


def test_a_long_run_that_the_runs_do_not_reach_has_no_value(tmp_path):
    loaded = load_markov(tmp_path, "population.size=60", "replications=2")
    answer = one(loaded, "share(paying)", simulate=True, max_days=60)
    assert answer.value is None
    assert "is not known after 60 days" in answer.reason


@pytest.mark.slow
def test_a_simulated_long_run_agrees_with_the_stationary_distribution(tmp_path):
    endless = "world.moves.forget.by_segment={ small = 0, large = 0 }"
    loaded = load_markov(tmp_path, endless, "population.size=30", "replications=6")
    for stage in ("paying", "help", "lapsed"):
        truth = one(loaded, f"share({stage})")
        estimate = one(loaded, f"share({stage})", simulate=True, max_days=1000)
        assert "the long run is days 500 to 1,000" in estimate.reason
        error = (estimate.ci_high - estimate.ci_low) / 2 / t_quantile(0.975, 5)
        assert abs(estimate.value - truth.value) < 4 * error


def test_a_probability_of_0_by_simulation_has_an_interval(tmp_path):
    loaded = load_markov(tmp_path, "population.size=40", "replications=2")
    answer = one(loaded, "P(reach gone within 0.01)", simulate=True)
    assert answer.value == 0.0
    assert answer.ci_low == 0.0
    assert 0.0 < answer.ci_high < 0.1


def test_questions_are_refused_with_their_number(simple):
    with pytest.raises(InputError, match="question 2: unknown stage 'hlep'; did you mean 'help'"):
        ask(simple, "share(help)", "share(hlep)")
    with pytest.raises(InputError, match="unknown arm"):
        ask(simple, "share(help)", arm="treatd")


def test_customers_from_records_begin_where_the_records_end():
    from scenarios.operations.options import open_scenario

    loaded = open_scenario("seed_ten", None, replications=2)
    answers = ask(loaded, "P(reach churned within 30) by segment", "P(stay in support > 5)")
    assert {answer.method for answer in answers} == {"simulated"}
    assert [answer.segment for answer in answers[:-1]] == ["Enterprise", "Mid-Market", "SMB"]
    assert answers[-1].off


RECORDED = """
title = "Records"
question = "What happens?"
replications = 2

[population]
records = "bundled"
size = 10

[world.moves]
mature = { dwell = { mean_days = 30 } }
churn = { dwell = { mean_days = 100 } }

[arms.baseline]
active = false
actions = []

[arms.treated]
"""


def test_recorded_customers_without_distress_have_exact_answers(tmp_path):
    from scenarios.files.loader import load

    path = tmp_path / "recorded.toml"
    path.write_text(RECORDED)
    loaded = load(str(path))
    question = "P(reach churned within 30)"
    truth, estimate = one(loaded, question), one(loaded, question, simulate=True)
    # All customers leave at the same rate, whatever their stage.
    assert truth.value == pytest.approx(1 - np.exp(-0.3))
    assert abs(estimate.value - truth.value) < 0.4
    assert one(loaded, "P(reach retention within 30) from engagement").value == pytest.approx(
        (1 / 30) / (1 / 30 + 1 / 100) * (1 - np.exp(-30 * (1 / 30 + 1 / 100)))
    )


# -- properties -----------------------------------------------------------------------------------


@st.composite
def markov_overrides(draw):
    """Random rates, ratios and mixtures of the world of `question_worlds`."""
    days, ratio = st.floats(1.0, 200.0), st.floats(0.1, 5.0)
    return [
        *(
            f"world.moves.{move}.dwell.mean_days={draw(days)}"
            for move in ("convert", "ask", "leave", "return", "forget")
        ),
        f"world.moves.leave.in_distress={draw(ratio)}",
        f"world.moves.convert.by_segment.large={draw(st.floats(0.0, 3.0))}",
        f"world.distress.causes.stuck.churn_ratio={draw(ratio)}",
        f"world.distress.causes.annoyed.mean_days={draw(days)}",
        f"world.frailty_spread={draw(st.sampled_from([0.0, 0.4]))}",
        f"population.arrivals.share={draw(st.floats(0.0, 1.0))}",
        f"population.in_distress={draw(st.sampled_from(['true', 'false']))}",
    ]


@pytest.mark.slow
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(markov_overrides(), st.floats(0.5, 40.0), st.floats(0.5, 40.0))
def test_exact_answers_are_probabilities_that_fit_together(tmp_path, overrides, days, more):
    loaded = load_markov(tmp_path, *overrides)
    late = days + more
    answers = ask(
        loaded,
        f"P(reach gone within {days})",
        f"P(reach gone within {late})",
        "P(reach gone)",
        f"P(reach help before lapsed within {days}) from paying",
        f"P(reach lapsed before help within {days}) from paying",
        *(f"share({stage} within {days}) from trial" for stage in ("trial", "paying", "help", "lapsed", "gone")),
        f"P(stay in trial > {days})",
        f"P(stay in trial > {late})",
        f"E(time to gone within {days})",
        f"E(visits to help within {days})",
        f"E(visits to help within {late})",
    )
    assert {answer.method for answer in answers} == {"exact"}
    values = [answer.value for answer in answers]
    early, later, ever, help_first, lapsed_first = values[:5]
    assert 0.0 <= early <= later + 1e-9 <= ever + 2e-9 <= 1.0 + 2e-9
    assert min(help_first, lapsed_first) >= 0.0
    assert help_first + lapsed_first <= 1.0 + 1e-9
    assert sum(values[5:10]) == pytest.approx(1.0)
    assert 1.0 >= values[10] >= values[11] >= 0.0
    assert 0.0 <= values[12] <= days
    assert values[13] <= values[14] + 1e-9


# -- the machinery --------------------------------------------------------------------------------


@pytest.mark.compiled
def test_both_engines_give_the_same_totals(tmp_path):
    arm_spec = load_markov(tmp_path, "population.size=60").arms[0]
    questions = tuple(
        parse_question(text, Names(arm_spec.journey.stages, ("small", "large")))
        for text in (QUESTIONS[0], QUESTIONS[10])
    )
    jobs = [QuestionJob(arm_spec, questions, 5, 90.0, 30.0, engine) for engine in ("reference", "compiled")]
    reference, compiled = (job.do(0) for job in jobs)
    assert reference == compiled


def test_review_pods_do_not_change_the_answer_without_orchestrator(tmp_path):
    size = ("population.size=60", "replications=2", "reviewers.count=3")
    one_pod = one(load_markov(tmp_path, *size), QUESTIONS[0], simulate=True)
    three = one(load_markov(tmp_path, *size, "reviewers.pods=3"), QUESTIONS[0], simulate=True)
    assert one_pod == three


@pytest.mark.slow
def test_buyers_of_campaigns_are_observed_from_their_purchase_on():
    from scenarios.operations.options import open_scenario

    loaded = open_scenario("acquisition_quality", ["horizon_days=60"], replications=2)
    answer = one(loaded, "P(reach engagement within 30)")
    assert answer.method == "simulated"
    assert "campaigns acquire the customers" in answer.reason
    assert 0.0 < answer.value < 1.0
