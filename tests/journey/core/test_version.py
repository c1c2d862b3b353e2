"""The version that results, reports and stored replications name."""

import tomllib
from pathlib import Path

from journey.core.version import version


def test_the_version_is_that_of_the_project():
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert version() == project["version"]
