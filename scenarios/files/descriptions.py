"""The texts of a scenario: which of them an extending or changed scenario keeps, and the counts in them.

A question or a label states counts as placeholders, so that it is true for the scenario as it was run:
``{customers}``, ``{days}``, and ``{reviewers.ARM}`` are replaced by ``2,000 customers``, ``365 days``, ``4 reviewers``.
"""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from journey.core.messages import KeyProblem
from journey.core.suggestions import did_you_mean
from scenarios.files.merging import Layer
from scenarios.files.model import Scenario
from scenarios.text.phrases import pluralise

if TYPE_CHECKING:
    from simulation.model.arm import ArmSpec

_PLACEHOLDER = re.compile(r"\{([a-z]+(?:\.[\w-]+)?)\}")
_REVIEWERS = "reviewers."
_WITHOUT_EFFECT = frozenset({"title", "question", "teaches", "seed", "replications"})
"""Keys that do not change the results that a lesson is about."""


def keep_own_texts(scenario: Scenario, layers: Sequence[Layer]) -> Scenario:
    """The scenario without an inherited question or lesson that is not its own.

    A question belongs to its title: a later layer with another title and no question has none. The lesson is about the
    results of the scenario that states it: a later layer that changes more than texts, seed and replications has none.

    Args:
        scenario: The scenario.
        layers: The layers that it was merged from.
    """
    question = "" if _is_retitled(layers) or _names_removed_arm(scenario) else scenario.question
    is_changed = any(set(layer.data) - _WITHOUT_EFFECT for layer in _layers_after(layers, "teaches"))
    teaches = "" if is_changed or _is_retitled(layers, "teaches") else scenario.teaches
    return scenario.model_copy(update={"question": question, "teaches": teaches})


def _layers_after(layers: Sequence[Layer], key: str) -> Sequence[Layer]:
    """The layers after the last one that sets a key."""
    setting = [index for index, layer in enumerate(layers) if key in layer.data]
    return layers[setting[-1] + 1 :] if setting else ()


def _is_retitled(layers: Sequence[Layer], key: str = "question") -> bool:
    return any("title" in layer.data for layer in _layers_after(layers, key))


def _names_removed_arm(scenario: Scenario) -> bool:
    named = (name for name in _PLACEHOLDER.findall(scenario.question) if name.startswith(_REVIEWERS))
    return any(name.removeprefix(_REVIEWERS) not in scenario.arms for name in named)


def find_unknown_placeholders(scenario: Scenario, layers: Sequence[Layer]) -> Iterator[KeyProblem]:
    """Unknown placeholders in the texts. A placeholder of an arm that a later layer removes is known.

    Args:
        scenario: The scenario.
        layers: The layers that it was merged from.
    """
    arms = {name for layer in layers for name in layer.data.get("arms", ())}
    known = ["customers", "days", *(f"{_REVIEWERS}{name}" for name in arms)]
    texts: dict[tuple[str, ...], str] = {("question",): scenario.question}
    texts |= {("arms", name, "label"): arm.label for name, arm in scenario.arms.items()}
    for path, text in texts.items():
        for name in _PLACEHOLDER.findall(text):
            if name not in known:
                yield KeyProblem(path, f"unknown placeholder {{{name}}}{did_you_mean(name, known)}")


def fill_counts(text: str, arms: Sequence["ArmSpec"], days: float, customers: str = "") -> str:
    """A question or label with its placeholders replaced by counts with their nouns.

    Args:
        text: The text.
        arms: The arms of the scenario.
        days: Length of a run, in days.
        customers: The customers as they were run, in words. Default: the scenario's number.
    """
    size = arms[0].population.size
    values = {
        "customers": customers or pluralise(size, "customer"),
        "days": f"{days:g} {'day' if days == 1 else 'days'}",
        **{f"{_REVIEWERS}{arm.name}": pluralise(arm.reviewers.count_for(size), "reviewer") for arm in arms},
    }
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)
