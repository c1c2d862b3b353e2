"""A life, compiled: stages, moves, distress and signals.

The counterpart of `simulation.reference.customer` and `simulation.reference.signals`, function by function. Every
function takes the tables
`T`, the cohort `S` and the row `i` of a customer in it; what it does is documented there.
"""

from typing import Any

from simulation.compiled import state as state_module
from simulation.compiled import state_columns
from simulation.compiled.account import close_account, retune_value
from simulation.compiled.primitives import KIND_OFF, KIND_ON, KIND_SIGNAL, emit, run_at, wind
from simulation.compiled.state_columns import AGENDA, EPISODE_CLOCK, MOVE_CLOCKS, NOTHING
from simulation.distributions.dwell_times import EXPONENTIAL, NEVER, wound
from simulation.kernels.branchless import either
from simulation.model import record_errors
from simulation.model.event_types import CALM, DELIVERY, EFFECT_END, ENTRIES, EPISODE, HARM_END, MOVE, NOISE, SYMPTOM
from simulation.model.record_errors import COPY, SOUND, STRAY, becomes_of, is_doubled, known_after
from simulation.population.draw import pick
from simulation.random import streams
from simulation.random.streams import exponential, uniform

NOISE_CAUSE = CALM
_HALF = (ENTRIES + 1) // 2
# Reasons that are no cause, as codes; `engine` gives them their names.
REASON_ORPHANED, REASON_DUPLICATE = -2, -3


def hazard_ratio(T: Any, S: Any, i: int, place: int) -> float:
    """The hazard ratio now in force on a move out of the present stage."""
    move = T.move[S.ints[i, state_columns.STAGE], place]
    return in_force(
        T, S, i, T.move_ratios[S.ints[i, state_columns.SEGMENT], S.ints[i, state_columns.TIER], move], place
    )


def in_force(T: Any, S: Any, i: int, ratio: float, place: int) -> float:
    """A ratio with all that now acts on a move out of the present stage."""
    stage, cause = S.ints[i, state_columns.STAGE], S.ints[i, state_columns.CAUSE]
    if T.frail[stage, place]:
        ratio *= S.floats[i, state_columns.FRAILTY]
    if cause != CALM:
        ratio *= T.in_distress[stage, place]
        if T.leaves[stage, place]:
            ratio *= T.churn_ratio[cause]
    if T.leaves[stage, place]:
        ratio *= S.floats[i, state_columns.HARM]
    move, state = T.move[stage, place], T.seasons.state[S.ints[i, state_columns.PERIOD]]
    return float(
        ratio * T.seasons.move_ratios[state, move] * T.seasons.tenure_ratios[S.ints[i, state_columns.BAND], move]
    )


def next_move(T: Any, S: Any, i: int) -> None:
    """Note in the agenda when the first move is due."""
    first = NEVER
    for place in range(T.move_count[S.ints[i, state_columns.STAGE]]):
        first = min(first, S.floats[i, MOVE_CLOCKS + state_columns.CLOCK_WIDTH * place + state_columns.DUE])
    S.floats[i, AGENDA + MOVE] = first


def onset_rate(T: Any, S: Any, i: int) -> float:
    """The rate at which distress sets in now."""
    rate = T.seasons.onset_rates[T.seasons.state[S.ints[i, state_columns.PERIOD]], S.ints[i, state_columns.STAGE]]
    return float(rate * T.onset_ratios[S.ints[i, state_columns.SEGMENT], S.ints[i, state_columns.TIER]])


def wind_onset(T: Any, S: Any, i: int) -> None:
    """Wind the clock of the next episode."""
    amount = exponential(S.key[i], streams.ONSET, S.ints[i, state_columns.EPISODE_NUMBER] + 1, 0)
    wind(T, S, i, EPISODE_CLOCK, EXPONENTIAL, 1.0, 0.0, amount, 0.0, onset_rate(T, S, i))


