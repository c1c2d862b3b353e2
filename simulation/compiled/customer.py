"""One customer, compiled: stages, moves, distress and signals.

The counterpart of `simulation.reference.customer` and `simulation.reference.signals`, function by function; the
reference documents the behaviour. Functions take the arm's parameters `T`, the engine state `S` and the customer's row
`i`.
"""

from typing import Any

from simulation.compiled import state as state_module
from simulation.compiled import state_columns
from simulation.compiled.account import close_account, update_value_clock
from simulation.compiled.primitives import (
    KIND_DISTRESS_OFF,
    KIND_DISTRESS_ON,
    KIND_SIGNAL,
    emit,
    set_hazard_ratio,
    start_clock,
)
from simulation.compiled.state_columns import EPISODE_CLOCK, EVENT_TIMES, MOVE_CLOCKS, NO_INDEX
from simulation.distributions.dwell_times import EXPONENTIAL, NEVER, initial_amount
from simulation.kernels.branchless import select
from simulation.model import record_errors
from simulation.model.event_types import (
    CALM,
    DELIVERY,
    EFFECT_END,
    EPISODE,
    EVENT_COUNT,
    HARM_END,
    MOVE,
    NOISE,
    SYMPTOM,
)
from simulation.model.record_errors import (
    DUPLICATE_RECORD,
    ORPHAN_RECORD,
    VALID_RECORD,
    is_duplicated,
    reporting_delay,
    signal_fate,
)
from simulation.population.draw import pick
from simulation.random import streams
from simulation.random.streams import exponential, uniform

NOISE_CAUSE = CALM
_HALF = (EVENT_COUNT + 1) // 2
# Codes of reasons that are not causes; `trace_rows` has their names.
REASON_ORPHANED, REASON_DUPLICATE = -2, -3


def hazard_ratio(T: Any, S: Any, i: int, transition: int) -> float:
    """The current hazard ratio of a move out of the current stage."""
    move = T.move[S.ints[i, state_columns.STAGE], transition]
    return effective_ratio(
        T, S, i, T.move_ratios[S.ints[i, state_columns.SEGMENT], S.ints[i, state_columns.TIER], move], transition
    )


def effective_ratio(T: Any, S: Any, i: int, ratio: float, transition: int) -> float:
    """A ratio multiplied by all current effects on a move out of the current stage."""
    stage, cause = S.ints[i, state_columns.STAGE], S.ints[i, state_columns.CAUSE]
    if T.frail[stage, transition]:
        ratio *= S.floats[i, state_columns.FRAILTY]
    if cause != CALM:
        ratio *= T.in_distress[stage, transition]
        if T.leaves[stage, transition]:
            ratio *= T.churn_ratio[cause]
    if T.leaves[stage, transition]:
        ratio *= S.floats[i, state_columns.HARM_RATIO]
    move, season = T.move[stage, transition], T.calendar_effects.state[S.ints[i, state_columns.PERIOD]]
    return float(
        ratio
        * T.calendar_effects.move_ratios[season, move]
        * T.calendar_effects.tenure_ratios[S.ints[i, state_columns.BAND], move]
    )


def schedule_next_move(T: Any, S: Any, i: int) -> None:
    """Set the time of the next move: the earliest of the competing clocks."""
    first = NEVER
    for transition in range(T.move_count[S.ints[i, state_columns.STAGE]]):
        first = min(first, S.floats[i, MOVE_CLOCKS + state_columns.CLOCK_WIDTH * transition + state_columns.DUE])
    S.floats[i, EVENT_TIMES + MOVE] = first


def onset_rate(T: Any, S: Any, i: int) -> float:
    """The current rate of distress onset per day."""
    rate = T.calendar_effects.onset_rates[
        T.calendar_effects.state[S.ints[i, state_columns.PERIOD]], S.ints[i, state_columns.STAGE]
    ]
    return float(rate * T.onset_ratios[S.ints[i, state_columns.SEGMENT], S.ints[i, state_columns.TIER]])


