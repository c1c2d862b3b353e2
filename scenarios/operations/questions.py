"""Answer questions about an arm of a scenario: exactly where that is possible, by simulation otherwise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from journey.core.errors import InputError
from journey.tables.column_table import ColumnTable
from journey.tables.export import FrameExport
from scenarios.execution.executor import open_executor
from scenarios.execution.memory import Workload, refuse_what_does_not_fit
from scenarios.operations.options import find_arm
from simulation.questions import answers, markov_worlds, starts
from simulation.questions.exact_totals import compute_exact_totals
from simulation.questions.grammar import MAX_DAYS, Names, parse_question
from simulation.questions.simulated_totals import compute_simulated_totals, find_run_days, last_beginning
from simulation.questions.totals import add_all
from simulation.runs.engine_choice import AUTO, choose_engine

if TYPE_CHECKING:
    import duckdb

    from scenarios.files.loader import LoadedScenario
    from simulation.model.arm import ArmSpec
    from simulation.questions.answers import Answer
    from simulation.questions.markov_worlds import MarkovKind
    from simulation.questions.question import Question
    from simulation.questions.totals import CustomerKind, Totals

    _TotalsByQuestion = tuple[dict[CustomerKind, Totals], ...]

DEFAULT_LIMIT = 3650.0
"""Default for the longest simulated time of questions without a number of days, unless the horizon is longer."""

COLUMNS = {
    "question": "VARCHAR", "segment": "VARCHAR", "tier": "VARCHAR", "value": "DOUBLE", "ci_low": "DOUBLE",
    "ci_high": "DOUBLE", "unit": "VARCHAR", "method": "VARCHAR", "replications": "BIGINT", "reason": "VARCHAR",
}  # fmt: skip
"""The columns of the table of answers, with their SQL types."""


@dataclass(frozen=True, repr=False)
class QueryResult(FrameExport):
    """The answers to some questions about one arm.

    As a data frame it has one row per answer, with the columns `COLUMNS`.

    Attributes:
        loaded: The scenario.
        arm: Name of the arm.
        answers: The answers, in the order of the questions: one for each part that a question asks about.
    """

    loaded: "LoadedScenario"
    arm: str
    answers: tuple["Answer", ...]

    def to_dict(self) -> list[dict[str, Any]]:
        """The answers as the command line's JSON."""
        return [answer.as_dict() for answer in self.answers]

    def to_relation(self) -> "duckdb.DuckDBPyRelation":
        """The answers as a DuckDB relation, in order."""
        rows = (tuple(getattr(answer, name) for name in COLUMNS) for answer in self.answers)
        return ColumnTable(COLUMNS, rows).to_relation()

    def __repr__(self) -> str:
        """The answers, one line each."""
        lines = [f"<answers about {self.loaded.name}, {self.arm}>"]
        for answer in self.answers:
            part = ", ".join(name for name in (answer.segment, answer.tier) if name is not None)
            value = "unknown" if answer.value is None else f"{answer.value:.6g}"
            interval = ""
            if answer.ci_low is not None and answer.ci_high is not None:
                interval = f" (95 % interval {answer.ci_low:.6g} to {answer.ci_high:.6g})"
            lines.append(
                f"{answer.question}{f' ({part})' if part else ''}: {value} {answer.unit}{interval}, {answer.method}"
            )
        return "\n".join(lines)


def answer_questions(
    loaded: "LoadedScenario",
    texts: Sequence[str],
    *,
    arm: str,
    max_days: float | None = None,
    simulate: bool = False,
    workers: int = 1,
) -> QueryResult:
    """Answer questions about an arm.

    Args:
        loaded: The scenario.
        texts: The questions (`simulation.questions.grammar`).
        arm: Name of the arm.
        max_days: Longest simulated time of questions without a number of days. Default: `DEFAULT_LIMIT`, or the
            scenario's horizon if it is longer.
        simulate: Whether to simulate also where there is an exact answer.
        workers: Number of processes.

    Raises:
        InputError: A question cannot be read, or has no meaning in this scenario; there is no such arm; or a run will
            not fit in memory.
        WorkerDiedError: Workers died repeatedly.
    """
    arm_spec = find_arm(loaded, arm)
    limit = max(DEFAULT_LIMIT, loaded.scenario.horizon_days) if max_days is None else max_days
    if not 0.0 < limit <= MAX_DAYS:
        raise InputError(f"days: must be above 0 and at most {MAX_DAYS:,.0f}, not {limit:g}")
    plans = [_plan(arm_spec, question, simulate) for question in _parse_questions(arm_spec, texts)]
    found: dict[int, list[Answer]] = {
        position: plan.answer_exactly() for position, plan in enumerate(plans) if not plan.is_simulated
    }
    for group in _group(plans, loaded.scenario.horizon_days):
        runs = _Runs(group, loaded, limit, workers).collect()
        found |= zip(group.positions, runs, strict=True)
    ordered = tuple(answer for position in range(len(plans)) for answer in found[position])
    return QueryResult(loaded, arm, ordered)


