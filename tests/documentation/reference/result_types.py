"""The types that the code states for an object of the JSON: those of the result class that has the same fields."""

import dataclasses
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module

import journey
import scenarios
import simulation

_TYPES = {
    "float": "number",
    "int": "number",
    "str": "text",
    "date": "text",
    "datetime": "text",
    "bool": "true or false",
    "None": "null",
}
"""The type in the JSON of each type in the code; other types, such as lists, are found in the examples."""

_OMITTED = frozenset({"arm", "customer"})
"""Fields of an event that are not repeated in its JSON."""


def find_stated_types(keys: frozenset[str]) -> Mapping[str, frozenset[str]]:
    """The types by key that a result class with exactly these fields states; empty without such a class.

    A field whose type is not a plain value is not in the result.
    """
    return _read_classes().get(keys, {})


@cache
def _read_classes() -> dict[frozenset[str], dict[str, frozenset[str]]]:
    """By the names of the fields, the types that all classes with these fields state."""
    found: dict[frozenset[str], dict[str, frozenset[str]]] = {}
    for kind in _find_classes():
        fields = {name: read_annotation(annotation) for name, annotation in _read_fields(kind).items()}
        for names in {frozenset(fields), frozenset(fields) - _OMITTED}:
            # One or two fields with the same names are a coincidence.
            if len(names) > 2:
                known = found.setdefault(names, {})
                for name in names:
                    known[name] = known.get(name, frozenset()) | fields[name]
    return found


def _find_classes() -> Iterator[type]:
    """Data classes and named tuples of the packages."""
    for package in (journey, scenarios, simulation):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not info.name.endswith("__main__"):
                for _, kind in inspect.getmembers(import_module(info.name), inspect.isclass):
                    if kind.__module__ == info.name and (dataclasses.is_dataclass(kind) or hasattr(kind, "_fields")):
                        yield kind


def _read_fields(kind: type) -> dict[str, object]:
    """The annotation of each field, inherited ones included."""
    if dataclasses.is_dataclass(kind):
        return {field.name: field.type for field in dataclasses.fields(kind)}
    annotations = inspect.get_annotations(kind)
    return {name: annotations.get(name, "") for name in getattr(kind, "_fields", ())}


def read_annotation(annotation: object) -> frozenset[str]:
    """The types in the JSON of an annotation such as ``float | None``; empty where one of them is not a plain value."""
    text = getattr(annotation, "__forward_arg__", annotation)  # of a named tuple
    text = text if isinstance(text, str) else inspect.formatannotation(text)
    parts = [_TYPES.get(part.strip().rpartition(".")[2]) for part in text.split("|")]
    return frozenset() if None in parts else frozenset(part for part in parts if part is not None)