def start_onset_clock(T: Any, S: Any, i: int) -> None:
    """Start the clock of the next distress episode."""
    amount = exponential(S.key[i], streams.ONSET, S.ints[i, state_columns.EPISODE_NUMBER] + 1, 0)
    start_clock(T, S, i, EPISODE_CLOCK, EXPONENTIAL, 1.0, 0.0, amount, 0.0, onset_rate(T, S, i))


def start_move_clock(T: Any, S: Any, i: int, transition: int, age: float) -> None:
    """Start the clock of one move out of the current stage: `Customer._start_move_clock`."""
    stage = S.ints[i, state_columns.STAGE]
    distribution, a, b = T.distribution[stage, transition], T.a[stage, transition], T.b[stage, transition]
    context = (stage << 10) | T.move[stage, transition]
    occurrence = (S.ints[i, state_columns.VISITS + stage] << 12) | min(S.ints[i, state_columns.ATTEMPTS], 4095)
    amount = initial_amount(distribution, a, age, exponential(S.key[i], streams.MOVE, context, occurrence))
    base = MOVE_CLOCKS + state_columns.CLOCK_WIDTH * transition
    start_clock(T, S, i, base, distribution, a, b, amount, age, hazard_ratio(T, S, i, transition))


def is_blocked(T: Any, S: Any, i: int, transition: int) -> bool:
    """Whether a guard blocks a move now: `Customer._is_blocked`."""
    guard = T.guards.number[S.ints[i, state_columns.STAGE], transition]
    if guard < 0:
        return False
    if S.floats[i, state_columns.NOW] - S.floats[i, state_columns.ENTERED] < T.guards.min_days[guard]:
        return True
    previous, segment, tier = (
        S.ints[i, state_columns.PREVIOUS] + 1,
        S.ints[i, state_columns.SEGMENT],
        S.ints[i, state_columns.TIER],
    )
    return not T.guards.allowed[guard, previous, segment, tier]


def enter_stage(T: Any, S: Any, i: int, stage: int, age: float) -> None:
    """Enter a stage and start the clock of every move out of it."""
    S.ints[i, state_columns.STAGE] = stage
    S.ints[i, state_columns.ATTEMPTS] = 0
    S.ints[i, state_columns.VISITS + stage] += 1
    S.floats[i, state_columns.ENTERED] = S.floats[i, state_columns.NOW] - age
    for transition in range(T.move_count[stage]):
        start_move_clock(T, S, i, transition, age)
    schedule_next_move(T, S, i)
    update_onset_clock(T, S, i)


def update_onset_clock(T: Any, S: Any, i: int) -> None:
    """Continue the clock of the next episode, and the account's clock, at the current rate."""
    if S.ints[i, state_columns.CAUSE] == CALM:
        set_hazard_ratio(T, S, i, EPISODE_CLOCK, EXPONENTIAL, 1.0, 0.0, onset_rate(T, S, i))
        S.floats[i, EVENT_TIMES + EPISODE] = S.floats[i, EPISODE_CLOCK + state_columns.DUE]
    update_value_clock(T, S, i)


def update_move_clocks(T: Any, S: Any, i: int) -> None:
    """Continue every move clock at its current hazard ratio."""
    stage = S.ints[i, state_columns.STAGE]
    for transition in range(T.move_count[stage]):
        base = MOVE_CLOCKS + state_columns.CLOCK_WIDTH * transition
        distribution, a, b = T.distribution[stage, transition], T.a[stage, transition], T.b[stage, transition]
        set_hazard_ratio(T, S, i, base, distribution, a, b, hazard_ratio(T, S, i, transition))
    schedule_next_move(T, S, i)


def first_grid_index(S: Any, time: float) -> int:
    """Index of the first grid day at or after `time`; the number of grid days if there is none."""
    points = len(S.grid)
    # All grid days but the last are equally spaced, so only rounding can make this guess wrong.
    point = int(time * S.gate[state_module.POINTS_PER_DAY]) if time < S.grid[points - 1] else points - 1
    while point > 0 and S.grid[point - 1] >= time:
        point -= 1
    while point < points and S.grid[point] < time:
        point += 1
    return point


