"""The list of built-in scenarios."""

from typing import NamedTuple

from scenarios.files.loader import LoadedScenario, builtin_names, load


class ScenarioSummary(NamedTuple):
    """What a built-in scenario is about.

    Attributes:
        name: Its name, as `load_scenario` and the commands take it.
        title: Its title.
        question: The question that it asks.
        teaches: What its answer teaches.
        arms: The names of its arms, the baseline first.
    """

    name: str
    title: str
    question: str
    teaches: str
    arms: tuple[str, ...]


def list_scenarios() -> list[ScenarioSummary]:
    """The built-in scenarios in alphabetical order, `default` first."""
    return [_summarise(load(name)) for name in builtin_names()]


def _summarise(loaded: LoadedScenario) -> ScenarioSummary:
    scenario = loaded.scenario
    question = loaded.describe(scenario.question)
    return ScenarioSummary(loaded.name, scenario.title, question, scenario.teaches, tuple(scenario.arms))
