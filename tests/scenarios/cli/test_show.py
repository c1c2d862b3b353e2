"""`journey show`."""

import json
import tomllib

import pytest

from scenarios.files.loader import load
from tests.scenarios.cli.invocation import invoke, json_of


def test_the_output_is_a_scenario_with_the_same_hash(tmp_path):
    shown = invoke("show", "support_surge", "--set", "population.size=70")
    assert shown.exit_code == 0
    assert shown.stderr == ""
    path = tmp_path / "shown.toml"
    path.write_text(shown.stdout, encoding="utf-8")
    assert load(path).hash == load("support_surge", ["population.size=70"]).hash
    assert "# --set population.size=70" in shown.stdout
    assert "# built-in support_surge:" in shown.stdout


def test_lines_are_not_wrapped_in_a_narrow_terminal():
    narrow, wide = (invoke("show", "default", COLUMNS=columns) for columns in ("40", "200"))
    assert narrow.stdout == wide.stdout


def test_json_has_the_origin_and_the_meaning():
    (plain,) = json_of("show", "default", "world.frailty_spread")
    assert plain == {
        "key": "world.frailty_spread",
        "value": 0.5,
        "provenance": "built-in",
        "source": "default",
        "line": 55,
        "source_key": "world.frailty_spread",
    }
    result = invoke("show", "default", "policy.contact.window_days", "--docs", "--json")
    (documented,) = json.loads(result.stdout)
    assert documented["provenance"] == "default"
    assert documented["unit"] == "days"
    assert documented["description"].startswith("Length of the window")


def test_docs_are_comments():
    shown = invoke("show", "default", "population.size", "--docs").stdout
    assert tomllib.loads(shown) == {"population": {"size": 1000}}
    assert shown.splitlines()[1].startswith("# Number of customers")


def test_an_unknown_key_is_refused():
    refused = invoke("show", "default", "population.siz")
    assert refused.exit_code == 2
    assert refused.stderr == "journey: population.siz: unknown key of population; did you mean 'size'?\n"


@pytest.mark.parametrize("title", ["naïve 😀", 'a "b" # c', "line\\nbreak"])
def test_texts_stay_themselves(title, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(f"extends = 'default'\ntitle = {json.dumps(title, ensure_ascii=False)}\n", encoding="utf-8")
    assert tomllib.loads(invoke("show", path, "title").stdout) == {"title": title}