def count_wait(S: Any, start: float, stop: float) -> None:
    """Count a request in the backlog while it waits: `QueueStatistics._count_backlog`."""
    point = first_grid_index(S, start)
    while point < len(S.grid) and S.grid[point] < stop:
        S.backlog[point] += 1
        point += 1


def count_stay(T: Any, S: Any, i: int) -> None:
    """Count the stay in the current stage, which ends now."""
    stage, now = S.ints[i, state_columns.STAGE], S.floats[i, state_columns.NOW]
    since = max(0.0, S.floats[i, state_columns.ENTERED])
    S.stage_days[T.arm_index, stage] += now - since
    point = first_grid_index(S, since)
    while point < len(S.grid) and S.grid[point] < now:
        S.occupancy[T.arm_index, point, stage] += 1
        point += 1


def close_episode(T: Any, S: Any, i: int) -> None:
    """Count the episode that ends now."""
    S.floats[i, state_columns.DISTRESS_DAYS] += (
        S.floats[i, state_columns.NOW] - S.floats[i, state_columns.DISTRESS_SINCE]
    )
    S.counts[T.arm_index, state_module.EPISODES_SEEN] += S.ints[i, state_columns.DETECTED]
    stage, segment = S.ints[i, state_columns.EPISODE_STAGE], S.ints[i, state_columns.SEGMENT]
    S.distressed[T.arm_index, stage, segment] += 1
    if S.ints[i, state_columns.ACTIONS_IN_SPELL] == 0:
        S.unhelped[T.arm_index, stage, segment] += 1


def settle_account(T: Any, S: Any, i: int) -> None:
    """Close a customer's account, and count an episode that is still open."""
    close_account(T, S, i)
    S.floats[i, state_columns.ACTIVE_DAYS] += S.floats[i, state_columns.NOW] - S.floats[i, state_columns.ACTIVE_SINCE]
    if S.ints[i, state_columns.CAUSE] != CALM:
        close_episode(T, S, i)


def finish_customer(T: Any, S: Any, i: int) -> None:
    """Complete a customer's totals at the horizon or at churn."""
    if S.floats[i, state_columns.ARRIVES] >= T.horizon:
        return
    if T.terminal[S.ints[i, state_columns.STAGE]]:
        for point in range(first_grid_index(S, S.floats[i, state_columns.NOW]), len(S.grid)):
            S.occupancy[T.arm_index, point, S.ints[i, state_columns.STAGE]] += 1
    else:
        S.floats[i, state_columns.NOW] = T.horizon
        count_stay(T, S, i)
        S.occupancy[T.arm_index, len(S.grid) - 1, S.ints[i, state_columns.STAGE]] += 1
    if T.live[S.ints[i, state_columns.STAGE]]:
        S.sums[T.arm_index, state_module.LIVE_VALUE] += S.floats[i, state_columns.ACCOUNT_VALUE]
        if S.ints[i, state_columns.WAITING] != state_columns.NOT_WAITING:
            in_queue = S.ints[i, state_columns.WAITING] == state_columns.IN_QUEUE
            count_wait(
                S, S.floats[i, state_columns.REQUESTED_AT], NEVER if in_queue else S.floats[i, state_columns.STARTED_AT]
            )
        settle_account(T, S, i)
    active_days, distress_days = S.floats[i, state_columns.ACTIVE_DAYS], S.floats[i, state_columns.DISTRESS_DAYS]
    S.sums[T.arm_index, state_module.DISTRESS_DAYS] += distress_days
    share = distress_days / active_days if active_days > 0.0 else 0.0
    points = T.satisfaction_calm - T.satisfaction_penalty * share + S.floats[i, state_columns.SATISFACTION]
    S.sums[T.arm_index, state_module.SATISFACTION] += min(5.0, max(1.0, points))


