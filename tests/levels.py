"""The levels of the tests: `HYPOTHESIS_LEVEL` is `quick`, `test` or `all`, and `all` where it is not set."""

import os

LEVEL = os.environ.get("HYPOTHESIS_LEVEL", "all")


def examples(of_all: int, *, otherwise: int) -> int:
    """How many examples a property draws whose examples are expensive.

    Args:
        of_all: The number at level `all`, which is that of `make test-all`.
        otherwise: The number at the other levels, which are to take minutes together.
    """
    return of_all if LEVEL == "all" else otherwise