def wind_move(T: Any, S: Any, i: int, place: int, age: float) -> None:
    """Wind the clock of one move out of the present stage: `Life._wound_move`."""
    stage = S.ints[i, state_columns.STAGE]
    law, a, b = T.law[stage, place], T.a[stage, place], T.b[stage, place]
    which = (stage << 10) | T.move[stage, place]
    nth = (S.ints[i, state_columns.VISITS + stage] << 12) | min(S.ints[i, state_columns.ATTEMPTS], 4095)
    amount = wound(law, a, age, exponential(S.key[i], streams.MOVE, which, nth))
    base = MOVE_CLOCKS + state_columns.CLOCK_WIDTH * place
    wind(T, S, i, base, law, a, b, amount, age, hazard_ratio(T, S, i, place))


def is_blocked(T: Any, S: Any, i: int, place: int) -> bool:
    """Whether a guard stands against a move now: `Life._is_blocked`."""
    guard = T.guards.number[S.ints[i, state_columns.STAGE], place]
    if guard < 0:
        return False
    if S.floats[i, state_columns.NOW] - S.floats[i, state_columns.ENTERED] < T.guards.least_days[guard]:
        return True
    previous, segment, tier = (
        S.ints[i, state_columns.PREVIOUS] + 1,
        S.ints[i, state_columns.SEGMENT],
        S.ints[i, state_columns.TIER],
    )
    return not T.guards.allowed[guard, previous, segment, tier]


def enter(T: Any, S: Any, i: int, stage: int, age: float) -> None:
    """Enter a stage and wind the clock of every move out of it."""
    S.ints[i, state_columns.STAGE] = stage
    S.ints[i, state_columns.ATTEMPTS] = 0
    S.ints[i, state_columns.VISITS + stage] += 1
    S.floats[i, state_columns.ENTERED] = S.floats[i, state_columns.NOW] - age
    for place in range(T.move_count[stage]):
        wind_move(T, S, i, place, age)
    next_move(T, S, i)
    retune_onset(T, S, i)


def retune_onset(T: Any, S: Any, i: int) -> None:
    """Let the clock of the next episode go on at the rate now in force, and the account's likewise."""
    if S.ints[i, state_columns.CAUSE] == CALM:
        run_at(T, S, i, EPISODE_CLOCK, EXPONENTIAL, 1.0, 0.0, onset_rate(T, S, i))
        S.floats[i, AGENDA + EPISODE] = S.floats[i, EPISODE_CLOCK + state_columns.DUE]
    retune_value(T, S, i)


def retune(T: Any, S: Any, i: int) -> None:
    """Let every move clock go on at the hazard ratio now in force."""
    stage = S.ints[i, state_columns.STAGE]
    for place in range(T.move_count[stage]):
        base = MOVE_CLOCKS + state_columns.CLOCK_WIDTH * place
        law, a, b = T.law[stage, place], T.a[stage, place], T.b[stage, place]
        run_at(T, S, i, base, law, a, b, hazard_ratio(T, S, i, place))
    next_move(T, S, i)


def first_point(S: Any, time: float) -> int:
    """The first of the days at which stages are counted that is not before this time, or how many there are."""
    points = len(S.grid)
    # All but the last are at equal distances, so the guess is right but for rounding.
    point = int(time * S.gate[state_module.POINTS_PER_DAY]) if time < S.grid[points - 1] else points - 1
    while point > 0 and S.grid[point - 1] >= time:
        point -= 1
    while point < points and S.grid[point] < time:
        point += 1
    return point


def count_wait(S: Any, start: float, stop: float) -> None:
    """Count a request in the backlog for as long as it waited: `GateBook._wait`."""
    point = first_point(S, start)
    while point < len(S.grid) and S.grid[point] < stop:
        S.backlog[point] += 1
        point += 1


def count_stay(T: Any, S: Any, i: int) -> None:
    """Book the stay in the present stage that ends now."""
    stage, now = S.ints[i, state_columns.STAGE], S.floats[i, state_columns.NOW]
    since = max(0.0, S.floats[i, state_columns.ENTERED])
    S.stage_days[T.arm, stage] += now - since
    point = first_point(S, since)
    while point < len(S.grid) and S.grid[point] < now:
        S.occupancy[T.arm, point, stage] += 1
        point += 1