def draw_cause(T: Any, S: Any, i: int) -> int:
    """Draw the cause of the next episode."""
    season = T.calendar_effects.state[S.ints[i, state_columns.PERIOD]]
    shares = T.calendar_effects.onset_cumulative[season, S.ints[i, state_columns.STAGE]]
    return pick(shares, uniform(S.key[i], streams.CAUSE, S.ints[i, state_columns.EPISODE_NUMBER] + 1, 0))


def begin_episode(T: Any, S: Any, i: int, cause: int) -> None:
    """Begin a distress episode."""
    number = S.ints[i, state_columns.EPISODE_NUMBER] + 1
    S.ints[i, state_columns.EPISODE_NUMBER] = number
    S.ints[i, state_columns.CAUSE] = cause
    S.ints[i, state_columns.EPISODE_STAGE] = S.ints[i, state_columns.STAGE]
    S.floats[i, state_columns.DISTRESS_SINCE] = S.floats[i, state_columns.NOW]
    amount = exponential(S.key[i], streams.RECOVERY, number, 0)
    start_clock(T, S, i, EPISODE_CLOCK, EXPONENTIAL, T.end_rate[cause], 0.0, amount, 0.0, 1.0)
    S.floats[i, EVENT_TIMES + EPISODE] = S.floats[i, EPISODE_CLOCK + state_columns.DUE]
    S.counts[T.arm_index, state_module.EPISODES] += 1
    emit(T, S, i, KIND_DISTRESS_ON, cause, NO_INDEX, NO_INDEX, NO_INDEX, NEVER)
    begin_spell(S, i, number)
    S.ints[i, state_columns.SYMPTOM_NUMBER] = 0
    S.ints[i, state_columns.DETECTED] = 0
    schedule_symptom(T, S, i)
    update_move_clocks(T, S, i)
    update_value_clock(T, S, i)


def begin_spell(S: Any, i: int, spell: int) -> None:
    """Begin a spell: a new episode, or the calm period after one."""
    S.ints[i, state_columns.SPELL] = spell
    S.ints[i, state_columns.ACTIONS_IN_SPELL] = 0
    S.ints[i, state_columns.REQUESTS_IN_SPELL] = 0


def end_episode(T: Any, S: Any, i: int) -> None:
    """End the current episode: its effects on the customer's own state."""
    cause = S.ints[i, state_columns.CAUSE]
    emit(T, S, i, KIND_DISTRESS_OFF, cause, NO_INDEX, NO_INDEX, NO_INDEX, NEVER)
    close_episode(T, S, i)
    S.ints[i, state_columns.CAUSE] = CALM
    S.floats[i, EVENT_TIMES + EFFECT_END] = NEVER
    start_onset_clock(T, S, i)
    S.floats[i, EVENT_TIMES + EPISODE] = S.floats[i, EPISODE_CLOCK + state_columns.DUE]
    update_move_clocks(T, S, i)
    update_value_clock(T, S, i)
    S.floats[i, EVENT_TIMES + SYMPTOM] = NEVER
    number = S.ints[i, state_columns.EPISODE_NUMBER]
    if T.recovery_type >= 0 and uniform(S.key[i], streams.RELIEF_TYPE, number, 0) < T.recovery_probability:
        draw = uniform(S.key[i], streams.RELIEF_STRENGTH, number, 0)
        strength = T.strength_low + (T.strength_high - T.strength_low) * draw
        send_signal(T, S, i, record_errors.RELIEF, T.recovery_type, strength, number, 0, cause)


def schedule_symptom(T: Any, S: Any, i: int) -> None:
    """Set the time of the next symptom."""
    rate = T.symptom_rate[S.ints[i, state_columns.CAUSE]]
    if rate > 0.0:
        S.ints[i, state_columns.SYMPTOM_NUMBER] += 1
        occurrence = S.ints[i, state_columns.SYMPTOM_NUMBER]
        wait = exponential(S.key[i], streams.SYMPTOM, S.ints[i, state_columns.EPISODE_NUMBER], occurrence) / rate
        S.floats[i, EVENT_TIMES + SYMPTOM] = S.floats[i, state_columns.NOW] + wait


