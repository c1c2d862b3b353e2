"""`journey validate`: a scenario's errors, or "valid" and what it comes to."""

from typing import TYPE_CHECKING, Any

from scenarios.cli.common_options import JsonOption, ScenarioArgument, SetOption, loaded

if TYPE_CHECKING:
    from scenarios.files.loader import LoadedScenario
    from scenarios.files.model import Scenario


def command(scenario: ScenarioArgument, *, set_: SetOption = None, json_: JsonOption = False) -> None:
    """Check a scenario: print "valid" and what it comes to, or every error with its file and key."""
    from scenarios.cli.console import console, print_json

    checked = loaded(scenario, set_)
    _refuse_what_no_run_would_take(checked)
    summary = _summary(checked)
    if json_:
        print_json({"valid": True, **summary})
        return
    out = console()
    out.print("valid", markup=False)
    for key, value in summary.items():
        if key != "arms":
            out.print(f"  {key.replace('_', ' ')}: {value}", markup=False)
    for name, arm in summary["arms"].items():
        said = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in arm.items() if value not in ("", None))
        out.print(f"  arm {name}: {said}", markup=False)


def _refuse_what_no_run_would_take(checked: "LoadedScenario") -> None:
    """Records are read and pods are made now, so that what cannot be used is found before any run.

    Raises:
        InputError: The folder cannot be used, or a pod would be empty.
    """
    from simulation.runs.cohort import build_cohort
    from simulation.runs.run import refuse_empty_pods

    for setup in checked.setups:
        refuse_empty_pods(setup)
    setup = checked.setups[0]
    if setup.population.records is not None:
        build_cohort(setup.population, setup.journey.compile(), seed=checked.scenario.seed, replication=0)


def _campaigns(scenario: "Scenario") -> dict[str, Any]:
    """The campaigns that customers come by, if they do; then `customers` is what reviewers are planned for."""
    if scenario.acquisition is None:
        return {}
    named = scenario.acquisition.campaigns.items()
    return {"campaigns": "; ".join(f"{name}: {', '.join(campaign.channels)}" for name, campaign in named)}


def _summary(checked: "LoadedScenario") -> dict[str, Any]:
    from simulation.acquisition.spec import find_acquisition

    scenario = checked.scenario
    population = scenario.population
    return {
        "scenario": checked.name,
        "title": scenario.title,
        "scenario_hash": checked.hash,
        "customers": population.size,
        "population": f"records: {population.records}" if population.records else ", ".join(population.segments),
        **_campaigns(scenario),
        "days": scenario.horizon_days,
        "seed": scenario.seed,
        "replications": scenario.replications,
        "stages": ", ".join(checked.setups[0].journey.stages),
        "primary_metric": scenario.primary_metric,
        "arms": {
            setup.name: {
                "label": scenario.arms[setup.name].label,
                "reviewers": setup.reviewers.count_for(population.size) if setup.active else None,
                "actions": None if setup.actions is None else ", ".join(setup.actions) or "none",
                "active": None if setup.active else "no",
                **({} if (own := find_acquisition(setup.population)) is None else {"budget": own.reallocation.rule}),
            }
            for setup in checked.setups
        },
    }
