"""Correlated traits: a Gaussian copula over the traits of one customer.

Each trait is drawn as a standard normal; correlated normals are ``L z`` of independent ones, with ``L`` the Cholesky
factor of the correlation matrix. A trait with another distribution takes the uniform ``Phi`` of its normal (Sklar's
theorem; Nelsen 2006, An Introduction to Copulas). The traits are value, tier, tenure and frailty, in this order;
`simulation.population.draw` combines them. Without correlations, each trait equals its independent draw bit for bit.
"""

from collections.abc import Sequence
from math import sqrt

Matrix = Sequence[Sequence[float]]


def cholesky(matrix: Matrix) -> tuple[tuple[float, ...], ...]:
    """The lower triangular ``L`` with ``L L' = matrix``.

    Args:
        matrix: A symmetric matrix with 1 on the diagonal.

    Raises:
        ValueError: The matrix is not positive definite.
    """
    rows: list[list[float]] = []
    for index, row in enumerate(matrix):
        entries: list[float] = []
        for column in range(index):
            partial_sum = sum(a * b for a, b in zip(entries, rows[column], strict=False))
            entries.append((row[column] - partial_sum) / rows[column][column])
        remainder = row[index] - sum(entry * entry for entry in entries)
        if remainder <= 1e-12:
            raise ValueError(
                "these correlations contradict each other: the correlation matrix is not positive definite"
            )
        rows.append([*entries, sqrt(remainder)])
    return tuple(tuple(row) for row in rows)


def is_independent(matrix: Matrix) -> bool:
    """Whether no two traits are correlated."""
    return all(entry == 0.0 for index, row in enumerate(matrix) for entry in row[:index])