def on_symptom(T: Any, S: Any, i: int) -> None:
    """Send the signal of a symptom."""
    context, occurrence, cause = (
        S.ints[i, state_columns.EPISODE_NUMBER],
        S.ints[i, state_columns.SYMPTOM_NUMBER],
        S.ints[i, state_columns.CAUSE],
    )
    choice = pick(T.symptom_cumulative[cause], uniform(S.key[i], streams.SYMPTOM_TYPE, context, occurrence))
    draw = uniform(S.key[i], streams.SYMPTOM_STRENGTH, context, occurrence)
    strength = T.strength_low + (T.strength_high - T.strength_low) * draw
    kind = T.symptom_types[cause, choice]
    send_signal(T, S, i, record_errors.SYMPTOM, kind, strength, context, occurrence, cause)
    schedule_symptom(T, S, i)


def schedule_noise(T: Any, S: Any, i: int) -> None:
    """Set the time of the next false alarm."""
    if T.noise_rate > 0.0:
        S.ints[i, state_columns.NOISE_NUMBER] += 1
        wait = exponential(S.key[i], streams.NOISE, 0, S.ints[i, state_columns.NOISE_NUMBER]) / T.noise_rate
        S.floats[i, EVENT_TIMES + NOISE] = S.floats[i, state_columns.NOW] + wait


def on_noise(T: Any, S: Any, i: int) -> None:
    """Send a false alarm."""
    occurrence = S.ints[i, state_columns.NOISE_NUMBER]
    kind = T.noise_types[pick(T.noise_cumulative, uniform(S.key[i], streams.NOISE_TYPE, 0, occurrence))]
    draw = uniform(S.key[i], streams.NOISE_STRENGTH, 0, occurrence)
    strength = T.false_low + (T.false_high - T.false_low) * draw
    send_signal(T, S, i, record_errors.FALSE_ALARM, kind, strength, 0, occurrence, NOISE_CAUSE)
    schedule_noise(T, S, i)


def send_signal(
    T: Any, S: Any, i: int, channel: int, kind: int, strength: float, context: int, occurrence: int, cause: int
) -> None:
    """Send a signal, with the errors of its record: `SignalProcess._send_signal`."""
    key = S.key[i]
    fate = signal_fate(key, channel, context, occurrence, T.record_errors.missing, T.record_errors.orphaned)
    if fate == record_errors.LOST:
        return
    source_purpose, delay_purpose = streams.SYMPTOM_SOURCE, streams.SYMPTOM_DELAY
    if channel == record_errors.FALSE_ALARM:
        source_purpose, delay_purpose = streams.NOISE_SOURCE, streams.NOISE_DELAY
    elif channel == record_errors.RELIEF:
        source_purpose, delay_purpose = streams.RELIEF_SOURCE, streams.RELIEF_DELAY
    source = 1 if uniform(key, source_purpose, context, occurrence) < T.manual_share else 0
    dated_at = S.floats[i, state_columns.NOW]
    if T.delay_mean > 0.0:
        dated_at += T.delay_mean * exponential(key, delay_purpose, context, occurrence)
    known_at = dated_at + reporting_delay(
        key, channel, context, occurrence, T.record_errors.late, T.record_errors.late_mean
    )
    push_signal(
        S,
        i,
        known_at,
        dated_at,
        kind,
        strength,
        source,
        cause,
        ORPHAN_RECORD if fate == record_errors.ORPHANED else VALID_RECORD,
    )
    if is_duplicated(key, channel, context, occurrence, T.record_errors.duplicated):
        push_signal(S, i, known_at, dated_at, kind, strength, source, cause, DUPLICATE_RECORD)