def close_episode(T: Any, S: Any, i: int) -> None:
    """Book the episode that ends now."""
    S.floats[i, state_columns.DISTRESS_DAYS] += (
        S.floats[i, state_columns.NOW] - S.floats[i, state_columns.DISTRESS_SINCE]
    )
    S.counts[T.arm, state_module.EPISODES_SEEN] += S.ints[i, state_columns.NOTICED]
    stage, segment = S.ints[i, state_columns.EPISODE_STAGE], S.ints[i, state_columns.SEGMENT]
    S.distressed[T.arm, stage, segment] += 1
    if S.ints[i, state_columns.ACTIONS_IN_SPELL] == 0:
        S.unhelped[T.arm, stage, segment] += 1


def close_books(T: Any, S: Any, i: int) -> None:
    """Book what a customer earned, and an episode that is still open."""
    close_account(T, S, i)
    S.floats[i, state_columns.LIVED_DAYS] += S.floats[i, state_columns.NOW] - S.floats[i, state_columns.LIVED_SINCE]
    if S.ints[i, state_columns.CAUSE] != CALM:
        close_episode(T, S, i)


def finish(T: Any, S: Any, i: int) -> None:
    """Close the books of a customer at the horizon, or at churn."""
    if S.floats[i, state_columns.ARRIVES] >= T.horizon:
        return
    if T.terminal[S.ints[i, state_columns.STAGE]]:
        for point in range(first_point(S, S.floats[i, state_columns.NOW]), len(S.grid)):
            S.occupancy[T.arm, point, S.ints[i, state_columns.STAGE]] += 1
    else:
        S.floats[i, state_columns.NOW] = T.horizon
        count_stay(T, S, i)
        S.occupancy[T.arm, len(S.grid) - 1, S.ints[i, state_columns.STAGE]] += 1
    if T.live[S.ints[i, state_columns.STAGE]]:
        S.sums[T.arm, state_module.LIVE_VALUE] += S.floats[i, state_columns.ACCOUNT_VALUE]
        if S.ints[i, state_columns.WAITING] != state_columns.NOT_WAITING:
            in_queue = S.ints[i, state_columns.WAITING] == state_columns.IN_QUEUE
            count_wait(
                S, S.floats[i, state_columns.ASKED_AT], NEVER if in_queue else S.floats[i, state_columns.STARTED_AT]
            )
        close_books(T, S, i)
    lived, unhappy = S.floats[i, state_columns.LIVED_DAYS], S.floats[i, state_columns.DISTRESS_DAYS]
    S.sums[T.arm, state_module.DISTRESS] += unhappy
    share = unhappy / lived if lived > 0.0 else 0.0
    points = T.satisfaction_calm - T.satisfaction_penalty * share + S.floats[i, state_columns.SATISFACTION]
    S.sums[T.arm, state_module.SATISFACTION] += min(5.0, max(1.0, points))


def next_cause(T: Any, S: Any, i: int) -> int:
    """The cause of the next episode."""
    state = T.seasons.state[S.ints[i, state_columns.PERIOD]]
    shares = T.seasons.onset_cumulative[state, S.ints[i, state_columns.STAGE]]
    return pick(shares, uniform(S.key[i], streams.CAUSE, S.ints[i, state_columns.EPISODE_NUMBER] + 1, 0))


def begin_episode(T: Any, S: Any, i: int, cause: int) -> None:
    """Distress sets in."""
    number = S.ints[i, state_columns.EPISODE_NUMBER] + 1
    S.ints[i, state_columns.EPISODE_NUMBER] = number
    S.ints[i, state_columns.CAUSE] = cause
    S.ints[i, state_columns.EPISODE_STAGE] = S.ints[i, state_columns.STAGE]
    S.floats[i, state_columns.DISTRESS_SINCE] = S.floats[i, state_columns.NOW]
    amount = exponential(S.key[i], streams.RECOVERY, number, 0)
    wind(T, S, i, EPISODE_CLOCK, EXPONENTIAL, T.end_rate[cause], 0.0, amount, 0.0, 1.0)
    S.floats[i, AGENDA + EPISODE] = S.floats[i, EPISODE_CLOCK + state_columns.DUE]
    S.counts[T.arm, state_module.EPISODES] += 1
    emit(T, S, i, KIND_ON, cause, NOTHING, NOTHING, NOTHING, NEVER)
    begin_spell(S, i, number)
    S.ints[i, state_columns.SYMPTOM_NUMBER] = 0
    S.ints[i, state_columns.NOTICED] = 0
    wind_symptom(T, S, i)
    retune(T, S, i)
    retune_value(T, S, i)


