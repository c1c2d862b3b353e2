"""A mean or share with its numerator and denominator, so that several runs can be pooled."""

from typing import NamedTuple


class Mean(NamedTuple):
    """A mean or share, kept as a numerator and a denominator."""

    numerator: float
    denominator: float

    @property
    def value(self) -> float | None:
        """The mean, or None if the denominator is 0."""
        return self.numerator / self.denominator if self.denominator else None
