"""Mistakes in a scenario are refused with file, key, value and cure."""

import pytest

from journey.core.errors import InputError
from scenarios.files.loader import load
from simulation.model.arm import compile_arm

WRONG = [
    # Shapes and ranges.
    ("population.sise=3", "population.sise: unknown key; did you mean 'size'?"),
    ("horizn_days=3", "horizn_days: unknown key; did you mean 'horizon_days'?"),
    ("population.size=0", "population.size: should be greater than or equal to 1, but 0 was given"),
    ("population.size=many", "population.size: should be a valid integer"),
    ("horizon_days=0", "horizon_days: should be greater than or equal to 0.001, but 0 was given"),
    ("horizon_days=inf", "horizon_days: should be"),
    ("horizon_days=nan", "horizon_days: should be"),
    ("seed=-1", "seed: should be greater than or equal to 0, but -1 was given"),
    ("replications=0", "replications: should be greater than or equal to 1, but 0 was given"),
    (
        "world.moves.churn.dwell.mean_days=-3",
        "world.moves.churn.dwell.mean_days: should be greater than or equal to 0.001",
    ),
    ("world.moves.resolve.dwell.shape=0.5", "world.moves.resolve.dwell: a log_logistic dwell with shape 0.5"),
    ("world.effects.proactive_outreach.response=1.5", ": should be less than or equal to 1"),
    (
        "world.effects.proactive_outreach.response=30",
        "should be less than or equal to 1, but 30 was given; write 30 % as 0.3",
    ),
    ("world.effects.proactive_outreach.response='12.5 %'", "but '12.5 %' was given; write 12.5 % as 0.125"),
    ("world.signals.strength.low=0.99", "world.signals.strength: low 0.99 is above high"),
    ("population.segments.SMB.share=-1", "population.segments.SMB.share: should be greater than or equal to 0"),
    ("primary_metric=churn_rat", "primary_metric: unknown metric 'churn_rat'; did you mean 'churn_rate'?"),
    ("primary_metric=churn_rate[SMBs]", "primary_metric: 'SMBs' is not a segment of the population"),
    ("money.discount_per_year=8", "money.discount_per_year: 8 is above 1; write 8 % as 0.08"),
    ("money.beyond_horizon_years=50", "money.beyond_horizon_years: 50 years beyond the horizon"),
    ("money.discount_per_year=-0.1", "money.discount_per_year.amount: should be greater than or equal to 0"),
    # Names that must exist elsewhere.
    ("world.moves.activat.dwell.mean_days=3", "world.moves.activat: 'activat' is not a move of the journey; did you"),
    (
        "world.moves.churn.dwell_from.onbording.mean_days=3",
        "world.moves.churn.dwell_from.onbording: 'onbording' is not a stage",
    ),
    ("world.moves.activate.dwell_from.support.mean_days=3", "the move 'activate' does not leave 'support'"),
    ("world.moves.churn.by_segment.SMBs=1", "world.moves.churn.by_segment.SMBs: 'SMBs' is not a segment"),
    ("world.distress.by_segment.Smb=1", "world.distress.by_segment.Smb: 'Smb' is not a segment"),
    ("world.distress.causes.price.onset_per_day.churned=1", "'churned' is terminal; customers there cannot be in"),
    ("world.distress.causes.price.onset_per_day.sales=1", "'sales' is not a stage of the journey"),
    ("world.distress.causes.price.symptoms.usage_dropp=1", "'usage_dropp' is not a signal type of the policy; did you"),
    ("world.signals.false_per_day.nois=1", "world.signals.false_per_day.nois: 'nois' is not a signal type"),
    ("world.signals.recovery=usage_drop", "'usage_drop' is a negative signal type"),
    ("world.signals.recovery=usage_recover", "did you mean 'usage_recovery'?"),
    ("world.effects.call.response=0.5", "world.effects.call: 'call' is not an action of the policy"),
    ("world.effects.proactive_outreach.by_cause.prices=2", "'prices' is not a cause in world.distress.causes"),
    ("population.start.onbording=1", "population.start.onbording: 'onbording' is not a stage"),
    ("population.start.churned=1", "population.start.churned: 'churned' is terminal; customers cannot begin there"),
    ("population.records=/no/such/folder", "population.records: folder not found: /no/such/folder"),
    ("population.as_of=2025-01-16", "population.as_of: has no effect without `records`"),
    ('arms.treated.actions=["call"]', "arms.treated.actions: 'call' is not an action of the policy"),
    ('arms.treated.actions=["monitor_only", "monitor_only"]', "'monitor_only' is listed 2 times; list it once"),
    ("policy.thresholds.act_severty=0.1", "policy.thresholds.act_severty: unknown key; did you mean 'act_severity'?"),
    ("policy.evidence.typical_days.onbording=3", "policy.evidence.typical_days.onbording: 'onbording' is not a stage"),
    ("arms.treated.policy.thresholds.act_severity=2", "arms.treated.policy.thresholds.act_severity: should be less"),
    ("arms.treated.reviewers.cuont=2", "arms.treated.reviewers.cuont: unknown key; did you mean 'count'?"),
    # The world in full.
    ("world.moves.churn.by_tenure=[[90, 1.2], [30, 2]]", "by_tenure must rise in days: 30 comes after 90"),
    ("world.calendar.june={ from_day = 9, until_day = 3 }", "until_day 3 must come after from_day 9"),
    (
        "world.calendar.june={ from_day = 0, until_day = 30, every_days = 7 }",
        "a phase of 30 days cannot repeat every 7 days",
    ),
    (
        "world.calendar.june={ from_day = 0, until_day = 0.1, every_days = 0.2 }",
        "world.calendar.june.every_days: should be greater than or equal to 1, but 0.2 was given",
    ),
    (
        "world.calendar.june={ from_day = 0, until_day = 9, moves = { chrun = 2 } }",
        "world.calendar.june.moves.chrun: 'chrun' is not a move of the journey; did you mean 'churn'?",
    ),
    (
        "world.calendar.june={ from_day = 0, until_day = 9, onsets = { prise = 2 } }",
        "world.calendar.june.onsets.prise: 'prise' is not a cause in world.distress.causes; did you mean 'price'?",
    ),
    ("world.renewal.churn.Smb=0.1", "world.renewal.churn.Smb: 'Smb' is not a segment of the population"),
    ("world.renewal.churn.SMB=1.0", "world.renewal.churn.SMB: should be less than 1"),
    ("world.renewal.move=leave", "world.renewal.move: 'leave' is not a move of the journey"),
    ("world.renewal.move=mature", "customers do not leave by 'mature': it leads to no terminal stage and to none"),
    ("world.payments.failure.Smb=0.1", "world.payments.failure.Smb: 'Smb' is not a segment of the population"),
    ("world.payments.move=chrun", "world.payments.move: 'chrun' is not a move of the journey; did you mean 'churn'?"),
    ("world.payments.move=resolve", "world.payments.move: customers do not leave by 'resolve'"),
    (
        "world.value_changes.growth={ factor = 1.2, per_day = { retentoin = 0.1 } }",
        "world.value_changes.growth.per_day.retentoin: 'retentoin' is not a stage",
    ),
    (
        "world.value_changes.growth={ factor = 1.2, per_day = { churned = 0.1 } }",
        "'churned' is terminal; an account there is worth nothing",
    ),
    ("world.value_changes.growth={ factor = 0, per_day = {} }", "growth.factor: should be greater than 0"),
    ('world.lost=["chruned"]', "world.lost: 'chruned' is not a stage of the journey; did you mean 'churned'?"),
    ('world.lost=["churned"]', "world.lost: 'churned' is in journey.terminal, so customers cannot be won back from it"),
    ('world.lost=["support", "support"]', "world.lost: 'support' is listed 2 times; list it once"),
    ("world.effects.proactive_outreach.by_segment.Smb=2", ": 'Smb' is not a segment of the population"),
    ("population.arrivals={ share = 0.2, stage = 'trial' }", "population.arrivals.stage: 'trial' is not a stage"),
    ("population.arrivals={ share = 0.2, stage = 'churned' }", "'churned' is terminal; customers cannot arrive there"),
    ("population.arrivals={ share = 1.2 }", "population.arrivals.share: should be less than or equal to 1"),
    ("population.correlations.value_tier=1", "population.correlations.value_tier: should be less than 1"),
    (
        "population.correlations={ value_tier = 0.9, value_frailty = 0.9, tier_frailty = -0.9 }",
        "these correlations contradict each other",
    ),
    (
        "population.segments.SMB.do_not_contact=2",
        "population.segments.SMB.do_not_contact: should be less than or equal",
    ),
    ("world.imperfections={ stages_missing = 0.7, stages_wrong = 0.6 }", "stages_missing and stages_wrong add up to"),
    ("world.imperfections={ signals_missing = 1, signals_orphaned = 1 }", "signals_missing and signals_orphaned add"),
    ("world.fatigue.half_life_days=0", "world.fatigue.half_life_days: should be greater than 0"),
    # Arms.
    ("arms.treated.lable=x", "arms.treated.lable: unknown key; did you mean 'label'?"),
    (
        "arms.treated.approve=always",
        "arms.treated.approve: unknown key here; it is a key of the policy: write `arms.treated.policy.approve`",
    ),
    ("approve=always", "approve: unknown key here; it is a key of the policy: write `policy.approve`"),
    (
        'policy.plays=[{ stages = ["retention"], causes = ["prise"], action = "renewal_health_check" }]',
        "policy.plays[0].causes: 'prise' is not the `cause` of a signal type; did you mean 'price'?",
    ),
    ("arms.baseline=false", "arms: the arm 'baseline' is missing; there are: treated"),
    ("arms.Treated.label=x", "arms: 'Treated' and 'treated' differ only in upper and lower case"),
    ('arms."a.b".label=x', "arms.a.b: 'a.b' is not a usable name"),
    ('metrics."a[b]".time_in="support"', "metrics.a[b]: 'a[b]' is not a usable name"),
    # Names of segments must not be read as those of a tier, or as two parts.
    *(
        (f'population.segments."{name}".share=1', f"{name!r} is not a usable name of a segment: it must not")
        for name in ("tier=low", "a[b]", " ", "")
    ),
    ("arms.baseline.active=false", "arms.baseline.active: an arm without an orchestrator does not use `actions`"),
]


