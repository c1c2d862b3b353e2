"""Rules about damaged records, and damaged rules: no error, and one result in every form."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

from journey.core.errors import InputError
from journey.core.findings import sort_findings
from journey.core.toml_text import format_table
from journey.evaluation.broken_rules import find_broken_rules
from journey.records.folder import read_folder
from journey.rules import TEMPLATES, Rule
from journey.rules.templates import Days
from tests.fuzz.commands import UnsoundEndError, run
from tests.fuzz.mutation import mutate_toml
from tests.fuzz.records import CUSTOMERS, mutate_company, write

EVENTS = (
    "onboarding", "engagement", "support", "churned", "move:activate", "move:churn", "signal:usage_drop",
    "signal:negative_sentiment", "action:proactive_outreach", "action:renewal_health_check", "review:approved",
    "review:overridden", "intervention:measured", "intervention:recommended",
)  # fmt: skip
STAGES_AND_MOVES = (*EVENTS, "escalation", "retention", "move:escalate", "signal:x", "action:y")
RULES = 20


def fuzz_rules(random: Random, folder: Path) -> None:
    """Rules of any template on damaged records."""
    write(mutate_company(CUSTOMERS, random), folder, "json")
    try:
        records = read_folder(folder)
    except InputError:
        return
    rules = [_draw_rule(random, number) for number in range(RULES)]
    alone, together = (find_broken_rules(records, rules, batch=batch) for batch in (False, True))
    if alone.totals != together.totals or sort_findings(alone.findings) != sort_findings(together.findings):
        differing = sorted(set(alone.findings) ^ set(together.findings), key=str)
        raise UnsoundEndError(f"alone and in a batch the findings differ: {differing[:3]}")


def fuzz_declared_rules(random: Random, folder: Path) -> None:
    """Rules of a journey file, half of them damaged: what `validate` accepts, `prove` judges in text and JSON."""
    source = folder / "rules.toml"
    rules = [_draw_rule(random, number, STAGES_AND_MOVES) for number in range(random.randint(1, RULES))]
    tables = [f"[[rules]]\n{format_table(rule.to_dict())}" for rule in rules]
    text = "\n".join(["[journey.stage.onboarding]\ntypical_days = 30\n", *tables])
    source.write_text(mutate_toml(random, text) if random.random() < 0.5 else text, encoding="utf-8")
    is_valid = run("validate", source, "--json", inputs=folder).exit_code == 0
    proved, printed = run("prove", source, "--json", inputs=folder), run("prove", source, inputs=folder)
    if (proved.exit_code != 2) != is_valid or proved.exit_code != printed.exit_code:
        raise UnsoundEndError(f"validate, prove and prove --json differ: {proved.stderr}{printed.stderr}")


def _draw_rule(random: Random, number: int, names: Sequence[str] = EVENTS) -> Rule:
    template = random.choice(sorted(TEMPLATES))
    definition = TEMPLATES[template]
    events = random.sample(names, 4)
    count = random.randint(1, 3) if definition.has_count else 1
    has_days = definition.days is not Days.UNUSED and not (definition.days is Days.WINDOW and count == 1)
    days = random.choice([None, 1.0, 7.0]) if has_days else None
    return Rule(f"r{number}", template, tuple(events[:2]), tuple(events[2:]) if definition.has_b else (), days, count)