def push_signal(
    S: Any, i: int, time: float, dated_at: float, kind: int, strength: float, source: int, cause: int, record: int
) -> None:
    """Insert a record into the list of pending signals, ordered by delivery time and then by order of sending."""
    S.ints[i, state_columns.SIGNALS_SENT] += 1
    slot = S.counters[state_module.POOL_HEAD]
    S.counters[state_module.POOL_HEAD] = S.pool_ints[slot, 5]
    S.pool_floats[slot, 0] = time
    S.pool_floats[slot, 1] = strength
    S.pool_floats[slot, 2] = dated_at
    S.pool_ints[slot, 0] = S.ints[i, state_columns.SIGNALS_SENT]
    S.pool_ints[slot, 1] = kind
    S.pool_ints[slot, 2] = source
    S.pool_ints[slot, 3] = cause
    S.pool_ints[slot, 4] = S.ints[i, state_columns.EPISODE_NUMBER]
    S.pool_ints[slot, 6] = record
    before, after = NO_INDEX, S.ints[i, state_columns.FIRST_PENDING_SIGNAL]
    # Signals due at the same time are delivered in order of sending, so the search passes all of them.
    while after != NO_INDEX and S.pool_floats[after, 0] <= time:
        before, after = after, S.pool_ints[after, 5]
    S.pool_ints[slot, 5] = after
    if before == NO_INDEX:
        S.ints[i, state_columns.FIRST_PENDING_SIGNAL] = slot
    else:
        S.pool_ints[before, 5] = slot
    S.floats[i, EVENT_TIMES + DELIVERY] = S.pool_floats[S.ints[i, state_columns.FIRST_PENDING_SIGNAL], 0]


def pop_signal(T: Any, S: Any, i: int) -> int:
    """Remove and count the first pending signal. Returns its slot, which is free from now on."""
    slot = S.ints[i, state_columns.FIRST_PENDING_SIGNAL]
    first = S.pool_ints[slot, 5]
    S.ints[i, state_columns.FIRST_PENDING_SIGNAL] = first
    S.floats[i, EVENT_TIMES + DELIVERY] = NEVER if first == NO_INDEX else S.pool_floats[first, 0]
    S.pool_ints[slot, 5] = S.counters[state_module.POOL_HEAD]
    S.counters[state_module.POOL_HEAD] = slot
    kind, cause, record = S.pool_ints[slot, 1], S.pool_ints[slot, 3], S.pool_ints[slot, 6]
    reason = cause
    if record != VALID_RECORD:
        reason = REASON_ORPHANED if record == ORPHAN_RECORD else REASON_DUPLICATE
    # A signal has no reviewer, so this column of its row contains the source.
    emit(T, S, i, KIND_SIGNAL, kind, NO_INDEX, reason, S.pool_ints[slot, 2], S.pool_floats[slot, 1])
    if T.keep_trace and S.pool_floats[slot, 2] != S.floats[i, state_columns.NOW]:
        S.row_floats[S.counters[state_module.TRACE_ROWS] - 1, 2] = S.pool_floats[slot, 2]
    if record == VALID_RECORD and not T.policy_parameters.positive[kind]:
        if cause == NOISE_CAUSE:
            S.counts[T.arm_index, state_module.ALARMS_FALSE] += 1
        else:
            S.counts[T.arm_index, state_module.ALARMS_TRUE] += 1
            if (
                S.ints[i, state_columns.CAUSE] != CALM
                and S.pool_ints[slot, 4] == S.ints[i, state_columns.EPISODE_NUMBER]
            ):
                S.ints[i, state_columns.DETECTED] = 1
    return int(slot)


def cancel_pending_signals(S: Any, i: int) -> None:
    """Cancel the pending signals of a customer who has left."""
    slot = S.ints[i, state_columns.FIRST_PENDING_SIGNAL]
    while slot != NO_INDEX:
        following = S.pool_ints[slot, 5]
        S.pool_ints[slot, 5] = S.counters[state_module.POOL_HEAD]
        S.counters[state_module.POOL_HEAD] = slot
        slot = following
    S.ints[i, state_columns.FIRST_PENDING_SIGNAL] = NO_INDEX