@pytest.mark.parametrize(("override", "message"), WRONG, ids=[override for override, _ in WRONG])
def test_a_wrong_override_is_refused_naming_itself_the_key_and_what_would_be_right(override, message):
    with pytest.raises(InputError) as caught:
        load("default", [override])
    assert str(caught.value).startswith(f"{override}: ")
    # The override names its key, which is not repeated.
    assert message.removeprefix(f"{override.partition('=')[0]}: ") in str(caught.value)


def refused(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load(path)
    return str(caught.value).replace(str(tmp_path), "")


def test_every_mistake_is_listed_with_the_file_that_made_it(tmp_path):
    message = refused(
        tmp_path,
        'extends = "default"\n[world.moves.activat]\ndwell = { mean_days = 3 }\n[arms.treated]\nactions = ["cal"]\n',
    )
    assert [line.split(": ")[0] for line in message.splitlines()] == ["/mine.toml:2", "/mine.toml:5"]


def test_a_missing_key_is_reported_for_the_named_file(tmp_path):
    message = refused(tmp_path, 'title = "x"\n')
    assert [line.split(": ")[1] for line in message.splitlines()] == ["population", "world", "arms"]
    assert "/mine.toml: " in message


def test_both_ways_of_giving_reviewers_in_one_place_are_refused(tmp_path):
    message = refused(tmp_path, 'extends = "default"\n[reviewers]\ncount = 2\nper_1000 = 1\n')
    assert "give `count` or `per_1000`, not both" in message


def test_records_and_segments_in_one_place_are_refused(tmp_path):
    message = refused(tmp_path, 'extends = "default"\n[population]\nrecords = "bundled"\nstart = { onboarding = 1 }\n')
    assert "population.start: the customers in `records` determine it" in message


def test_a_stage_without_an_exit_is_refused_with_its_moves(tmp_path):
    message = refused(
        tmp_path,
        """
title = "x"
population = { segments = { SMB = { share = 1, account_value = 1 } } }
[journey]
stages = ["trial", "paid", "limbo", "gone"]
initial = "trial"
terminal = "gone"
moves = [
    { name = "buy", source = "trial", destination = "paid" },
    { name = "leave", source = "paid", destination = "gone" },
    { name = "fade", source = "paid", destination = "limbo" },
]
[world.moves.buy]
dwell = { mean_days = 10 }
[arms.baseline]
""",
    )
    assert "world.moves: customers can never leave 'paid'; give a dwell to one of its moves: " in message
    assert "journey.moves: no move leaves 'limbo'; add one, or list 'limbo' in journey.terminal" in message


def test_a_journey_that_cannot_work_is_refused(tmp_path):
    message = refused(tmp_path, 'extends = "default"\n[journey]\nstages = ["a"]\ninitial = "b"\nmoves = []\n')
    assert "/mine.toml:4: journey.initial: initial stage 'b' is not a stage; known here: a" in message


def test_the_first_arm_must_be_the_baseline(tmp_path):
    text = 'title = "x"\nworld = {}\npopulation = { segments = { S = { share = 1, account_value = 1 } } }\n'
    assert "'baseline' must come first, but 'other' does" in refused(tmp_path, text + "[arms.other]\n[arms.baseline]\n")


SUBSCRIPTION = """
title = "x"
population = { segments = { SMB = { share = 1, account_value = 1 } } }
[journey]
stages = ["trial", "paid", "away", "gone"]
initial = "trial"
terminal = "gone"
moves = [
    { name = "buy", source = "trial", destination = "paid" },
    { name = "leave", source = "paid", destination = "away" },
    { name = "forget", source = "paid", destination = "gone" },
    { name = "return", source = "away", destination = "paid" },
]
[world.moves]
buy = { dwell = { mean_days = 10 } }
leave = { dwell = { mean_days = 10 } }
return = { dwell = { mean_days = 10 } }
[arms.baseline]
"""


LOST = '[journey.stage.away]\nroles = ["lost"]\n'


def test_a_lost_stage_with_a_way_back_is_accepted(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(SUBSCRIPTION + LOST, encoding="utf-8")
    assert load(path).arms[0].journey.lost == ("away",)


def test_the_old_key_of_lost_stages_means_the_same_and_is_a_notice(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(SUBSCRIPTION + LOST, encoding="utf-8")
    today, today_hash = load(path).arms[0], load(path).hash
    path.write_text(SUBSCRIPTION + '[world]\nlost = ["away"]\n', encoding="utf-8")
    loaded = load(path)
    assert loaded.arms[0] == today
    assert loaded.hash == today_hash
    [notice] = loaded.notices
    assert notice.key == "world.lost"
    assert 'write `roles = ["lost"]` in [journey.stage.NAME]' in notice.message
    # Both keys may be given if they agree.
    path.write_text(SUBSCRIPTION + LOST + '[world]\nlost = ["away"]\n', encoding="utf-8")
    assert load(path).arms[0] == today


def test_lost_stages_of_both_keys_must_be_the_same(tmp_path):
    message = refused(tmp_path, SUBSCRIPTION + LOST + "[world]\nlost = ['trial']\n")
    assert "world.lost: is ['trial'], but by journey.stage.away.roles the lost stages are ['away']" in message


def test_a_stage_that_pays_cannot_be_in_the_old_list_of_lost_stages(tmp_path):
    text = SUBSCRIPTION + "[journey.stage.away]\npays = 0.5\n[world]\nlost = ['away']\n"
    assert "stage.away.pays is 0.5, but 'away' is lost" in refused(tmp_path, text)
    assert "(world.lost lists it)" in refused(tmp_path, text)


TYPICAL = "[journey.stage.trial]\ntypical_days = 14\n"


@pytest.mark.parametrize("text", [TYPICAL, "[policy.evidence.typical_days]\ntrial = 14\n"])
def test_typical_days_may_be_stated_by_the_journey_or_by_the_old_key_of_the_policy(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(SUBSCRIPTION + text, encoding="utf-8")
    loaded = load(path)
    assert compile_arm(loaded.arms[0], ("SMB",)).policy.typical_days == (14.0, 0.0, 0.0, 0.0)
    assert [notice.key for notice in loaded.notices] == (["policy.evidence.typical_days"] if "policy" in text else [])
    path.write_text(SUBSCRIPTION + TYPICAL, encoding="utf-8")
    assert load(path).hash == loaded.hash
    path.write_text(SUBSCRIPTION + TYPICAL.replace("14", "15"), encoding="utf-8")
    assert load(path).hash != loaded.hash


def test_typical_days_of_journey_and_policy_must_be_the_same_but_an_arm_may_differ(tmp_path):
    policy = "[policy.evidence.typical_days]\ntrial = 20\n"
    message = "policy.evidence.typical_days.trial: is 20, but journey.stage.trial.typical_days is 14; remove one"
    assert message in refused(tmp_path, SUBSCRIPTION + TYPICAL + policy)
    path = tmp_path / "mine.toml"
    path.write_text(SUBSCRIPTION + TYPICAL + policy.replace("policy", "arms.baseline.policy"), encoding="utf-8")
    loaded = load(path)
    assert compile_arm(loaded.arms[0], ("SMB",)).policy.typical_days[0] == 20.0
    assert loaded.notices == ()


@pytest.mark.parametrize(
    ("of_journey", "of_policy", "message"),
    [
        ("14", '"soon"', "policy.evidence.typical_days.trial: should be a valid number, unable to parse"),
        ("14", "[3]", "policy.evidence.typical_days.trial: should be a valid number"),
        ("14", "1" + "0" * 400, "policy.evidence.typical_days.trial: "),
        ('"soon"', "20", "journey.stage.trial: stage.trial.typical_days must be a number, got 'soon'"),
        ("1" + "0" * 400, "20", "; give a number of days, above 0 and at most 1,000,000"),
    ],
)
def test_typical_days_that_are_no_numbers_of_days_are_refused_and_not_compared(
    tmp_path, of_journey, of_policy, message
):
    text = TYPICAL.replace("14", of_journey) + f"[policy.evidence.typical_days]\ntrial = {of_policy}\n"
    answer = refused(tmp_path, SUBSCRIPTION + text)
    assert message in answer
    assert len(answer.splitlines()) == 1


def test_details_alone_change_stages_of_the_default_journey():
    arm = load("default", ["journey.stage.onboarding={ pays = 0, typical_days = 20 }"]).arms[0]
    assert arm.journey.pays[0] == 0.0
    days = load("default", ["journey.stage.onboarding.typical_days=20"])
    assert days.hash == load("default", ["policy.evidence.typical_days.onboarding=20"]).hash != load("default").hash
    assert load("default", ["journey.stage.onboarding.pays=0"]).hash != load("default").hash
    assert compile_arm(arm, ("SMB",)).policy.typical_days[:2] == (20.0, 60.0)
    with pytest.raises(InputError, match=r"journey\.stage\.onbording: 'onbording' is not a stage; did you mean 'onb"):
        load("default", ["journey.stage.onbording.pays=0"])


@pytest.mark.parametrize(
    ("said", "instead", "message"),
    [
        (
            "[world]\nlost = ['away']\n",
            ("return = {", "# {"),
            "customers are never won back from 'away'; give a dwell to return in world.moves, or remove its moves and",
        ),
        (
            "[world]\nlost = ['away']\n",
            ('    { name = "return"', '    # { name = "return"'),
            "world.lost: no move leaves 'away', so customers cannot be won back; list it in journey.terminal instead",
        ),
        (
            "[world]\nlost = ['trial']\n",
            ("", ""),
            "world.lost: 'trial' is the initial stage of customers; set their stages in population.start",
        ),
        (
            "[journey.stage.trial]\nroles = ['lost']\n",
            ("", ""),
            "journey.stage.trial.roles: 'trial' is the initial stage of customers; set their stages in",
        ),
        (
            "[journey.stage.away]\nroles = ['lost']\n",
            ("return = {", "# {"),
            "journey.stage.away.roles: customers are never won back from 'away'; give a dwell to return",
        ),
        (
            "[population.arrivals]\nshare = 0.1\nstage = 'away'\n[journey.stage.away]\nroles = ['lost']\n",
            ("population = { segments = { SMB = { share = 1, account_value = 1 } } }", ""),
            "'away' has the role 'lost', so its customers are gone; customers cannot arrive there",
        ),
        (
            "[world.renewal]\nmove = 'forget'\n",
            ("", ""),
            "world.renewal.move: the move 'forget' never happens; give it a dwell in world.moves",
        ),
        (
            "[world.calendar.june]\nfrom_day = 0\nuntil_day = 9\nmoves = { forget = 2 }\n",
            ("", ""),
            "world.calendar.june.moves.forget: the move 'forget' never happens; give it a dwell in world.moves",
        ),
        (
            "[world.renewal]\nchurn = { SMB = 0.1 }\n",
            ("", ""),
            "world.renewal.move: 'churn' is not a move of the journey",
        ),
        (
            "[world.value_changes.growth]\nfactor = 2\nper_day = { away = 0.1 }\n[world]\nlost = ['away']\n",
            ("", ""),
            "'away' is in world.lost, so its customers are gone; an account there is worth nothing",
        ),
        (
            "[population.arrivals]\nshare = 0.1\nstage = 'away'\n[world]\nlost = ['away']\n",
            ("population = { segments = { SMB = { share = 1, account_value = 1 } } }", ""),
            "'away' is in world.lost, so its customers are gone; customers cannot arrive there",
        ),
    ],
)
def test_lost_stages_and_dates_must_make_sense(tmp_path, said, instead, message):
    more = "[population.segments.SMB]\nshare = 1\naccount_value = 1\n" if instead[0].startswith("population") else ""
    assert message in refused(tmp_path, SUBSCRIPTION.replace(*instead) + more + said)


def test_customers_cannot_begin_or_be_in_distress_in_a_lost_stage():
    with pytest.raises(InputError) as caught:
        load("default", ['world.lost=["support"]'])
    gone = "'support' is in world.lost, so its customers are gone"
    assert f"population.start.support: {gone}; customers cannot begin there" in str(caught.value)
    assert f"onset_per_day.support: {gone}; customers there cannot be in distress" in str(caught.value)


@pytest.mark.parametrize("pair", ["value_tenure", "tier_tenure", "tenure_frailty"])
def test_a_correlation_with_a_missing_tenure_is_refused(tmp_path, pair):
    text = SUBSCRIPTION.replace("account_value = 1 } }", "account_value = 1, tenure_mean_days = {} } }")
    text = text.replace("[journey]", f"correlations = {{ {pair} = 0.3 }}\n[journey]")
    text = text.replace("population = { segments", "population.segments", 1).replace("} } }\n", "} }\n", 1)
    text = text.replace("correlations", "population.correlations", 1)
    assert f"population.correlations.{pair}: has no effect: no segment has a tenure" in refused(
        tmp_path, text.replace("{}", "0", 1)
    )
    path = tmp_path / "mine.toml"
    path.write_text(text.replace("{}", "300", 1), encoding="utf-8")
    load(path)


@pytest.mark.parametrize("key", ["correlations = { value_tier = 0.2 }", "arrivals = { share = 0.2 }"])
def test_what_only_a_synthetic_population_has_is_refused_beside_records(tmp_path, key):
    message = refused(tmp_path, f'extends = "default"\n[population]\nrecords = "bundled"\n{key}\n')
    name = key.partition(" ")[0]
    assert f"population.{name}: the customers in `records` determine it; remove this key, or `records`" in message


def test_records_laid_over_a_synthetic_population_take_its_place_whole(tmp_path):
    path = tmp_path / "mine.toml"
    own = "correlations = { value_tier = 0.2 }\narrivals = { share = 0.2 }\n"
    path.write_text(f'extends = "default"\n[population]\n{own}', encoding="utf-8")
    population = load(path, ["population.records=bundled"]).scenario.population
    assert (population.arrivals, population.correlations.value_tier) == (None, 0.0)
