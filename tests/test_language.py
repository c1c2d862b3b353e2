"""One language: no text that a person reads uses a phrase that was retired for a standard term of the field."""

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

from scenarios.cli.commands import COMMANDS
from tests.scenarios.cli.invocation import invoke

ROOT = Path(__file__).parent.parent
PACKAGES = ("journey", "simulation", "scenarios", "journeylab")

RETIRED = {
    r"(the )?same luck": "common random numbers",
    r"luck": "random numbers, random stream, chance",
    r"lived|lives (on|again|through)|to live (a|one|the) cohort": "simulated; simulate",
    r"got nothing|unhelped(?!:)": "untreated distress episodes",
    r"gate utilisation": "reviewer utilisation",
    r"nine of ten|9 of 10": "90th percentile",
    r"(held|hold|holds) against": "compared with",
    r"(held|hold|holds) to": "checked against",
    r"left out: ": "Default: ",
    r"whoever|everybody|(?<!arms\.)nobody": "all customers; customers that; no one",
    r"(?<!there )is no (address|metric|number|date|folder|file|scenario|stage)": "is not a valid ...; unknown ...",
    r"there is to (do|be)": "say who does what",
    r"(what|whatever) (came|comes|becomes|became) of": "the outcome of",
    r"reckon(s|ed|ing)?": "compute",
    r"stands? (in|under|beside) (the|a|an|its)": "is in",
    r"lies? on disk": "is cached",
    r"is under way": "is in progress",
    r"cooling down": "in cool-down",
    r"so many (customers|rows|days|events|replications|of)": "n; the number of",
    r"from (\w+ )?on,": "from ...",
    r"where (the )?(arms|lives|histories) part": "first divergence",
    r"who asks (first|last|for|about)": "customers that request",
    r"laws? of (a |the |its |dwells?|dwell)": "distribution of",
    r"dwell laws?": "dwell-time distribution",
    r"lately": "recently",
    r"anew": "again",
    r"the very same": "the same",
    r"heard": "added",
    r"beforehand": "before",
    r"shown: (yes|no)": "significant (95 %, Holm)",
    r"nothing (else )?is told": "nothing is reported",
    r"(is|are|was|were) told (in|by|at|of)": "is reported",
}
"""Whole phrases, as regular expressions without regard to case, and what to write instead."""

_KEYS = re.compile(r"`[^`]*`|\b\w*_\w*\b")
"""What is quoted as code, and names with underscores: keys and codes keep their names."""


def retired_in(text):
    """The retired phrases that a text uses, each with the words around it."""
    plain = _KEYS.sub(" ", text)
    return [
        f"{plain[max(0, found.start() - 30) : found.end() + 30]!r} -> {instead}".replace("\n", " ")
        for phrase, instead in RETIRED.items()
        for found in re.finditer(rf"\b(?:{phrase})(?!\w)", plain, re.IGNORECASE)
    ]


def texts_of(path):
    """Every docstring, comment and string of a source file, with its line."""
    source = path.read_text(encoding="utf-8")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(source)):
        # A single lower-case word is a key or a code.
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and not node.value.isidentifier():
            yield node.lineno, node.value


PAGES = [
    *(
        ROOT / name
        for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "CITATION.cff", "Makefile")
    ),
    *sorted((ROOT / "docs").rglob("*.md")),
    *(ROOT / "data").rglob("README.md"),
    *(ROOT / "docs").rglob("*.md"),
    *(ROOT / "scenarios" / "builtin").glob("*.toml"),
]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_and_scenarios_use_no_retired_phrase(path):
    assert retired_in(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_docstrings_comments_and_messages_use_no_retired_phrase(package):
    used = [
        f"{path.relative_to(ROOT)}:{line}: {phrase}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for line, text in texts_of(path)
        for phrase in retired_in(text)
    ]
    assert used == []


def test_tests_are_named_and_described_without_retired_phrases():
    used = [
        f"{path.relative_to(ROOT)}: {phrase}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if path != Path(__file__)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        for text in (ast.get_docstring(node) or "", getattr(node, "name", "").replace("_", " "))
        for phrase in retired_in(text)
    ]
    assert used == []


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_help_uses_no_retired_phrase_and_has_no_type_column(command):
    shown = invoke(command, "--help", COLUMNS="100").stdout
    assert retired_in(shown) == []
    types = re.findall(r"<(?:int|float|bool|str)\b[^>]*>|\b(?:INTEGER|FLOAT|BOOLEAN|PATH)\b|\[x>=?\d+\]", shown)
    assert types == []


def test_a_retired_phrase_is_found():
    assert len(retired_in("Every arm lived on the same luck.")) == 3
    assert retired_in("Every arm is simulated with common random numbers; `got_nothing` is a key.") == []
