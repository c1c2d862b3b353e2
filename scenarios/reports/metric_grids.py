"""Tables of metrics in reports: one for the whole population, and one by segment and tier."""

from collections.abc import Callable, Iterable, Sequence

from scenarios.reports.document import Block, Grid, Heading
from simulation.metrics.metric_names import split_by_part


def build_metric_grids(
    names: Iterable[str], build: Callable[[Sequence[str]], Grid], heading: str = "By segment and tier"
) -> list[Block]:
    """The table of the whole population, and below a heading that of segments and tiers, if there are any.

    Args:
        names: Names of the metrics.
        build: Builds the table of some of them.
        heading: The heading of the second table.
    """
    whole, parts = split_by_part(names)
    blocks: list[Block] = [build(whole)]
    if parts:
        blocks += [Heading(3, heading), build(parts)]
    return blocks
