"""First screens of every command at 80 and 100 columns, and to a pipe."""

import pytest

from tests.scenarios.cli.invocation import broken_words, invoke, process

SMALL = ("--set", "population.size=40", "--set", "horizon_days=60")
COMMANDS = {
    "check": ("check",),
    "evaluate": ("evaluate", "--as-of", "2025-01-14"),
    "campaigns": ("campaigns",),
    "scenarios": ("scenarios",),
    "metrics": ("metrics", "acquisition_quality"),
    "validate": ("validate", "acquisition_quality"),
    "simulate": ("simulate", "default", *SMALL),
    "explain": ("explain", "onboarding_outreach", "--customer", "3", *SMALL),
    "query": ("query", "trial_to_paid", "P(reach cancelled within 90) from paying by segment"),
    "draw": ("draw",),
}


@pytest.mark.slow
@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize("name", COMMANDS)
def test_it_fits_and_breaks_no_word(name, width):
    shown = invoke(*COMMANDS[name], COLUMNS=str(width)).stdout
    lines = shown.splitlines()
    assert max(map(len, lines)) <= width
    assert all(line == line.rstrip() for line in lines)
    assert not broken_words(shown, invoke(*COMMANDS[name], COLUMNS="600").stdout)


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_piped_lines_have_no_trailing_blanks(name):
    done = process(*COMMANDS[name])
    assert done.returncode == 0
    assert done.stdout
    assert all(line == line.rstrip() for line in done.stdout.splitlines())


@pytest.mark.medium
def test_an_explanation_begins_with_the_divergence():
    shown = " ".join(invoke(*COMMANDS["explain"], COLUMNS="100").stdout.split())
    assert 0 < shown.index("diverge") < shown.index("At the end, day 60") < shown.index("Timeline, by day")
