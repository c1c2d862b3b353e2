"""Scenario files: from a name or a path to a checked scenario, or to a message with the cure."""

import hashlib
import json

import pytest

from journey.core.errors import InputError
from scenarios.files.loader import builtin_names, load
from scenarios.files.merging import BUILTIN

SMALL = """
extends = "default"
title = "Small"
[population]
size = 50
"""


@pytest.fixture
def write(tmp_path):
    def written(text, name="mine.toml"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return written


def refused(which, *overrides):
    with pytest.raises(InputError) as caught:
        load(which, overrides)
    return str(caught.value)


def test_every_built_in_scenario_is_valid_and_asks_a_question():
    assert {"default", "onboarding_outreach", "seed_ten"} <= set(builtin_names())
    for name in builtin_names():
        loaded = load(name)
        assert list(loaded.scenario.arms)[:2] == ["baseline", "treated"]
        assert loaded.scenario.question.endswith("?")
        assert loaded.scenario.teaches


def test_a_file_is_laid_over_what_it_extends(write):
    loaded = load(write(SMALL))
    assert loaded.scenario.title == "Small"
    assert loaded.scenario.population.size == 50
    assert loaded.scenario.world == load("default").scenario.world


def test_extends_may_be_a_path_relative_to_the_file(write, tmp_path):
    (tmp_path / "below").mkdir()
    write(SMALL)
    path = write('extends = "../mine.toml"\nseed = 9\n', "below/top.toml")
    assert load(path).scenario.population.size == 50
    assert load(path).scenario.seed == 9


def test_set_wins_over_the_file_and_the_last_set_wins(write):
    loaded = load(write(SMALL), ["population.size=60", "population.size=70", "title=Other words"])
    assert loaded.scenario.population.size == 70
    assert loaded.scenario.title == "Other words"


def test_a_number_of_reviewers_drops_the_rate_it_replaces():
    loaded = load("default", ["reviewers.count=3", "arms.treated.reviewers.per_1000=5"])
    assert [setup.reviewers.count_for(1000) for setup in loaded.arms] == [3, 5]


def test_an_arm_may_be_left_out(write):
    loaded = load(write(SMALL + "[arms]\ntreated = false\n[arms.other]\nlabel = 'x'\n"))
    assert list(loaded.scenario.arms) == ["baseline", "other"]


def test_an_arm_changes_the_policy_of_no_other_arm():
    loaded = load("default", ["policy.thresholds.act_severity=0.3", "arms.treated.policy.thresholds.act_severity=0.4"])
    assert [setup.policy.thresholds.act_severity for setup in loaded.arms] == [0.3, 0.4]


def test_records_are_found_beside_the_file_that_names_them(write, tmp_path):
    (tmp_path / "records").mkdir()
    path = write('extends = "default"\n[population]\nrecords = "records"\n')
    assert load(path).scenario.population.records == str(tmp_path / "records")
    assert not load(path).scenario.population.segments


def test_a_bare_amount_is_assumed():
    money = load("default", ["money.discount_per_year=0.1"]).scenario.money
    assert (money.discount_per_year.amount, money.discount_per_year.provenance) == (0.1, "assumed")
    assert load("default").scenario.money.discount_per_year.provenance == "default"
    priced = load("default", ["policy.economics.reviewer_hour.amount=70"]).arms[0].policy.economics.reviewer_hour
    assert (priced.amount, priced.provenance) == (70.0, "assumed")


# -- the hash ----------------------------------------------------------------------------------------------------------


def test_the_hash_is_of_the_content_and_not_of_how_it_is_written(write):
    one = write('extends = "default"\ntitle = "T"\nhorizon_days = 90\n[population]\nsize = 5\n', "one.toml")
    other = write('title = "T"\nhorizon_days = 90.0\nextends = "default"\npopulation = { size = 5 }\n', "other.toml")
    assert load(one).hash == load(other).hash
    assert load(one).hash == load("default", ["horizon_days=90", "population.size=5", "title=T"]).hash
    assert len(load(one).hash) >= 12


@pytest.mark.medium
def test_a_default_that_is_written_out_leaves_the_hash_alone():
    assert load("default", ["world.decisions.on_signal=true"]).hash == load("default").hash
    assert load("default", ["world.notice_days=0"]).hash == load("default").hash


def test_keys_of_later_versions_enter_the_hash_only_if_they_differ_from_their_default():
    loaded = load("default", ["arms.treated.share=2"])
    content = loaded.scenario.model_dump(mode="json", exclude={"seed", "replications"})
    # A lesson that no longer applies is not printed, but it is in the file.
    content["teaches"] = load("default").scenario.teaches
    del content["world"]["notice_days"]
    for name in ("metrics", "guardrails", "report", "rules"):
        del content[name]
    for effect in content["world"]["effects"].values():
        del effect["moves"], effect["discount"]
    for name, arm in content["arms"].items():
        del arm["share_by_segment"]
        if name != "treated":
            del arm["share"]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    assert loaded.hash == hashlib.sha256(text.encode()).hexdigest()[:16]


def test_the_hash_changes_with_the_world_and_not_with_seed_or_replications():
    assert load("default", ["population.size=999"]).hash != load("default").hash
    assert load("default", ["world.notice_days=30"]).hash != load("default").hash
    effect = "world.effects.onboarding_nudge_email"
    assert load("default", [f"{effect}.moves.activate=1.5"]).hash != load("default").hash
    assert load("default", [f"{effect}.discount.share=0.5"]).hash != load("default").hash
    assert load("default", ["seed=5", "replications=3"]).hash == load("default").hash


def test_records_enter_the_hash_by_content(write, tmp_path):
    paths = []
    for name, text in (("a", "[]"), ("b", "[]"), ("c", "[ ]")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "customers.json").write_text(text)
        paths.append(write(f'extends = "default"\npopulation.records = "{name}"\n', f"{name}.toml"))
    hashes = [load(path).hash for path in paths]
    assert hashes[0] == hashes[1] != hashes[2]
    (tmp_path / "a" / "README.txt").write_text("not a set of records")
    assert load(paths[0]).hash == hashes[0]


# -- what cannot be read -----------------------------------------------------------------------------------------------


def test_an_unknown_name_is_answered_with_the_one_that_was_meant_and_the_list():
    message = refused("onbording_outreach")
    assert "did you mean 'onboarding_outreach'?" in message
    assert "seed_ten" in message
    assert all(name in refused("zzz") for name in builtin_names())


@pytest.mark.parametrize("which", ["nothing.toml", "no/such/file"])
def test_a_missing_file_is_named(which):
    assert refused(which) == f"{which}: there is no such file"


def test_a_folder_is_not_a_scenario(tmp_path):
    assert "is a folder" in refused(tmp_path)


def test_broken_toml_is_reported_with_its_line(write):
    assert "not valid TOML" in (message := refused(write('title = "x"\n[population\nsize = 3\n')))
    assert "line 2" in message


def test_a_key_given_twice_is_reported(write):
    assert "a key is given twice" in refused(write('title = "x"\ntitle = "y"\n'))


def test_a_file_that_is_not_text_is_reported(write, tmp_path):
    (tmp_path / "mine.toml").write_bytes(b"title = '\xff\xfe'")
    assert "not UTF-8 text" in refused(tmp_path / "mine.toml")


def test_a_byte_order_mark_is_no_mistake(tmp_path):
    (tmp_path / "mine.toml").write_text("\ufeff" + SMALL, encoding="utf-8")
    assert load(tmp_path / "mine.toml").scenario.title == "Small"


def test_extending_in_a_circle_is_refused(write):
    write('extends = "two.toml"\n', "one.toml")
    path = write('extends = "one.toml"\n', "two.toml")
    assert "two.toml -> one.toml -> two.toml" in refused(path)
    assert "in a cycle" in refused(write('extends = "mine.toml"\n'))


def test_extending_what_is_not_there_names_both(write):
    path = write('extends = "defalt"\n')
    assert refused(path).startswith(f"{path}: extends: 'defalt' is neither")
    assert "one scenario" in refused(write("extends = 3\n"))
    assert "write it in the file" in refused("default", "extends=default")


def test_built_in_scenarios_are_files_beside_the_code():
    assert all((BUILTIN / f"{name}.toml").is_file() for name in builtin_names())


def test_a_long_chain_of_extended_files_is_refused_in_words(tmp_path):
    for number in range(200):
        (tmp_path / f"{number}.toml").write_text(f'extends = "{number + 1}.toml"\n')
    (tmp_path / "200.toml").write_text('extends = "default"\n')
    assert "more than 50 files extend each other" in refused(tmp_path / "0.toml")


NAMING_KEYS = ("extends", "journey", "policy", "arms.treated.policy", "population.records")


@pytest.mark.parametrize("key", NAMING_KEYS)
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("~no-such-user-here/a.toml", "the home folder of this user is unknown; write the whole path"),
        ("a\\u0000/b.toml", "no file has a null character in its name"),
    ],
)
def test_a_name_that_no_file_can_have_is_refused_with_the_key_that_has_it(key, name, reason, tmp_path):
    path = tmp_path / "mine.toml"
    base = "" if key == "extends" else 'extends = "default"\n'
    path.write_text(f'{base}{key} = "{name}"\n')
    message = refused(path)
    assert message.startswith(f"{path}: {key}: ")
    assert message.endswith(reason)


def test_the_home_folder_of_an_unknown_user_is_refused_in_words():
    assert "the home folder of this user is unknown" in refused("~no-such-user-here/a.toml")


def test_an_empty_name_of_a_folder_of_records_is_not_the_working_folder():
    assert "population.records" in refused("default", 'population.records=""')
    assert "names no folder" in refused("default", 'population.records=""')


def test_a_deeply_nested_override_is_refused_in_words():
    message = refused("default", "title=" + "[" * 3000 + "]" * 3000)
    assert "nested more than 50 deep" in message
    assert len(message) < 300


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('[journey]\nstages = ["a", "b"]\ninitial = "a"\nterminal = "b"\n', "is a journey file; name it in a scenario"),
        ('approve = "always"\n[thresholds]\nact_severity = 0.3\n', "is a policy file; name it in a scenario"),
    ],
)
def test_a_file_of_another_kind_is_named_and_its_keys_are_not_listed(write, text, kind):
    path = write(text)
    message = refused(path)
    assert message.startswith(f"{path}: {kind}")
    assert "unknown key" not in message
