"""`journey verify`: the engines against exact answers."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scenarios.cli.common_options import Engine, EngineOption, JsonOption, SeedOption, SetOption, loaded
from scenarios.cli.error_handling import DID_NOT_HOLD

if TYPE_CHECKING:
    from rich.console import Console

    from scenarios.files.loader import LoadedScenario
    from simulation.verification import Check, Evidence
    from simulation.verification.runners import Runner


def command(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="A built-in scenario, or a scenario file (TOML).")
    ] = "default",
    *,
    customers: Annotated[
        int | None,
        typer.Option("--customers", min=100, help="Customers in each world with an exact answer; 5,000 if left out."),
    ] = None,
    seed: SeedOption = None,
    set_: SetOption = None,
    engine: EngineOption = Engine.AUTO,
    json_: JsonOption = False,
) -> None:
    """Hold the engine to exact answers, in worlds derived from a scenario and in the scenario as it is."""
    from scenarios.cli.console import console, print_json
    from simulation.verification import FALSE_ALARM_RATE
    from simulation.verification.suite import default_customers

    checked = loaded(scenario, set_, seed=("seed", seed))
    some = default_customers(checked.scenario.horizon_days) if customers is None else customers
    run, other = _runners(checked, engine)
    found = _checks(checked, some, run, other)
    held = all(check.ok for check in found)
    if json_:
        print_json(_as_dict(checked, found, some, FALSE_ALARM_RATE, ok=held))
    else:
        _print(console(), checked, found, some, FALSE_ALARM_RATE)
    if not held:
        raise typer.Exit(DID_NOT_HOLD)


def _runners(checked: "LoadedScenario", engine: Engine) -> "tuple[Runner, Runner | None]":
    """The engine that is held to theory, and the one that must give the same trace.

    The compiler takes two minutes, so without being asked it is not set going; and the compiled engine does not
    know guards that a user registered.
    """
    from simulation.verification.runners import is_compiled_cached, run_compiled, run_reference

    if engine is Engine.COMPILED:
        return run_compiled, run_reference
    if engine is Engine.AUTO and is_compiled_cached():
        from simulation.compiled.guards import supports_guards

        if supports_guards(checked.setups[0].journey):
            return run_reference, run_compiled
    return run_reference, None


def _checks(checked: "LoadedScenario", customers: int, run: "Runner", other: "Runner | None") -> "list[Check]":
    """The arms share the world, so the worlds with exact answers are lived once; then each arm as it is."""
    from simulation.verification import arm_checks, judge_checks, theory_checks

    seed, days = checked.scenario.seed, checked.scenario.horizon_days
    with _telling() as tell:
        first = checked.setups[0]
        found = list(theory_checks(first, seed=seed, days=days, customers=customers, run=run, progress=tell))
        for setup in checked.setups:
            found.extend(arm_checks(setup, seed=seed, days=days, run=run, other=other, progress=tell))
        found.extend(_of_campaigns(checked, run, other))
    return judge_checks(found)


def _of_campaigns(checked: "LoadedScenario", run: "Runner", other: "Runner | None") -> "Iterator[Evidence]":
    """The funnels that customers come by, where there are any; which prospects there are, the arms share."""
    if checked.scenario.acquisition is None:
        return
    from simulation.acquisition import compiled_engine, reference_engine
    from simulation.verification.acquisition import acquisition_checks, arm_funnel_checks
    from simulation.verification.runners import run_compiled

    live, second = reference_engine.simulate_funnel, None if other is None else compiled_engine.simulate_funnel
    if run is run_compiled:
        live, second = compiled_engine.simulate_funnel, reference_engine.simulate_funnel
    yield from acquisition_checks(checked.setups[0], seed=checked.scenario.seed, engine=live)
    for setup in checked.setups:
        yield from arm_funnel_checks(setup, seed=checked.scenario.seed, engine=live, other=second)


def _as_dict(
    checked: "LoadedScenario", found: "list[Check]", customers: int, false_alarm_rate: float, *, ok: bool
) -> dict[str, Any]:
    from dataclasses import asdict

    from scenarios.comparison.compare import version

    return {
        "scenario": checked.name,
        "scenario_hash": checked.hash,
        "version": version(),
        "seed": checked.scenario.seed,
        "customers": customers,
        "false_alarm_rate": false_alarm_rate,
        "checks": [asdict(check) for check in found],
        "ok": ok,
    }


@contextmanager
def _telling() -> Iterator[Callable[[str], None] | None]:
    """Says on stderr what is being done; nothing where stderr is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status("verifying") as status:
        yield lambda what: status.update(f"verifying: {what}")


def _print(
    out: "Console", checked: "LoadedScenario", found: "list[Check]", customers: int, false_alarm_rate: float
) -> None:
    from rich.markup import escape

    from scenarios.cli.console import table

    numbers = ("expected", "observed", "s.e.", "z")
    shown = table(escape(f"{checked.scenario.title}: held to exact answers"), "check", *numbers, "ok", right=numbers)
    heading = ""
    for check in found:
        # Names begin with the world that was made; it is said once, above what was checked in it.
        world, _, what = check.name.partition(": ")
        if world != heading:
            heading = world
            shown.add_row(escape(world), style="bold")
        error = "exact" if check.standard_error is None else f"{check.standard_error:.3g}"
        z = "" if check.z is None else f"{check.z:+.2f}"
        row = (f"{check.expected:,.6g}", f"{check.observed:,.6g}", error, z, "yes" if check.ok else "NO")
        shown.add_row(f"  {escape(what)}", *row)
    out.print(shown)
    failed = sum(not check.ok for check in found)
    out.print(
        f"{len(found)} checks, {failed} failed. {customers:,} customers in each world with an exact answer, seed "
        f"{checked.scenario.seed}. A sound engine fails one verification in {1 / false_alarm_rate:,.0f}, whatever the "
        "number of checks.",
        markup=False,
    )
