"""All errors of a scenario at once: also those that are only found when the others are corrected.

A scenario is checked in steps, and a step needs the result of those before it. Where a step finds errors, the keys with
errors are left out, and the scenario is checked again. Values of earlier layers or the defaults take their place. An
error that may be a consequence of a key that was left out is not reported.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from journey.core.errors import InputError
from journey.core.messages import InvalidKeysError, KeyProblem, format_location
from journey.core.nested_tables import remove_key
from scenarios.files.line_numbers import find_line
from scenarios.files.merging import Layer, find_layer
from scenarios.files.messages import FileMessage

Path = tuple[int | str, ...]

_MAX_ROUNDS = 30
_MAX_ERRORS = 500
"""With more errors, the scenario is not checked again: the time would grow with the square of their number."""

_UNLOCATED = 1 << 60
_SUGGESTION = re.compile("; (?:did you mean|known here)")


class UncorrectableError(InvalidKeysError):
    """Errors between sections. The last step finds them, so no later step needs them corrected."""


def collect_errors(
    layers: Sequence[Layer], resolve: Callable[[Sequence[Layer]], object], first: Iterable[KeyProblem] = ()
) -> list[FileMessage]:
    """All errors of a scenario, in the order of its files and of the lines in each; none for a valid scenario.

    Args:
        layers: The layers of the scenario.
        resolve: Checks layers, and raises `InvalidKeysError` with the errors that it finds.
        first: Errors that are known before.
    """
    found = list(dict.fromkeys(first))
    left_out: list[Path] = []
    current = tuple(layers)
    for _ in range(_MAX_ROUNDS):
        try:
            resolve(current)
            break
        except InvalidKeysError as error:
            is_last = isinstance(error, UncorrectableError)
            may_follow = _may_follow if is_last else _is_below
            known = set(found)
            new = [each for each in dict.fromkeys(error.problems) if each not in known]
            found += [
                each for each in new if not any(may_follow(each, path) or _lacks_cause(each, path) for path in left_out)
            ]
            if is_last or len(found) > _MAX_ERRORS:
                break
            paths = [_find_removable(each) for each in error.problems]
            corrected = _remove_keys(current, paths)
            if corrected == current:
                break
            # Nothing depends on a key that does not exist.
            pairs = zip(error.problems, paths, strict=True)
            left_out += [path for each, path in pairs if path and not each.message.startswith("unknown key")]
            current = corrected
        except InputError:
            # A consequence of what was left out.
            break
    messages = [(rank_source(layers, each.path), _locate(layers, each)) for each in found]
    return [message for _, message in sorted(messages, key=lambda item: (item[0], item[1].line or _UNLOCATED))]


def _find_removable(problem: KeyProblem) -> Path:
    """The key to leave out: the one with the problem, the list that contains it, or the table that lacks a key."""
    path: Path = problem.path
    if path[:1] == ("journey",):
        return ()  # `examine_journey` leaves out the part itself
    for depth, step in enumerate(path):
        if isinstance(step, int):
            path = path[:depth]
            break
    return path[:-1] if problem.message.startswith("is missing") else path


def _remove_keys(layers: Sequence[Layer], paths: Sequence[Path]) -> tuple[Layer, ...]:
    """The layers without some keys, each removed from the layer that it is from."""
    result = list(layers)
    for path in paths:
        if path:
            found = find_layer(result, path)
            index = next(i for i, layer in enumerate(result) if layer is found)
            result[index] = replace(result[index], data=remove_key(result[index].data, [str(step) for step in path]))
    return tuple(result)


def _is_below(problem: KeyProblem, path: Path) -> bool:
    """Whether a problem is about a key that was left out, one in it, or a table that has it."""
    shared = min(len(path), len(problem.path))
    return path[:shared] == problem.path[:shared]


def _lacks_cause(problem: KeyProblem, path: Path) -> bool:
    """Whether a problem is about the causes of a play, and a signal type was left out, which may have the cause."""
    return problem.path[-1:] == ("causes",) and "signals" in path


def _may_follow(problem: KeyProblem, path: Path) -> bool:
    """Whether a problem between sections may follow from a key that was left out: it is about the key, or names it."""
    return _is_below(problem, path) or names_word(problem, str(path[-1]))


def names_word(problem: KeyProblem, word: str) -> bool:
    """Whether a problem's key or message has a word; what the message suggests does not count."""
    if not word.strip():
        return False
    sentence = _SUGGESTION.split(problem.message)[0]
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", f"{sentence} {format_location(problem.path)}") is not None


def _locate(layers: Sequence[Layer], problem: KeyProblem) -> FileMessage:
    layer = find_layer(layers, problem.path)
    key = format_location(layer.path_in_file(problem.path))
    return FileMessage(layer.source, find_line(layer, problem.path), key, problem.message)


def rank_source(layers: Sequence[Layer], path: Path) -> int:
    """The rank of a key's source in messages: first the scenario's own file, then overrides, then extended files."""
    layer = find_layer(layers, path)
    files = [each for each in layers if each.path is not None and not each.replaces]
    if files and layer is files[-1] and not layer.is_builtin:
        return 0
    index = next(i for i, each in enumerate(layers) if each is layer)
    return index + 1 if layer.path is None else len(layers) * 2 - index
