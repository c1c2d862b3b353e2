"""The kinds of input, by name. A case is one call with a seeded generator and an empty folder."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

from tests.fuzz import processes, records, rules, settings, stored
from tests.fuzz.records import CAMPAIGNS, CUSTOMERS

KINDS: dict[str, Callable[[Random, Path], None]] = {
    "records": partial(records.fuzz_values, CUSTOMERS),
    "record formats": partial(records.fuzz_formats, CUSTOMERS),
    "record bytes": partial(records.fuzz_bytes, CUSTOMERS),
    "rules": rules.fuzz_rules,
    "campaigns": partial(records.fuzz_values, CAMPAIGNS),
    "campaign formats": partial(records.fuzz_formats, CAMPAIGNS),
    "campaign bytes": partial(records.fuzz_bytes, CAMPAIGNS),
    "scenarios": settings.fuzz_scenarios,
    "options": settings.fuzz_overrides,
    "questions": settings.fuzz_questions,
    "policies": settings.fuzz_policies,
    "projects": settings.fuzz_projects,
    "declared rules": rules.fuzz_declared_rules,
    "marketing policies": settings.fuzz_marketing_policies,
    "logs": stored.fuzz_logs,
    "resume files": stored.fuzz_resume_files,
    "signals": processes.fuzz_signals,
    "streams": processes.fuzz_streams,
}
