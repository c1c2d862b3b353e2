"""Load a scenario: find the file, merge `extends` and `--set`, validate the result, and compute its hash."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from journey.core.errors import InputError
from journey.core.messages import InvalidKeysError, KeyProblem, format_location, list_problems
from journey.core.suggestions import did_you_mean
from journey.core.toml_files import read_toml
from journey.decision.policy import ADDED_LATER, Policy
from journey.records.model import CUSTOMER_FAMILY
from journey.records.sources import FORMATS, split_name
from journey.rules import Rule
from scenarios.files.descriptions import fill_counts, find_unknown_placeholders, keep_own_texts
from scenarios.files.error_collection import collect_errors
from scenarios.files.included_files import include_files, is_journey_file
from scenarios.files.merging import (
    BUILTIN,
    Layer,
    drop_replaced,
    merge_layers,
    name_key,
    normalise,
    refuse_contradictions,
)
from scenarios.files.messages import FileMessage, ScenarioError
from scenarios.files.metric_catalogue import build_catalogue, build_guardrails
from scenarios.files.model import Scenario
from scenarios.files.notices import find_notices
from scenarios.files.old_keys import move_old_keys, refuse_contradicting_old_keys, restore_old_policy_keys
from scenarios.files.overrides import parse_override
from scenarios.files.paths import resolve_named_path
from scenarios.files.stage_hash import restore_old_stage_keys
from scenarios.metrics.catalogue import MetricCatalogue
from scenarios.metrics.guardrails import Guardrail
from simulation.model.population_spec import BUNDLED

if TYPE_CHECKING:
    from simulation.model.arm import ArmSpec

_EXTENDS = "extends"
_MAX_EXTENDED = 50
"""Largest number of files that a file extends, one through the other."""

_UNHASHED_KEYS = ("seed", "replications")
"""Keys that are not part of the hash; reports state them beside it."""


@dataclass(frozen=True)
class LoadedScenario:
    """A scenario that passed every check.

    Attributes:
        name: The built-in name or the path, as given.
        scenario: The resolved scenario.
        arms: The resolved arms, the baseline first.
        hash: The first 16 hexadecimal digits of the SHA-256 of the resolved scenario without seed and replications;
            equal for equal content, independent of how the file is written.
        overrides: The overrides that were applied, as ``key=value``.
        layers: The files and overrides that the scenario was merged from.
        notices: Keys that are accepted but outdated, with what to write instead. Commands print them to stderr.
    """

    name: str
    scenario: Scenario
    arms: tuple["ArmSpec", ...]
    hash: str
    overrides: tuple[str, ...] = ()
    layers: tuple[Layer, ...] = field(default=(), repr=False, compare=False)
    notices: tuple[FileMessage, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        """The title, the question, and the arms."""
        arms = ", ".join(arm.name for arm in self.arms)
        heading = f"{self.name}: {self.scenario.title}"
        return "\n".join(
            filter(None, (heading, self.describe(self.scenario.question), f"arms: {arms}; scenario {self.hash}"))
        )

    @cached_property
    def metrics(self) -> MetricCatalogue:
        """The definitions of the metrics that can be asked for."""
        return build_catalogue(self.scenario, self.name, self.layers)

    @property
    def guardrails(self) -> tuple[Guardrail, ...]:
        """The worst changes of metrics that the scenario accepts."""
        return build_guardrails(self.scenario)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The declared rules, those of the journey first; the same in every arm."""
        return self.arms[0].rules

    def has_option(self, name: str) -> bool:
        """Whether an option of a command or function, such as ``customers``, changed the scenario."""
        return any(layer.is_option and layer.source.startswith(f"{name}=") for layer in self.layers)

    def describe(self, text: str, customers: str = "") -> str:
        """The question, or the label of an arm, with its counts.

        Args:
            text: The text, with placeholders.
            customers: The customers as they were run, in words. Default: the scenario's number.
        """
        return fill_counts(text, self.arms, self.scenario.horizon_days, customers)


def builtin_names() -> list[str]:
    """The built-in scenarios in alphabetical order, `default` first."""
    names = sorted(path.stem for path in BUILTIN.glob("*.toml"))
    return sorted(names, key=lambda name: name != "default")