def _parse_questions(arm_spec: "ArmSpec", texts: Sequence[str]) -> "list[Question]":
    journey = arm_spec.journey
    names = Names(journey.stages, starts.list_segments(arm_spec), journey.terminal)
    if not texts:
        raise InputError("questions: there is none; ask for instance 'P(reach \"STAGE\" within 30)'")
    questions = []
    for number, text in enumerate(texts, start=1):
        try:
            questions.append(parse_question(text, names))
        except InputError as error:
            which = f"question {number}" if len(texts) > 1 else "question"
            raise InputError(f"{which}: {error}") from None
    return questions


@dataclass(frozen=True)
class _Plan:
    """A question and how it is answered.

    Attributes:
        arm_spec: The arm of the scenario.
        derived: The arm with the customers of the question.
        question: The question.
        kinds: The kinds of customers.
        obstacles: Why it is simulated; empty if it has an exact answer.
        about: The stages in which its customers begin, in words, if there are several.
    """

    arm_spec: "ArmSpec"
    derived: "ArmSpec"
    question: "Question"
    kinds: "list[MarkovKind]"
    obstacles: list[str]
    about: str | None

    @property
    def is_simulated(self) -> bool:
        return bool(self.obstacles)

    def answer_exactly(self) -> "list[Answer]":
        totals = compute_exact_totals(self.derived, self.question, self.kinds)
        return self._name_customers(answers.answer_exactly(self.question, totals, self._list_differences("exact")))

    def answer_from_runs(self, runs: "Sequence[Mapping[CustomerKind, Totals]]", days: float) -> "list[Answer]":
        differences = self._list_differences("simulated")
        return self._name_customers(answers.answer_from_runs(self.question, runs, days, self.obstacles, differences))

    def _name_customers(self, given: "list[Answer]") -> "list[Answer]":
        if self.about is None:
            return given
        return [replace(answer, reason=f"{answer.reason}; {self.about}") for answer in given]

    def _list_differences(self, method: "answers.Method") -> tuple[str, ...]:
        return answers.list_differences(self.arm_spec, self.question, method)


def _plan(arm_spec: "ArmSpec", question: "Question", simulate: bool) -> _Plan:  # noqa: FBT001 - private
    derived = starts.derive_question_arm(arm_spec, question.origin)
    beginnings = starts.list_beginnings(derived)
    kinds = markov_worlds.build_kinds(derived, question, beginnings)
    obstacles = markov_worlds.find_obstacles(derived, kinds)
    if simulate and not obstacles:
        obstacles = ["simulation was requested"]
    if obstacles and question.origin in arm_spec.journey.lost and markov_worlds.find_actions(arm_spec):
        raise InputError(
            f"{question.text}: customers in {question.origin!r} have left, and the orchestrator of arm "
            f"{arm_spec.name!r} does not evaluate them; ask about an arm without orchestrator, or from another stage"
        )
    about = starts.describe_mixed_beginnings(arm_spec.journey, question, beginnings)
    return _Plan(arm_spec, derived, question, kinds, obstacles, about)


@dataclass
class _Group:
    """Simulated questions that the same runs answer.

    Attributes:
        derived: The arm with the customers of the questions.
        days: Length of a run; None if it grows until the outcomes are known.
        positions: Positions of the questions.
        plans: The questions.
    """

    derived: "ArmSpec"
    days: float | None
    positions: list[int] = field(default_factory=list)
    plans: list[_Plan] = field(default_factory=list)


