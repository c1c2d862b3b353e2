"""The generated pages, by name."""

from collections.abc import Callable
from pathlib import Path

from tests.documentation.reference.built_in_world import build_built_in_world
from tests.documentation.reference.commands import build_commands
from tests.documentation.reference.findings import build_findings
from tests.documentation.reference.json_output import build_json
from tests.documentation.reference.keys import build_marketing_policy_keys, build_policy_keys, build_scenario_keys
from tests.documentation.reference.metrics import build_metrics
from tests.documentation.reference.records import build_marketing_records, build_records
from tests.documentation.reference.trace import build_trace
from tests.documentation.sandbox import ROOT

FOLDER = ROOT / "docs" / "reference"
PAGES: dict[str, Callable[[], str]] = {
    "commands": build_commands,
    "scenario-keys": build_scenario_keys,
    "built-in-world": build_built_in_world,
    "policy-keys": build_policy_keys,
    "marketing-policy-keys": build_marketing_policy_keys,
    "metrics": build_metrics,
    "records": build_records,
    "marketing-records": build_marketing_records,
    "findings": build_findings,
    "json": build_json,
    "trace": build_trace,
}


def get_path(name: str) -> Path:
    """The file of a generated page."""
    return FOLDER / f"{name}.md"


def find_builder(page: Path) -> Callable[[], str] | None:
    """The function that generates a page; None for a page that is written."""
    return PAGES.get(page.stem) if page.parent == FOLDER else None