def load(source: str | Path, overrides: Sequence[str] = (), *, options: Sequence[Layer] = ()) -> LoadedScenario:
    """Load, merge and check a scenario.

    Args:
        source: The name of a built-in scenario, or the path of a TOML file.
        overrides: ``key=value`` pairs that override the file, in order.
        options: Further layers that override everything else, such as the options of a command.

    Raises:
        ScenarioError: The scenario is not valid. The message lists every mistake with file, line, key, value and
            expectation.
        InputError: A file cannot be read, or an override is malformed.
    """
    name, path = _locate(str(source))
    return _build(name, _file_layers(name, path, ()), overrides, (), options)


def build_scenario(data: Mapping[str, Any], name: str) -> LoadedScenario:
    """A scenario from its keys, which extends no other one.

    Args:
        data: The keys, as in a scenario file.
        name: What messages call it.

    Raises:
        ScenarioError: The scenario is not valid. The message lists every mistake with key, value and expectation.
    """
    return _build(name, [Layer(name, normalise(data))], (), (), ())


def override(loaded: LoadedScenario, overrides: Sequence[str] = (), *, options: Sequence[Layer] = ()) -> LoadedScenario:
    """A loaded scenario with further overrides; the arguments are those of `load`.

    Raises:
        InputError: The result is not a valid scenario.
    """
    if not overrides and not options:
        return loaded
    return _build(loaded.name, loaded.layers, overrides, loaded.overrides, options)


def _build(
    name: str, base: Sequence[Layer], overrides: Sequence[str], earlier: tuple[str, ...], options: Sequence[Layer]
) -> LoadedScenario:
    """Merge, check and resolve a scenario; `earlier` overrides are in the base."""
    override_layers = [parse_override(each) for each in overrides]
    refuse_contradictions(override_layers)
    refuse_contradicting_old_keys(override_layers)
    included = [part for layer in override_layers for part in include_files(layer, Path())]
    # A key that is set beside the file that contains it overrides the file, whatever the order of the two.
    included.sort(key=lambda layer: not layer.replaces)
    moved = [move_old_keys(layer) for layer in drop_replaced((*base, *included, *options))]
    layers = tuple(layer for layer, _ in moved)
    contradictions = [problem for _, problems in moved for problem in problems]
    try:
        scenario, arms = _resolve(layers)
    except InvalidKeysError as error:
        contradictions += error.problems
    if contradictions:
        raise ScenarioError(collect_errors(layers, _resolve, contradictions), find_notices(layers))
    own = keep_own_texts(scenario, layers)
    return LoadedScenario(
        name,
        own,
        arms,
        compute_scenario_hash(scenario),
        (*earlier, *overrides),
        layers,
        find_notices(layers),
    )


def _locate(source: str, base_folder: Path | None = None) -> tuple[str, Path]:
    """The display name and the path; a relative path starts at `base_folder`, or else at the working folder."""
    if source in builtin_names():
        return source, BUILTIN / f"{source}.toml"
    path = resolve_named_path(source, base_folder or Path())
    if path.is_dir():
        raise InputError(f"{source}: is a folder; name the scenario file in it")
    if path.exists():
        return (source if base_folder is None else str(path)), path
    if source.endswith(".toml") or "/" in source or "\\" in source:
        raise InputError(f"{path}: there is no such file")
    names = builtin_names()
    hint = did_you_mean(source, names)
    listed = "" if hint.startswith("; known") else f" Built-in scenarios: {', '.join(names)}."
    raise InputError(f"{source!r} is neither a built-in scenario nor a file{hint}{listed}")


def _file_layers(name: str, path: Path, extended_by: tuple[Path, ...]) -> list[Layer]:
    """The layers of the files that a file extends, and its own layer last."""
    if path.resolve() in extended_by:
        cycle = " -> ".join(p.name for p in (*extended_by, path))
        raise InputError(f"{name}: extends: the files extend each other in a cycle: {cycle}")
    if len(extended_by) > _MAX_EXTENDED:
        raise InputError(f"{name}: extends: more than {_MAX_EXTENDED} files extend each other; merge some of them")
    data = read_toml(path, name, "scenario")
    _refuse_other_kind(data, name)
    base = data.pop(_EXTENDS, None)
    try:
        own = Layer(name, _resolve_records_path(normalise(data), path.parent), path)
    except InputError as error:
        raise InputError(f"{name}: population.records: {error}") from None
    parts = include_files(own, path.parent)
    if base is None:
        return parts
    if not isinstance(base, str):
        raise InputError(f"{name}: extends: must be the name or path of one scenario, not {base!r}")
    try:
        base_name, base_path = _locate(base, path.parent)
    except InputError as error:
        raise InputError(f"{name}: extends: {error}") from None
    return [*_file_layers(base_name, base_path, (*extended_by, path.resolve())), *parts]