def begin_spell(S: Any, i: int, spell: int) -> None:
    """A new episode, or the calm after one."""
    S.ints[i, state_columns.SPELL] = spell
    S.ints[i, state_columns.ACTIONS_IN_SPELL] = 0
    S.ints[i, state_columns.ASKED_IN_SPELL] = 0


def end_distress(T: Any, S: Any, i: int) -> None:
    """The present episode ends: the part of it that concerns the customer."""
    cause = S.ints[i, state_columns.CAUSE]
    emit(T, S, i, KIND_OFF, cause, NOTHING, NOTHING, NOTHING, NEVER)
    close_episode(T, S, i)
    S.ints[i, state_columns.CAUSE] = CALM
    S.floats[i, AGENDA + EFFECT_END] = NEVER
    wind_onset(T, S, i)
    S.floats[i, AGENDA + EPISODE] = S.floats[i, EPISODE_CLOCK + state_columns.DUE]
    retune(T, S, i)
    retune_value(T, S, i)
    S.floats[i, AGENDA + SYMPTOM] = NEVER
    number = S.ints[i, state_columns.EPISODE_NUMBER]
    if T.recovery_type >= 0 and uniform(S.key[i], streams.RELIEF_TYPE, number, 0) < T.recovery_probability:
        draw = uniform(S.key[i], streams.RELIEF_STRENGTH, number, 0)
        strength = T.strength_low + (T.strength_high - T.strength_low) * draw
        send(T, S, i, record_errors.RELIEF, T.recovery_type, strength, number, 0, cause)


def wind_symptom(T: Any, S: Any, i: int) -> None:
    """Set the time of the next symptom."""
    rate = T.symptom_rate[S.ints[i, state_columns.CAUSE]]
    if rate > 0.0:
        S.ints[i, state_columns.SYMPTOM_NUMBER] += 1
        nth = S.ints[i, state_columns.SYMPTOM_NUMBER]
        wait = exponential(S.key[i], streams.SYMPTOM, S.ints[i, state_columns.EPISODE_NUMBER], nth) / rate
        S.floats[i, AGENDA + SYMPTOM] = S.floats[i, state_columns.NOW] + wait


def on_symptom(T: Any, S: Any, i: int) -> None:
    """A symptom occurs."""
    which, nth, cause = (
        S.ints[i, state_columns.EPISODE_NUMBER],
        S.ints[i, state_columns.SYMPTOM_NUMBER],
        S.ints[i, state_columns.CAUSE],
    )
    place = pick(T.symptom_cumulative[cause], uniform(S.key[i], streams.SYMPTOM_TYPE, which, nth))
    draw = uniform(S.key[i], streams.SYMPTOM_STRENGTH, which, nth)
    strength = T.strength_low + (T.strength_high - T.strength_low) * draw
    kind = T.symptom_types[cause, place]
    send(T, S, i, record_errors.SYMPTOM, kind, strength, which, nth, cause)
    wind_symptom(T, S, i)


def wind_noise(T: Any, S: Any, i: int) -> None:
    """Set the time of the next false alarm."""
    if T.noise_rate > 0.0:
        S.ints[i, state_columns.NOISE_NUMBER] += 1
        wait = exponential(S.key[i], streams.NOISE, 0, S.ints[i, state_columns.NOISE_NUMBER]) / T.noise_rate
        S.floats[i, AGENDA + NOISE] = S.floats[i, state_columns.NOW] + wait


def on_noise(T: Any, S: Any, i: int) -> None:
    """A false alarm is raised."""
    nth = S.ints[i, state_columns.NOISE_NUMBER]
    kind = T.noise_types[pick(T.noise_cumulative, uniform(S.key[i], streams.NOISE_TYPE, 0, nth))]
    draw = uniform(S.key[i], streams.NOISE_STRENGTH, 0, nth)
    strength = T.false_low + (T.false_high - T.false_low) * draw
    send(T, S, i, record_errors.FALSE_ALARM, kind, strength, 0, nth, NOISE_CAUSE)
    wind_noise(T, S, i)