def next_event(S: Any, i: int) -> int:
    """The customer's event that is due first."""
    f = S.floats[i]
    entry, time = 0, f[EVENT_TIMES]
    for other in range(1, EVENT_COUNT):
        sooner = f[EVENT_TIMES + other] < time
        entry, time = select(sooner, other, entry), select(sooner, f[EVENT_TIMES + other], time)
    return int(entry)


def next_event_except(S: Any, i: int, excluded: int) -> int:
    """The event that is due first, apart from `excluded`, which must not be the first event of either half."""
    f = S.floats[i]
    # The two halves are independent, so the processor can compare them in parallel.
    early, first = 0, f[EVENT_TIMES]
    late, second = _HALF, f[EVENT_TIMES + _HALF]
    for entry in range(1, _HALF):
        if entry != excluded:
            sooner = f[EVENT_TIMES + entry] < first
            early, first = select(sooner, entry, early), select(sooner, f[EVENT_TIMES + entry], first)
        other = _HALF + entry
        if other < EVENT_COUNT and other != excluded:
            sooner = f[EVENT_TIMES + other] < second
            late, second = select(sooner, other, late), select(sooner, f[EVENT_TIMES + other], second)
    return int(select(first <= second, early, late))


def apply_effect(T: Any, S: Any, i: int, recovery_ratio: float, days: float) -> None:
    """Let the current episode end faster for a number of days."""
    set_hazard_ratio(
        T, S, i, EPISODE_CLOCK, EXPONENTIAL, T.end_rate[S.ints[i, state_columns.CAUSE]], 0.0, recovery_ratio
    )
    S.floats[i, EVENT_TIMES + EPISODE] = S.floats[i, EPISODE_CLOCK + state_columns.DUE]
    S.floats[i, EVENT_TIMES + EFFECT_END] = S.floats[i, state_columns.NOW] + days


def on_effect_end(T: Any, S: Any, i: int) -> None:
    """End the effect of an action."""
    S.floats[i, EVENT_TIMES + EFFECT_END] = NEVER
    set_hazard_ratio(T, S, i, EPISODE_CLOCK, EXPONENTIAL, T.end_rate[S.ints[i, state_columns.CAUSE]], 0.0, 1.0)
    S.floats[i, EVENT_TIMES + EPISODE] = S.floats[i, EPISODE_CLOCK + state_columns.DUE]


def apply_harm(T: Any, S: Any, i: int, churn_ratio: float, days: float) -> None:
    """Raise the churn hazard for a number of days, because a calm customer was contacted."""
    S.floats[i, state_columns.HARM_RATIO] = churn_ratio
    S.floats[i, EVENT_TIMES + HARM_END] = S.floats[i, state_columns.NOW] + days
    update_move_clocks(T, S, i)


def on_harm_end(T: Any, S: Any, i: int) -> None:
    """End the harm of a contact."""
    S.floats[i, EVENT_TIMES + HARM_END] = NEVER
    S.floats[i, state_columns.HARM_RATIO] = 1.0
    update_move_clocks(T, S, i)


KERNELS: tuple[Any, ...] = (
    effective_ratio,
    hazard_ratio,
    schedule_next_move,
    onset_rate,
    start_onset_clock,
    update_onset_clock,
    start_move_clock,
    is_blocked,
    enter_stage,
    update_move_clocks,
    first_grid_index,
    count_wait,
    count_stay,
    close_episode,
    settle_account,
    finish_customer,
    begin_spell,
    schedule_symptom,
    push_signal,
    send_signal,
    draw_cause,
    begin_episode,
    end_episode,
    on_symptom,
    schedule_noise,
    on_noise,
    pop_signal,
    cancel_pending_signals,
    next_event,
    next_event_except,
    apply_effect,
    on_effect_end,
    apply_harm,
    on_harm_end,
)
"""The functions that compiled code uses, callees before callers."""

INLINED: tuple[Any, ...] = (
    effective_ratio,
    hazard_ratio,
    schedule_next_move,
    onset_rate,
    start_move_clock,
    first_grid_index,
    next_event_except,
)
"""The functions that are inlined where compiled code calls them, because most events call them."""
