"""`journey prove`: the declared rules of a file, proved on its journey or refuted with the shortest history."""

from typing import TYPE_CHECKING, Annotated

import typer

from scenarios.cli.common_options import JsonOption, SetOption
from scenarios.cli.error_handling import CHECK_FAILED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from journey.rules.proof import RuleProof
    from scenarios.operations.rule_proof import RuleProofs
    from scenarios.reports.document import Block


def command(
    source: Annotated[
        str,
        typer.Argument(metavar="FILE", help="A journey file, or a scenario: its file (TOML) or its built-in name."),
    ],
    *,
    set_: SetOption = None,
    json_: JsonOption = False,
) -> None:
    """Prove the declared rules of a journey, or refute them.

    Searches all histories that the journey allows. Exit code 1 if a rule of severity error is violated or
    unsatisfiable, or if such rules contradict each other.
    """
    from scenarios.cli.console import print_json, print_message
    from scenarios.operations.rule_proof import prove_file

    proofs = prove_file(source, set_)
    if json_:
        print_json(proofs.to_dict())
    else:
        _print_proofs(proofs)
    if not proofs.rules:
        print_message(f"{source}: declares no rules; begin each with a line [[rules]]")
    if proofs.undecided_pairs:
        print_message(
            f"{proofs.undecided_pairs} pairs of rules may contradict each other: they have too many histories to "
            "search; lower the counts of these rules to decide it"
        )
    if not proofs.ok:
        raise typer.Exit(CHECK_FAILED)


def _print_proofs(proofs: "RuleProofs") -> None:
    from scenarios.cli.console import console
    from scenarios.cli.terminal_document import print_document
    from scenarios.operations.rule_proof import describe_proofs
    from scenarios.reports.document import Heading, Items, Paragraph

    blocks: list[Block] = [Paragraph(f"Journey {proofs.journey!r}, {describe_proofs(proofs)}.")]
    for proof in proofs.rules:
        blocks += [Heading(2, f"{proof.rule.name}: {_name_verdict(proof)}"), Items(tuple(_describe(proof)))]
    if proofs.contradictions:
        blocks.append(Heading(2, "Contradictions"))
        blocks.append(Items(tuple(each.message for each in proofs.contradictions)))
    print_document(console(), blocks)


def _name_verdict(proof: "RuleProof") -> str:
    """The verdict, with the severity of a rule that does not fail."""
    verdict = proof.verdict.words.upper() if proof.fails else proof.verdict.words
    return f"{verdict} ({proof.rule.severity})"


def _describe(proof: "RuleProof") -> "Iterator[str]":
    """The demand, the reason, and the user's own sentence, which says what to do if the rule is broken."""
    from journey.rules.proof.verdicts import Verdict

    yield f"{proof.rule.describe()}."
    yield proof.message
    if proof.rule.message and proof.verdict is not Verdict.HOLDS:
        yield proof.rule.message