def _group(plans: Sequence[_Plan], horizon: float) -> list[_Group]:
    """The simulated questions by their customers, and by whether the length of a run is certain."""
    groups: dict[tuple[str | None, bool], _Group] = {}
    for position, plan in enumerate(plans):
        if plan.is_simulated:
            days = find_run_days(plan.derived, plan.question, horizon)
            group = groups.setdefault((plan.question.origin, days is None), _Group(plan.derived, days))
            if days is not None and group.days is not None:
                group.days = max(group.days, days)
            group.positions.append(position)
            group.plans.append(plan)
    return list(groups.values())


@dataclass(frozen=True)
class QuestionJob:
    """The job that every worker receives once; a task is the number of a replication.

    Attributes:
        arm_spec: The arm with the customers of the questions.
        questions: The questions.
        seed: Random seed.
        days: Length of a run, in days.
        latest: The last day on which a customer may begin to be counted.
        engine: ``reference`` or ``compiled``.
    """

    arm_spec: "ArmSpec"
    questions: "tuple[Question, ...]"
    seed: int
    days: float
    latest: float
    engine: str

    def do(self, task: int) -> "_TotalsByQuestion":
        """Run one replication; returns the totals of each question."""
        from simulation.questions.stays import read_stays
        from simulation.runs.run import run_arm

        run = run_arm(self.arm_spec, seed=self.seed, replication=task, days=self.days, trace=True, engine=self.engine)
        stays = read_stays(self.arm_spec, run, seed=self.seed, replication=task)
        return tuple(compute_simulated_totals(self.arm_spec, each, stays, self.latest) for each in self.questions)


class _Runs:
    """The runs that answer a group of questions."""

    def __init__(self, group: _Group, loaded: "LoadedScenario", limit: float, workers: int) -> None:
        self._group, self._loaded, self._limit, self._workers = group, loaded, limit, workers
        self._replications = loaded.scenario.replications

    def collect(self) -> "list[list[Answer]]":
        """The answers, by question."""
        days = self._group.days if self._group.days is not None else self._find_days()
        runs = self._run(days, range(self._replications))
        while self._group.days is None and days < self._limit and not self._are_settled(runs):
            # Outcomes that the first replication knew by then are not known in another one.
            days = min(2.0 * days, self._limit)
            runs = self._run(days, range(self._replications))
        return [
            plan.answer_from_runs([run[index] for run in runs], days) for index, plan in enumerate(self._group.plans)
        ]

    def _find_days(self) -> float:
        """The length of a run at which the first replication knows the outcomes, up to the limit."""
        if any(plan.question.kind == "share" for plan in self._group.plans):
            return self._limit
        days = min(self._limit, max(365.0, self._loaded.scenario.horizon_days))
        while days < self._limit and not self._are_settled(self._run(days, range(1))):
            days = min(2.0 * days, self._limit)
        return days

    def _are_settled(self, runs: "Sequence[_TotalsByQuestion]") -> bool:
        return all(
            answers.is_settled(plan.question, add_all(totals for run in runs for totals in run[index].values()))
            for index, plan in enumerate(self._group.plans)
        )

    def _run(self, days: float, replications: range) -> "list[_TotalsByQuestion]":
        """The totals of these replications, in order."""
        job, workers = self._build_job(days), min(self._workers, len(replications))
        self._refuse_what_does_not_fit(job, workers)
        with open_executor(job, workers) as execute:
            runs = dict(execute(replications))
        return [runs[replication] for replication in replications]

    def _build_job(self, days: float) -> QuestionJob:
        scenario, arm_spec = self._loaded.scenario, self._group.derived
        work = arm_spec.population.workload(days) * self._replications
        return QuestionJob(
            arm_spec=arm_spec,
            questions=tuple(plan.question for plan in self._group.plans),
            seed=scenario.seed,
            days=days,
            latest=last_beginning(arm_spec, scenario.horizon_days),
            engine=choose_engine(AUTO, [arm_spec], work).engine,
        )

    def _refuse_what_does_not_fit(self, job: QuestionJob, processes: int) -> None:
        size = job.arm_spec.population.size
        refuse_what_does_not_fit(Workload(job.engine, size, job.days, processes, self._replications, trace=True))
