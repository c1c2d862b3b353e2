"""`journey verify`: validate the engines against exact results."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from scenarios.cli.common_options import Engine, EngineOption, JsonOption, SeedOption, SetOption, load_scenario
from scenarios.cli.error_handling import CHECK_FAILED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from scenarios.files.loader import LoadedScenario
    from simulation.verification import Check, Evidence
    from simulation.verification.runners import Runner


def command(
    source: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="Name of a built-in scenario, or a scenario file (TOML).")
    ] = "default",
    *,
    customers: Annotated[
        int | None,
        typer.Option(
            "--customers",
            metavar="N",
            min=100,
            help="Customers in each derived model, at least 100. Default: up to 5,000, fewer for long runs.",
        ),
    ] = None,
    seed: SeedOption = None,
    set_: SetOption = None,
    engine: EngineOption = Engine.AUTO,
    json_: JsonOption = False,
) -> None:
    """Validate the engine against exact results.

    Models derived from the scenario have exact results; the scenario itself is checked for consistency.
    """
    from scenarios.cli.console import console, print_json
    from simulation.verification import FALSE_ALARM_RATE
    from simulation.verification.suite import default_customers

    loaded = load_scenario(source, set_, seed=seed)
    n_customers = default_customers(loaded.scenario.horizon_days) if customers is None else customers
    run, other = _choose_runners(loaded, engine)
    checks = _run_checks(loaded, n_customers, run, other)
    all_ok = all(check.ok for check in checks)
    if json_:
        print_json(_checks_as_dict(loaded, checks, n_customers, FALSE_ALARM_RATE, ok=all_ok))
    else:
        _print_checks(console(), loaded, checks, n_customers, FALSE_ALARM_RATE)
    if not all_ok:
        raise typer.Exit(CHECK_FAILED)


def _choose_runners(scenario: "LoadedScenario", engine: Engine) -> "tuple[Runner, Runner | None]":
    """The engine that is validated against theory, and the engine whose trace must be identical.

    Compiling takes 20 seconds, so `auto` uses the compiled engine only if its code is cached. The compiled engine
    does not support guards registered by a user.
    """
    from simulation.verification.runners import is_compiled_cached, run_compiled, run_reference

    if engine is Engine.COMPILED:
        return run_compiled, run_reference
    if engine is Engine.AUTO and is_compiled_cached():
        from simulation.compiled.guards import supports_guards

        if supports_guards(scenario.arms[0].journey):
            return run_reference, run_compiled
    return run_reference, None


def _run_checks(loaded: "LoadedScenario", customers: int, run: "Runner", other: "Runner | None") -> "list[Check]":
    """Run the checks of the derived models once, because the arms share the world; then check each arm."""
    from scenarios.cli.progress import show_status
    from simulation.verification import arm_checks, judge_checks, theory_checks

    seed, days = loaded.scenario.seed, loaded.scenario.horizon_days
    with show_status("verifying") as progress:
        first = loaded.arms[0]
        checks = list(theory_checks(first, seed=seed, days=days, customers=customers, run=run, progress=progress))
        for arm in loaded.arms:
            checks.extend(arm_checks(arm, seed=seed, days=days, run=run, other=other, progress=progress))
        checks.extend(_check_campaigns(loaded, run, other))
    return judge_checks(checks)


def _check_campaigns(loaded: "LoadedScenario", run: "Runner", other: "Runner | None") -> "Iterator[Evidence]":
    """Check the acquisition funnels, where there are any; the arms share the prospects."""
    if loaded.scenario.acquisition is None:
        return
    from simulation.acquisition import compiled_engine, reference_engine
    from simulation.verification.acquisition import acquisition_checks, arm_funnel_checks
    from simulation.verification.runners import run_compiled

    simulate, other_simulate = (
        reference_engine.simulate_funnel,
        None if other is None else compiled_engine.simulate_funnel,
    )
    if run is run_compiled:
        simulate, other_simulate = compiled_engine.simulate_funnel, reference_engine.simulate_funnel
    yield from acquisition_checks(loaded.arms[0], seed=loaded.scenario.seed, engine=simulate)
    for arm in loaded.arms:
        yield from arm_funnel_checks(arm, seed=loaded.scenario.seed, engine=simulate, other=other_simulate)


def _checks_as_dict(
    loaded: "LoadedScenario", checks: "list[Check]", customers: int, false_alarm_rate: float, *, ok: bool
) -> dict[str, Any]:
    from dataclasses import asdict

    from journey.core.version import version

    return {
        "scenario": loaded.name,
        "scenario_hash": loaded.hash,
        "version": version(),
        "seed": loaded.scenario.seed,
        "customers": customers,
        "false_alarm_rate": false_alarm_rate,
        "checks": [asdict(check) for check in checks],
        "ok": ok,
    }


def _describe_rule(checks: "list[Check]", false_alarm_rate: float) -> str:
    """When a check passes: the smallest p-value, and the z that it is about."""
    from statistics import NormalDist

    level = false_alarm_rate / max(1, sum(check.p_value is not None for check in checks))
    limit = NormalDist().inv_cdf(1.0 - level / 2.0)
    return f"A check passes if its p-value is at least {level:.1e}: about |z| of at most {limit:.1f}."


def _print_checks(
    out: "Console", loaded: "LoadedScenario", checks: "list[Check]", customers: int, false_alarm_rate: float
) -> None:
    from scenarios.cli.console import table

    failed = sum(not check.ok for check in checks)
    out.print(
        f"{len(checks)} checks, {failed} failed. {customers:,} customers in each derived model, seed "
        f"{loaded.scenario.seed}. A correct engine fails one in {1 / false_alarm_rate:,.0f} verifications, "
        f"whatever the number of checks.\n{_describe_rule(checks, false_alarm_rate)}\n",
    )
    numbers = ("expected", "observed", "s.e.", "z")
    result = table(f"{loaded.scenario.title}: compared with exact results", "check", *numbers, "ok", right=numbers)
    heading = ""
    for check in checks:
        # Names begin with the derived model, which is printed once, above its checks.
        world, _, label = check.name.partition(": ")
        if world != heading:
            heading = world
            result.add_row(world, style="bold")
        error = "exact" if check.standard_error is None else f"{check.standard_error:.3g}"
        z = "" if check.z is None else f"{check.z:+.2f}"
        row = (f"{check.expected:,.6g}", f"{check.observed:,.6g}", error, z, "yes" if check.ok else "NO")
        result.add_row(f"  {label}", *row)
    out.print(result)
