"""The functions of the package. Heavy imports are inside the functions, so that `import journeylab` is quick."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from datetime import date

    from journey.decision.policy import Policy
    from journey.evaluation.check import CheckResult
    from journey.evaluation.evaluate import Evaluation
    from journey.machine import Journey
    from journey.records.folder import Records
    from scenarios.comparison.compare import Comparison
    from scenarios.comparison.options import ProgressCallback, RunProgress
    from scenarios.files.loader import LoadedScenario
    from scenarios.latency.benchmark import LatencyBenchmark
    from scenarios.operations.catalogue import ScenarioSummary
    from scenarios.operations.metric_list import MetricSummary
    from scenarios.operations.questions import QueryResult
    from scenarios.operations.rule_proof import RuleProofs
    from scenarios.operations.simulation_result import SimulationResult

Engine: TypeAlias = Literal["auto", "reference", "compiled"]
"""Simulation engine. Results are identical; ``auto`` uses the compiled engine for large runs."""

Mode: TypeAlias = Literal["counterfactual", "randomised"]
"""Design of a comparison."""

Overrides: TypeAlias = Mapping[str, object] | Sequence[str]
"""Keys of a scenario to override: ``{"population.size": 500}`` or ``["population.size=500"]``."""


def scenarios() -> "list[ScenarioSummary]":
    """List the built-in scenarios with their questions. See `journey scenarios`."""
    from scenarios.operations.catalogue import list_scenarios

    return list_scenarios()


def load_scenario(source: "str | Path | LoadedScenario", *, overrides: Overrides | None = None) -> "LoadedScenario":
    """Load and check a scenario.

    Args:
        source: Name of a built-in scenario (`scenarios` lists them), path of a scenario file (TOML), or a scenario that
            is already loaded.
        overrides: Keys to override, by dotted key: ``{"population.size": 500}``, or ``["population.size=500"]`` as
            after `--set`. Default: none.

    Returns:
        The scenario with its arms.

    Raises:
        InputError: The scenario is not valid. The message lists every mistake with file, key, value and expectation.
    """
    from scenarios.operations.options import open_scenario

    return open_scenario(source, overrides)


def metrics(
    scenario: "str | Path | LoadedScenario | None" = None, *, overrides: Overrides | None = None
) -> "list[MetricSummary]":
    """List the metrics that can be asked for. See `journey metrics`.

    Args:
        scenario: Name of a built-in scenario, path of a scenario file (TOML), or a loaded scenario. Default: all
            built-in metrics.
        overrides: Keys of the scenario to override, as in `load_scenario`. Default: none.

    Returns:
        The metrics with their units and definitions.

    Raises:
        InputError: The scenario is not valid, or there are overrides without a scenario.
    """
    from scenarios.operations.metric_list import list_metrics_of

    return list_metrics_of(scenario, overrides)


def prove(source: "str | Path | LoadedScenario", *, overrides: Overrides | None = None) -> "RuleProofs":
    """Prove the declared rules of a journey on its stages and moves, or refute them. See `journey prove`.

    Args:
        source: A journey file (TOML); or a scenario: the name of a built-in one, a path, or a loaded one.
        overrides: Keys of the scenario to override, as in `load_scenario`. Default: none.

    Returns:
        The verdict about each rule, with the shortest history that breaks it. As a data frame it has one row per rule.

    Raises:
        InputError: The file is not valid. The message lists every mistake with file, line and key.
    """
    from scenarios.operations.rule_proof import prove_file

    return prove_file(source, overrides)


def compare(
    scenario: "str | Path | LoadedScenario",
    *,
    customers: int | None = None,
    days: float | None = None,
    replications: int | None = None,
    mode: Mode = "counterfactual",
    truth: bool = False,
    engine: Engine = "auto",
    seed: int | None = None,
    overrides: Overrides | None = None,
    precision: Mapping[str, float] | None = None,
    max_replications: int | None = None,
    resume: str | Path | None = None,
    workers: int = 1,
    executor: "Executor | None" = None,
    progress: "bool | Callable[[RunProgress], None]" = False,
) -> "Comparison":
    """Compare the arms of a scenario: differences, their uncertainty, and their value. See `journey compare`.

    The numbers depend on the scenario, the options and the seed only. They are identical, bit for bit, for any workers,
    whatever the order in which tasks finish.

    Args:
        scenario: Name of a built-in scenario, path of a scenario file, or a loaded scenario.
        customers: Number of customers of a cohort, 1 or more. Default: the scenario's number.
        days: Simulated time in days, more than 0. Default: the scenario's days.
        replications: Number of independent cohorts, 1 or more. Default: the scenario's number.
        mode: ``counterfactual``: every customer is simulated in every arm with common random numbers. ``randomised``:
            customers are assigned to one arm each and share the reviewers, as in an A/B test.
        truth: In randomised mode, also simulate each arm with all customers, to measure the bias of the experiment.
        engine: Simulation engine. Results are identical; ``auto`` uses the compiled engine for large runs.
        seed: Random seed, 0 or more. Default: the scenario's seed.
        overrides: Keys of the scenario to override; see `load_scenario`.
        precision: Add replications until the 95 % interval of every paired difference has at most this half-width, by
            metric, in the unit of the metric: ``{"churn_rate": 0.002}``.
        max_replications: Upper limit for `precision`. Default: 1000.
        resume: File in which complete replications are stored, and from which they are reused.
        workers: Number of processes on this machine, 1 or more. Default: 1, this process. A script that uses more must
            begin its own work under ``if __name__ == "__main__":``.
        executor: Any `concurrent.futures.Executor`, such as a thread or process pool or ``client.get_executor()`` of a
            Dask client. It takes the place of `workers`, which must then be 1. It is not shut down, and can be used
            again after an error or Ctrl-C. Whether the work fits in the memory of its workers is not checked.
        progress: True for a progress bar on stderr, or a function that is called with the progress after each run.

    Returns:
        The comparison. As a data frame it has one row per arm (except the baseline) and metric.

    Raises:
        InputError: The scenario or an option is invalid, the work will not fit in memory, or the executor cannot be
            used.
        WorkerDiedError: Workers died repeatedly, most likely because memory ran out.
        KeyboardInterrupt: Interrupted. Complete replications are kept in the file of `resume` only.
    """
    from scenarios.operations.comparison import plan_comparison
    from scenarios.operations.options import open_scenario, refuse_workers

    refuse_workers(workers, executor)
    loaded = open_scenario(scenario, overrides, customers=customers, days=days, seed=seed, replications=replications)
    plan = plan_comparison(
        loaded, mode=mode, truth=truth, engine=engine, precision=precision, max_replications=max_replications
    )
    with plan.open_checkpoint(None if resume is None else Path(resume)) as checkpoint, _report(progress) as callback:
        comparison = plan.with_engine_of(checkpoint).run(
            workers=workers, executor=executor, progress=callback, checkpoint=checkpoint
        )
    if comparison.interrupted:
        # A script must not go on with fewer replications than it asked for.
        raise KeyboardInterrupt
    return comparison


def simulate(
    scenario: "str | Path | LoadedScenario",
    *,
    arm: str = "baseline",
    customers: int | None = None,
    days: float | None = None,
    seed: int | None = None,
    engine: Engine = "auto",
    overrides: Overrides | None = None,
    trace: bool = False,
    workers: int = 1,
    executor: "Executor | None" = None,
) -> "SimulationResult":
    """Simulate one arm of a scenario once. See `journey simulate`.

    Args:
        scenario: Name of a built-in scenario, path of a scenario file, or a loaded scenario.
        arm: Name of the arm.
        customers: Number of customers, 1 or more. Default: the scenario's number.
        days: Simulated time in days, more than 0. Default: the scenario's days.
        seed: Random seed, 0 or more. Default: the scenario's seed.
        engine: Simulation engine. Results are identical; ``auto`` uses the compiled engine for large runs.
        overrides: Keys of the scenario to override; see `load_scenario`.
        trace: Whether to keep all events (some 30 per customer and year, in memory).
        workers: Number of processes, 1 or more. Only review pods (`reviewers.pods`) run in parallel. Default: 1, this
            process.
        executor: An executor of the caller; see `compare`.

    Returns:
        The result: metrics, occupancy and trace. As a data frame it has one row per metric.

    Raises:
        InputError: The scenario or an option is invalid, the run will not fit in memory, or the executor cannot be
            used.
        WorkerDiedError: Workers died repeatedly, most likely because memory ran out.
    """
    from scenarios.operations.options import open_scenario, refuse_workers
    from scenarios.operations.simulation import plan_simulation

    refuse_workers(workers, executor)
    loaded = open_scenario(scenario, overrides, customers=customers, days=days, seed=seed)
    plan = plan_simulation(loaded, arm=arm, engine=engine)
    return plan.run(workers=workers, executor=executor, trace=trace)


def query(
    scenario: "str | Path | LoadedScenario",
    questions: "str | Sequence[str]",
    *,
    arm: str = "baseline",
    customers: int | None = None,
    replications: int | None = None,
    days: float | None = None,
    seed: int | None = None,
    simulate: bool = False,
    overrides: Overrides | None = None,
    workers: int = 1,
) -> "QueryResult":
    """Answer questions about the customers of one arm: exactly where that is possible. See `journey query`.

    Args:
        scenario: Name of a built-in scenario, path of a scenario file, or a loaded scenario.
        questions: One question or several, such as ``P(reach "paying" within 30) by segment``.
        arm: Name of the arm.
        customers: Number of customers that are simulated, 1 or more. Default: the scenario's number.
        replications: Number of simulated replications, 1 or more. Default: the scenario's number.
        days: Longest simulated time of questions without a number of days, in days. Default: 3,650, or the scenario's
            days if they are more.
        seed: Random seed, 0 or more. Default: the scenario's seed.
        simulate: Whether to simulate also where there is an exact answer.
        overrides: Keys of the scenario to override; see `load_scenario`.
        workers: Number of processes, 1 or more. Default: 1, this process.

    Returns:
        The answers with their methods and reasons. As a data frame it has one row per answer.

    Raises:
        InputError: A question cannot be read, the scenario or an option is invalid, or a run will not fit in memory.
        WorkerDiedError: Workers died repeatedly, most likely because memory ran out.
    """
    from scenarios.operations.options import open_scenario, refuse_workers
    from scenarios.operations.questions import answer_questions

    refuse_workers(workers, None)
    loaded = open_scenario(scenario, overrides, customers=customers, replications=replications, seed=seed)
    texts = [questions] if isinstance(questions, str) else list(questions)
    return answer_questions(loaded, texts, arm=arm, max_days=days, simulate=simulate, workers=workers)


def check(
    records: "str | Path | Mapping[str, Any] | Records | None" = None,
    *,
    as_of: "date | str | None" = None,
    policy: "Policy | str | Path | None" = None,
    journey: "Journey | str | Path | None" = None,
    scenario: "str | Path | LoadedScenario | None" = None,
    arm: str | None = None,
) -> "CheckResult":
    """Validate records and list data-quality findings. Bad records never raise an error. See `journey check`.

    Args:
        records: A folder of records; or frames (pandas, polars, pyarrow) or lists of rows by name of the set, such as
            ``{"customers": frame, "signals": frame}``; or records that are already read. Default: the ten bundled
            customers.
        as_of: Records dated later are ignored: a date, or ISO 8601 text; a bare date includes its whole day. Default:
            the latest date in the records.
        policy: A policy, or the path of a policy file (TOML). Default: the default policy.
        journey: A journey; or a journey file or a scenario, by name or path, whose journey alone is used. Default: the
            default journey.
        scenario: A scenario whose journey and policy are used; `policy` and `journey` must then be None.
        arm: The arm of the scenario whose policy is used. Default: ``baseline``.

    Returns:
        The findings. As a data frame they have one row each.

    Raises:
        InputError: A folder, file, table or option cannot be used.
    """
    from journey.evaluation.check import check_records
    from scenarios.operations.evaluation_rules import open_rules
    from scenarios.operations.records import read_records

    rules = open_rules(scenario=scenario, arm=arm, journey=journey, policy=policy)
    read = read_records(records, rules.journey, rules.policy)
    return check_records(
        read,
        as_of=as_of,
        policy=rules.policy,
        journey=rules.journey,
        used=rules.used,
        declared_rules=rules.declared_rules,
    )


def evaluate(
    records: "str | Path | Mapping[str, Any] | Records | None" = None,
    *,
    as_of: "date | str | None" = None,
    policy: "Policy | str | Path | None" = None,
    journey: "Journey | str | Path | None" = None,
    scenario: "str | Path | LoadedScenario | None" = None,
    arm: str | None = None,
    customer: str | None = None,
    replay: bool = False,
    latency: bool = False,
) -> "Evaluation":
    """Evaluate recorded customers: decisions with reasons, findings, open loops, KPIs and ROI. See `journey evaluate`.

    With 20,000 customers or more, the compiled rules evaluate all of them in one batch; the decisions are identical.

    Args:
        records: A folder of records; or frames (pandas, polars, pyarrow) or lists of rows by name of the set, such as
            ``{"customers": frame, "signals": frame}``; or records that are already read. Default: the ten bundled
            customers.
        as_of: Time of the evaluation; later records are ignored: a date, or ISO 8601 text. A bare date includes its
            whole day. Default: the latest date in the records.
        policy: A policy, or the path of a policy file (TOML). Default: the default policy.
        journey: A journey; or a journey file or a scenario, by name or path, whose journey alone is used. Default: the
            default journey.
        scenario: A scenario whose journey and policy are used; `policy` and `journey` must then be None.
        arm: The arm of the scenario whose policy is used. Default: ``baseline``.
        customer: ID of the only customer to evaluate. Default: all customers.
        replay: Also repeat the decision of every recorded intervention, as of its own date.
        latency: Measure how long each decision takes: `evaluation_latency_ms` of decisions and of the data frame. The
            customers are then evaluated one at a time, never in a batch.

    Returns:
        The evaluation. As a data frame it has one row per decision.

    Raises:
        InputError: A folder, file, table or option cannot be used, or the customer is unknown.
    """
    from time import perf_counter_ns

    from journey.evaluation import evaluate as evaluation
    from scenarios.operations.evaluation_rules import open_rules
    from scenarios.operations.records import read_records

    rules = open_rules(scenario=scenario, arm=arm, journey=journey, policy=policy, needs_orchestrator=True)
    return evaluation.evaluate(
        read_records(records, rules.journey, rules.policy, refuse_large=True),
        as_of=as_of,
        policy=rules.policy,
        journey=rules.journey,
        customer_id=customer,
        replay=replay,
        used=rules.used,
        declared_rules=rules.declared_rules,
        clock=perf_counter_ns if latency else None,
    )


def benchmark(
    records: "str | Path | Mapping[str, Any] | Records | None" = None,
    *,
    as_of: "date | str | None" = None,
    policy: "Policy | str | Path | None" = None,
    journey: "Journey | str | Path | None" = None,
    scenario: "str | Path | LoadedScenario | None" = None,
    arm: str | None = None,
    rounds: int | None = None,
    processes: int = 1,
    budgets: Sequence[str] = (),
    save: str | Path | None = None,
    against: str | Path | None = None,
    progress: bool = False,
) -> "LatencyBenchmark":
    """Measure the latency of evaluating customers, one at a time and in a batch. See `journey benchmark`.

    Args:
        records: A folder of records, frames or lists of rows by name of the set, or records that are already read, as
            in `evaluate`. Default: the ten bundled customers.
        as_of: Time of the evaluation; later records are ignored. Default: the latest date in the records.
        policy: A policy, or the path of a policy file (TOML). Default: the default policy.
        journey: A journey; or a journey file or a scenario, by name or path, whose journey alone is used. Default: the
            default journey.
        scenario: A scenario whose journey and policy are used; `policy` and `journey` must then be None.
        arm: The arm of the scenario whose policy is used. Default: ``baseline``.
        rounds: Number of rounds in each process. Default: 20 in all processes together, or 5 for more than 10,000
            customers.
        processes: Number of processes, one after the other; more than one need a folder. Default: 1, this process. A
            script that uses more must begin its own work under ``if __name__ == "__main__":``.
        budgets: Limits, such as ``["p99=200us", "single.p50=0.1ms", "customers_per_second=50000"]``.
        save: File to which the result is written.
        against: File of a saved result to compare with. 4 processes in both runs are enough for intervals.
        progress: Whether to show the current step on stderr.

    Returns:
        The benchmark; `ok` is whether all budgets hold. As a data frame it has one row per group of customers and way
        of evaluating.

    Raises:
        InputError: A folder, file, table or option cannot be used.
        WorkerDiedError: A process died, or could not start.
        KeyboardInterrupt: Interrupted.
    """
    from scenarios.cli.progress import show_status
    from scenarios.latency.saved_run import write_run
    from scenarios.operations.benchmark import benchmark_records, read_requests
    from scenarios.operations.evaluation_rules import open_rules
    from scenarios.operations.output_paths import Inputs, Output, refuse_outputs

    rules = open_rules(scenario=scenario, arm=arm, journey=journey, policy=policy, needs_orchestrator=True)
    folder = Path(records) if isinstance(records, str | Path) else None
    saved, target = (None if path is None else Path(path) for path in (against, save))
    refuse_outputs([Output("save", target)], Inputs(files=[saved], folders=[folder]) + rules.inputs)
    requests = read_requests(budgets, saved)
    with show_status("measuring") if progress else nullcontext() as callback:
        result = benchmark_records(
            records, rules, as_of=as_of, rounds=rounds, processes=processes, requests=requests, progress=callback
        )
    if result.interrupted:
        # A script must not go on with fewer rounds than it asked for.
        raise KeyboardInterrupt
    if target is not None:
        write_run(target, result.to_dict())
    return result


def _report(
    progress: "bool | Callable[[RunProgress], None]",
) -> "AbstractContextManager[ProgressCallback | None]":
    """The callback for the progress."""
    if progress is True:
        from scenarios.cli.progress import progress_bar

        return progress_bar()
    return nullcontext(None if progress is False else progress)