def _refuse_other_kind(data: Mapping[str, Any], name: str) -> None:
    """Refuse an empty file, and a journey or policy file in place of a scenario: all its keys would be errors."""
    if not data:
        raise InputError(f'{name}: is empty; begin it with extends = "default", or with a table [journey]')
    if is_journey_file(data):
        raise InputError(f'{name}: is a journey file; name it in a scenario: journey = "{name}"')
    if data and set(data) <= set(Policy.model_fields):
        raise InputError(
            f'{name}: is a policy file; name it in a scenario, policy = "{name}", and validate the scenario'
        )


def _suggest_policy_key(problem: KeyProblem) -> KeyProblem:
    """An unknown key of a scenario or of an arm; if it is a key of the policy, the message says where to write it."""
    *table, key = problem.path or ("",)
    is_in_place = not table or (table[0] == "arms" and len(table) == 2)
    if not (is_in_place and key in Policy.model_fields and problem.message.startswith("unknown key")):
        return problem
    place = format_location((*table, "policy", key))
    return problem._replace(message=f"unknown key here; it is a key of the policy: write `{place}`")


def _resolve_records_path(data: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Resolve a relative folder of records from the folder of the file that names it.

    Raises:
        InputError: The value cannot be the name of a folder.
    """
    population = data.get("population")
    if not isinstance(population, dict) or not isinstance(population.get("records"), str):
        return data
    records = population["records"]
    if records in ("", BUNDLED):
        return data
    return {**data, "population": {**population, "records": str(resolve_named_path(records, folder).resolve())}}


def _resolve(layers: Sequence[Layer]) -> "tuple[Scenario, tuple[ArmSpec, ...]]":
    """The scenario of some layers and its arms.

    Raises:
        InvalidKeysError: A step of the checks found errors.
    """
    from scenarios.files.resolve import resolve_arms

    locate = partial(name_key, layers)
    data = merge_layers(layers)
    if _EXTENDS in data:
        raise InvalidKeysError([KeyProblem((_EXTENDS,), "only a file can set it; write it in the file")], locate)
    try:
        scenario = Scenario.model_validate(data)
    except ValidationError as error:
        problems = [_suggest_policy_key(each) for each in list_problems(error, Scenario)]
        raise InvalidKeysError(problems, locate) from None
    problems = list(find_unknown_placeholders(scenario, layers))
    if problems:
        raise InvalidKeysError(problems, locate)
    return scenario, resolve_arms(scenario, layers)


def compute_scenario_hash(scenario: Scenario) -> str:
    """Hash of the resolved scenario: equal for equal content, independent of order and layers.

    A folder of records is hashed by its content, not by its path.
    """
    content = scenario.model_dump(mode="json", exclude=set(_UNHASHED_KEYS))
    _omit_later_keys(scenario, content)
    records = scenario.population.records
    if records is not None and records != BUNDLED:
        content["population"]["records"] = _hash_folder(Path(records))
    content = restore_old_stage_keys(restore_old_policy_keys(content))
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _omit_later_keys(model: BaseModel, content: dict[str, Any]) -> None:
    """Omit keys of later versions that have their default, so that scenarios without them keep their hash."""
    for name, key in type(model).model_fields.items():
        value = getattr(model, name)
        if ADDED_LATER in key.metadata and value == key.default:
            del content[name]
        elif isinstance(value, BaseModel):
            _omit_later_keys(value, content[name])
        elif isinstance(value, dict):
            for item_name, item in value.items():
                if isinstance(item, BaseModel):
                    _omit_later_keys(item, content[name][item_name])


def _hash_folder(folder: Path) -> str:
    """A hash of the record files of a folder; other files in it have no effect on a run."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        dataset, ending = split_name(path)
        if dataset in CUSTOMER_FAMILY.datasets and ending in FORMATS and path.is_file():
            with path.open("rb") as file:
                digest.update(path.name.encode() + b"\0" + hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