def send(T: Any, S: Any, i: int, channel: int, kind: int, strength: float, which: int, nth: int, cause: int) -> None:
    """Put a signal on its way, with whatever goes wrong with its record: `Symptoms._send`."""
    key = S.key[i]
    fate = becomes_of(key, channel, which, nth, T.flaws.missing, T.flaws.orphaned)
    if fate == record_errors.LOST:
        return
    source_purpose, delay_purpose = streams.SYMPTOM_SOURCE, streams.SYMPTOM_DELAY
    if channel == record_errors.FALSE_ALARM:
        source_purpose, delay_purpose = streams.NOISE_SOURCE, streams.NOISE_DELAY
    elif channel == record_errors.RELIEF:
        source_purpose, delay_purpose = streams.RELIEF_SOURCE, streams.RELIEF_DELAY
    source = 1 if uniform(key, source_purpose, which, nth) < T.manual_share else 0
    dated = S.floats[i, state_columns.NOW]
    if T.delay_mean > 0.0:
        dated += T.delay_mean * exponential(key, delay_purpose, which, nth)
    known = dated + known_after(key, channel, which, nth, T.flaws.late, T.flaws.late_mean)
    put_under_way(S, i, known, dated, kind, strength, source, cause, STRAY if fate == record_errors.ORPHANED else SOUND)
    if is_doubled(key, channel, which, nth, T.flaws.duplicated):
        put_under_way(S, i, known, dated, kind, strength, source, cause, COPY)


def put_under_way(
    S: Any, i: int, time: float, dated: float, kind: int, strength: float, source: int, cause: int, record: int
) -> None:
    """Put a record in the list that is ordered by the time at which it is known, and then by sending."""
    S.ints[i, state_columns.SENT] += 1
    place = S.counters[state_module.POOL_HEAD]
    S.counters[state_module.POOL_HEAD] = S.pool_ints[place, 5]
    S.pool_floats[place, 0] = time
    S.pool_floats[place, 1] = strength
    S.pool_floats[place, 2] = dated
    S.pool_ints[place, 0] = S.ints[i, state_columns.SENT]
    S.pool_ints[place, 1] = kind
    S.pool_ints[place, 2] = source
    S.pool_ints[place, 3] = cause
    S.pool_ints[place, 4] = S.ints[i, state_columns.EPISODE_NUMBER]
    S.pool_ints[place, 6] = record
    before, after = NOTHING, S.ints[i, state_columns.FIRST_DELIVERY]
    # Later sent comes later among equals, so the search passes every signal due at the same time.
    while after != NOTHING and S.pool_floats[after, 0] <= time:
        before, after = after, S.pool_ints[after, 5]
    S.pool_ints[place, 5] = after
    if before == NOTHING:
        S.ints[i, state_columns.FIRST_DELIVERY] = place
    else:
        S.pool_ints[before, 5] = place
    S.floats[i, AGENDA + DELIVERY] = S.pool_floats[S.ints[i, state_columns.FIRST_DELIVERY], 0]


def receive(T: Any, S: Any, i: int) -> int:
    """Take the first signal under way and book it; returns its place, which is free from now on."""
    place = S.ints[i, state_columns.FIRST_DELIVERY]
    first = S.pool_ints[place, 5]
    S.ints[i, state_columns.FIRST_DELIVERY] = first
    S.floats[i, AGENDA + DELIVERY] = NEVER if first == NOTHING else S.pool_floats[first, 0]
    S.pool_ints[place, 5] = S.counters[state_module.POOL_HEAD]
    S.counters[state_module.POOL_HEAD] = place
    kind, cause, record = S.pool_ints[place, 1], S.pool_ints[place, 3], S.pool_ints[place, 6]
    reason = cause
    if record != SOUND:
        reason = REASON_ORPHANED if record == STRAY else REASON_DUPLICATE
    # A signal has no reviewer: that place of its row holds the source.
    emit(T, S, i, KIND_SIGNAL, kind, NOTHING, reason, S.pool_ints[place, 2], S.pool_floats[place, 1])
    if T.keep_trace and S.pool_floats[place, 2] != S.floats[i, state_columns.NOW]:
        S.row_floats[S.counters[state_module.ROWS] - 1, 2] = S.pool_floats[place, 2]
    if record == SOUND and not T.sheet.positive[kind]:
        if cause == NOISE_CAUSE:
            S.counts[T.arm, state_module.ALARMS_FALSE] += 1
        else:
            S.counts[T.arm, state_module.ALARMS_TRUE] += 1
            if (
                S.ints[i, state_columns.CAUSE] != CALM
                and S.pool_ints[place, 4] == S.ints[i, state_columns.EPISODE_NUMBER]
            ):
                S.ints[i, state_columns.NOTICED] = 1
    return int(place)


