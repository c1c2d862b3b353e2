"""What the actions of a scenario avert, where it is to be computed from their simulated effects."""

from journey.decision.policy import OTHER_SEGMENT, Policy
from journey.machine import Journey
from simulation.model.averted_loss import resolve_averts
from simulation.model.population_spec import Population
from simulation.model.world_spec import World


def compute_averts(policy: Policy, world: World, journey: Journey, population: Population) -> Policy:
    """The policy with a number for every action whose `averts` is ``"simulated"``.

    It is the relative reduction of the probability of leaving within the policy's horizon (`churn.horizon_days`), times
    the probability of a response. An action that the playbook has for a cause of distress is computed for customers in
    distress (`simulation.model.averted_loss`). Another one that acts on moves is computed for customers without
    distress to whom its entries apply (`simulation.exact.averted`). Segments have the weights of the population; the
    stages of an entry have equal weights.

    Args:
        policy: The policy.
        world: The world.
        journey: The journey.
        population: The population.
    """
    computed = {
        name: action.model_copy(update={"averts": _compute_averts(name, policy, journey, world, population)})
        for name, action in policy.actions.items()
        if action.averts is None and _is_for_calm_customers(name, policy, world)
    }
    if computed:
        policy = policy.model_copy(update={"actions": {**policy.actions, **computed}})
    return resolve_averts(policy, world, journey)


def _is_for_calm_customers(action: str, policy: Policy, world: World) -> bool:
    """Whether an action acts on moves, and the playbook has it for no cause of distress."""
    plays = [play for play in policy.plays if play.action == action]
    acts_on_moves = action in world.effects and bool(world.effects[action].moves)
    return acts_on_moves and bool(plays) and not any(play.causes for play in plays)


def _compute_averts(action: str, policy: Policy, journey: Journey, world: World, population: Population) -> float:
    from simulation.exact.averted import leaving_probabilities

    effect, before, averted = world.effects[action], 0.0, 0.0
    for segment, share in _list_segments(policy, population).items():
        cases = _list_cases(action, segment, policy, journey)
        if not cases or share <= 0.0:
            continue
        starts = [(stage, days) for stage, days, _ in cases]
        weights = [share * weight for _, _, weight in cases]
        horizon = policy.churn.horizon_days
        without, treated = (
            leaving_probabilities(journey, world, each, starts=starts, horizon=horizon, segment=segment)
            for each in (effect.model_copy(update={"moves": {}}), effect)
        )
        response = min(1.0, effect.response * effect.by_segment.get(segment, 1.0))
        before += float(without @ weights)
        averted += response * float((without - treated) @ weights)
    return min(1.0, max(0.0, averted / before)) if before > 0.0 else 0.0


def _list_segments(policy: Policy, population: Population) -> dict[str, float]:
    """The share of each segment; those of the policy, in equal shares, if the customers come from records."""
    shares = {name: segment.share for name, segment in population.segments.items()}
    return shares or dict.fromkeys(policy.segments, 1.0)


def _list_cases(action: str, segment: str, policy: Policy, journey: Journey) -> list[tuple[str, float, float]]:
    """The stages in which customers of a segment get an action, each with the days in it and its weight."""
    known = segment if segment in policy.segments else OTHER_SEGMENT
    cases = []
    for play in policy.plays:
        if play.action == action and play.applies_to(known):
            stages = [stage for stage in play.stages if stage in journey.non_exit_stages]
            cases += [(stage, play.after_days or 0.0, 1.0 / len(stages)) for stage in stages]
    return cases
