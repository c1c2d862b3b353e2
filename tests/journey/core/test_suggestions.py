"""The hint after an unknown word."""

import pytest

from journey.core.suggestions import did_you_mean, suggest_close


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("tral", ["trial", "active"], "; did you mean 'trial'?"),
        ("TRIAL", ["trial", "active"], "; did you mean 'trial'?"),
        ("xyz", ["trial", "active"], "; known here: trial, active"),
        ("xyz", [], ""),
    ],
)
def test_the_hint_names_a_close_word_or_lists_the_known_ones(word: str, known: list[str], hint: str) -> None:
    assert did_you_mean(word, known) == hint


def test_initials_are_answered_with_the_name_that_they_abbreviate() -> None:
    known = ["mrr", "arr", "new_mrr", "net_revenue_retention"]
    assert suggest_close("nrr", known) == "; did you mean 'net_revenue_retention'?"
    assert suggest_close("NRR", known, limit=3) == "; did you mean 'net_revenue_retention'?"
    assert suggest_close("mrrr", known) == "; did you mean 'mrr'?"
