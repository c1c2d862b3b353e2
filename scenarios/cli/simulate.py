"""`journey simulate`: one run of one arm."""

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scenarios.cli.common_options import (
    ClusterOption,
    CustomersOption,
    DaysOption,
    Engine,
    EngineOption,
    JsonOption,
    ScenarioArgument,
    SeedOption,
    SetOption,
    WorkersOption,
    count_processes,
    load_scenario,
)

if TYPE_CHECKING:
    from rich.console import Console

    from scenarios.files.loader import LoadedScenario
    from scenarios.operations.output_paths import Inputs
    from simulation.exports.histories import RunHistory
    from simulation.metrics.run_results import Run
    from simulation.trace.dates import Dates


def command(
    source: ScenarioArgument,
    *,
    arm: Annotated[str, typer.Option("--arm", metavar="NAME", help="Arm to simulate.")] = "baseline",
    customers: CustomersOption = None,
    days: DaysOption = None,
    seed: SeedOption = None,
    set_: SetOption = None,
    engine: EngineOption = Engine.AUTO,
    workers: WorkersOption = None,
    cluster: ClusterOption = None,
    trace: Annotated[
        Path | None,
        typer.Option("--trace", metavar="FILE.csv|FILE.parquet|FILE.xes", help="Write all events to this file."),
    ] = None,
    records: Annotated[
        Path | None, typer.Option("--records", metavar="FOLDER", help="Write the records that a company would hold.")
    ] = None,
    start_date: Annotated[
        str | None,
        typer.Option(
            "--start-date", metavar="DATE", help="Date of day 0 in --records and in XES files. Default: 2025-01-06."
        ),
    ] = None,
    json_: JsonOption = False,
) -> None:
    """Simulate one arm of a scenario once. Review pods run in parallel on the workers."""
    from scenarios.cli.console import console, print_json, print_message
    from scenarios.operations.output_paths import Inputs
    from scenarios.operations.simulation import plan_simulation
    from simulation.exports.histories import RunHistory
    from simulation.trace.dates import Dates
    from simulation.trace.files import FORMATS, trace_file

    processes = count_processes(workers, cluster)
    loaded = load_scenario(source, set_, customers=customers, days=days, seed=seed)
    _refuse_unusable(trace, records, Inputs.of_scenario(loaded))
    plan = plan_simulation(loaded, arm=arm, engine=engine)
    dates = Dates.starting_on(start_date, loaded.scenario.horizon_days)
    is_traced = trace is not None or records is not None
    is_streamed = trace is not None and records is None and trace.suffix in FORMATS
    if plan.choice.reason and not json_:
        print_message(str(plan.choice))
    with trace_file(trace) if trace is not None and is_streamed else nullcontext() as trace_folder:
        result = plan.run(
            workers=processes, cluster=cluster, trace=is_traced and not is_streamed, trace_folder=trace_folder
        )
    _write_outputs(RunHistory(plan.arm_spec, result.run, result.seed, 0), dates, trace, records, source)
    if json_:
        print_json(result.to_dict())
    else:
        _print_run(console(), loaded, result.run)


def _refuse_unusable(trace: Path | None, records: Path | None, inputs: "Inputs") -> None:
    """Refuse files that cannot be written, before the run."""
    from journey.runtime.atomic_files import refuse_taken_folder
    from scenarios.operations.output_paths import Output, refuse_outputs
    from simulation.trace.events import refuse_unknown_format

    if trace is not None:
        refuse_unknown_format(trace)
    refuse_outputs([Output("--trace", trace), Output("--records", records, is_folder=True)], inputs)
    if records is not None:
        refuse_taken_folder(records)


def _write_outputs(
    histories: "RunHistory", dates: "Dates", trace: Path | None, records: Path | None, source: str
) -> None:
    from journey.machine import default_journey
    from scenarios.cli.console import print_message
    from simulation.trace.events import XES

    if trace is not None:
        if trace.suffix == XES:
            from simulation.exports.xes import write_xes

            write_xes(histories, trace, dates)
        elif histories.run.trace is not None:
            histories.run.trace.write(trace)
        print_message(f"wrote {trace}")
    if records is not None:
        from simulation.exports.records import POLICY_FILE, write_records

        write_records(histories, records, dates)
        own_journey = histories.arm_spec.journey != default_journey()
        print_message(
            f"wrote {records}; to evaluate it with the policy of the arm: "
            f"journey evaluate {records} --policy {records / POLICY_FILE}"
            + (f" --journey {source}" if own_journey else "")
        )


def _print_run(out: "Console", loaded: "LoadedScenario", run: "Run") -> None:
    from scenarios.cli.console import table
    from scenarios.metrics.definitions import format_metric
    from scenarios.text.phrases import describe_unknown
    from simulation.metrics.metric_names import split_by_part

    about = f"{run.customers:,} customers, {run.days:g} days, seed {loaded.scenario.seed}"
    whole, parts = split_by_part(run.metrics)
    for heading, names in (
        (f"{loaded.scenario.title}: {run.arm} ({about})", whole),
        ("By segment and tier", parts),
    ):
        found = table(heading, "metric", "value", right=("value",))
        unknown = []
        for name in names:
            known, value = loaded.metrics.get(name), run.metrics[name]
            if value is None:
                unknown.append((known.label, known.unknown_if))
            else:
                found.add_row(known.label, format_metric(value, known.unit))
        found.note = describe_unknown(unknown, "metric")
        if names:
            out.print(found)
    stages = [name for name in run.occupancy[0] if name != "day"]
    occupancy = table("Share of customers by stage, in %", "day", *stages, right=("day", *stages))
    for row in run.occupancy:
        occupancy.add_row(f"{row['day']:.0f}", *(f"{100 * row[stage]:.1f}" for stage in stages))
    out.print(occupancy)
    csat = table(
        "CSAT over time, mean of the customers on that day",
        "day",
        "CSAT",
        "customers",
        right=("day", "CSAT", "customers"),
    )
    for day in run.csat:
        csat.add_row(f"{day['day']:.0f}", format_metric(day["mean"], "points"), f"{day['customers']:,.0f}")
    out.print(csat)
    out.print(
        f"{run.events:,} events in {run.wall_seconds:.2f} s, engine {run.engine}, scenario {loaded.hash}. "
        "A single run of one arm does not measure random variation; use `journey compare` for intervals.",
    )
