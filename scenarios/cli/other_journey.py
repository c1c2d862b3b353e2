"""A message about records that are read with the default journey, and have the stages of another one."""

from scenarios.cli.messages import print_message

UNKNOWN_STAGE = "unknown-stage"
"""Code of the findings about stages that the journey does not have."""


def warn_of_other_journey(unknown_stages: int, customers: int) -> None:
    """Print how to name the journey of the records, if about every customer has an unknown stage; a few are mistakes.

    Without it no decision is possible, and an evaluation only reports that there is nothing to do.

    Args:
        unknown_stages: Number of findings about unknown stages.
        customers: Number of customers.
    """
    if unknown_stages >= max(customers, 1):
        print_message(
            "the stages of these records are not those of the default journey; name their journey: "
            "--scenario SCENARIO or --journey FILE"
        )