def drop_deliveries(S: Any, i: int) -> None:
    """Signals under way to a customer who has left go nowhere."""
    place = S.ints[i, state_columns.FIRST_DELIVERY]
    while place != NOTHING:
        following = S.pool_ints[place, 5]
        S.pool_ints[place, 5] = S.counters[state_module.POOL_HEAD]
        S.counters[state_module.POOL_HEAD] = place
        place = following
    S.ints[i, state_columns.FIRST_DELIVERY] = NOTHING


def first_due(S: Any, i: int) -> int:
    """Which entry of the agenda is due first."""
    f = S.floats[i]
    entry, time = 0, f[AGENDA]
    for other in range(1, ENTRIES):
        sooner = f[AGENDA + other] < time
        entry, time = either(sooner, other, entry), either(sooner, f[AGENDA + other], time)
    return int(entry)


def first_due_besides(S: Any, i: int, besides: int) -> int:
    """Which entry of the agenda is due first of all but this one, which stands first in neither half of it."""
    f = S.floats[i]
    # Two halves side by side: a processor that compares both at once is through in half the time.
    early, first = 0, f[AGENDA]
    late, second = _HALF, f[AGENDA + _HALF]
    for entry in range(1, _HALF):
        if entry != besides:
            sooner = f[AGENDA + entry] < first
            early, first = either(sooner, entry, early), either(sooner, f[AGENDA + entry], first)
        other = _HALF + entry
        if other < ENTRIES and other != besides:
            sooner = f[AGENDA + other] < second
            late, second = either(sooner, other, late), either(sooner, f[AGENDA + other], second)
    return int(either(first <= second, early, late))


def be_helped(T: Any, S: Any, i: int, recovery_ratio: float, days: float) -> None:
    """The present episode ends faster, for some days."""
    run_at(T, S, i, EPISODE_CLOCK, EXPONENTIAL, T.end_rate[S.ints[i, state_columns.CAUSE]], 0.0, recovery_ratio)
    S.floats[i, AGENDA + EPISODE] = S.floats[i, EPISODE_CLOCK + state_columns.DUE]
    S.floats[i, AGENDA + EFFECT_END] = S.floats[i, state_columns.NOW] + days


def on_effect_end(T: Any, S: Any, i: int) -> None:
    """The help has worn off."""
    S.floats[i, AGENDA + EFFECT_END] = NEVER
    run_at(T, S, i, EPISODE_CLOCK, EXPONENTIAL, T.end_rate[S.ints[i, state_columns.CAUSE]], 0.0, 1.0)
    S.floats[i, AGENDA + EPISODE] = S.floats[i, EPISODE_CLOCK + state_columns.DUE]


def be_harmed(T: Any, S: Any, i: int, churn_ratio: float, days: float) -> None:
    """A calm customer was contacted: churn is likelier, for some days."""
    S.floats[i, state_columns.HARM] = churn_ratio
    S.floats[i, AGENDA + HARM_END] = S.floats[i, state_columns.NOW] + days
    retune(T, S, i)


def on_harm_end(T: Any, S: Any, i: int) -> None:
    """The contact is forgotten."""
    S.floats[i, AGENDA + HARM_END] = NEVER
    S.floats[i, state_columns.HARM] = 1.0
    retune(T, S, i)


KERNELS: tuple[Any, ...] = (
    in_force, hazard_ratio, next_move, onset_rate, wind_onset, retune_onset, wind_move, is_blocked, enter, retune,
    first_point, count_wait, count_stay, close_episode, close_books, finish, begin_spell, wind_symptom,
    put_under_way, send, next_cause, begin_episode, end_distress, on_symptom, wind_noise, on_noise, receive,
    drop_deliveries, first_due, first_due_besides, be_helped, on_effect_end, be_harmed, on_harm_end,
)  # fmt: skip
"""The functions that compiled code uses, callees before callers."""
