"""The pytest plugin: `pytest --journey journey.toml`.

pytest imports this module in every project of an environment, so it imports nothing until the option is given. It is
not inside the package `journeylab`, because importing that refuses projects whose own modules have names of ours.
"""

from typing import Any


def pytest_addoption(parser: Any) -> None:
    """Add the options."""
    group = parser.getgroup("journeylab", "customer journeys")
    group.addoption(
        "--journey",
        action="append",
        default=[],
        dest="journeylab_files",
        metavar="FILE",
        help="test every stage, move, guard and rule of a journey file or scenario file; may be given several times",
    )
    group.addoption(
        "--journey-expected",
        action="append",
        default=[],
        dest="journeylab_expected",
        metavar="FILE",
        help="what the journey must be: a journey file, or a CSV table of examples (stage,move,to_stage); one for each "
        "--journey, in the same order",
    )


def pytest_configure(config: Any) -> None:
    """Register the plugin proper if a journey is to be tested."""
    files, expected = config.getoption("journeylab_files"), config.getoption("journeylab_expected")
    if files or expected:
        from journeylab.testing.plugin.plugin import JourneyPlugin

        config.pluginmanager.register(JourneyPlugin(config, files, expected), "journeylab-journeys")
