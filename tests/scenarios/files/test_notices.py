"""Old keys of a scenario: accepted, with a notice that states the file, the line and the key that replaces it."""

import pytest

from scenarios.files import notices
from scenarios.files.loader import load
from scenarios.files.notices import OldKey
from tests.scenarios.cli.invocation import invoke

TEXT = """\
extends = "default"
title = "Old"

[arms.treated]
label = "one"

[world]
frailty_spread = 0.1
"""


@pytest.fixture
def scenario(tmp_path, monkeypatch):
    """A scenario that uses two keys as if they were old."""
    old = (OldKey(("world", "frailty_spread"), "write `a`"), OldKey(("arms", "treated", "label"), "write `b`"))
    monkeypatch.setattr(notices, "OLD_KEYS", old)
    path = tmp_path / "old.toml"
    path.write_text(TEXT)
    return path


def test_a_notice_has_file_line_and_key_in_the_order_of_the_file(scenario):
    found = load(scenario, ["world.frailty_spread=0.2"]).notices
    mine = [notice for notice in found if notice.file != "default"]
    assert [str(notice) for notice in mine] == [
        f"{scenario}:5: arms.treated.label: is an old key; write `b`",
        f"{scenario}:8: world.frailty_spread: is an old key; write `a`",
        "world.frailty_spread=0.2: is an old key; write `a`",
    ]


def test_commands_print_notices_to_stderr_and_only_the_result_to_stdout(scenario):
    result = invoke("validate", scenario, "--json")
    assert result.exit_code == 0
    assert f"notice: {scenario}:5: arms.treated.label: is an old key; write `b`\n" in result.stderr
    assert result.stdout.startswith("{")


def test_a_scenario_without_old_keys_has_no_notices():
    assert load("default").notices == ()
