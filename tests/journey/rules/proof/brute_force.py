"""Rules judged by listing all customers, histories, times and other events, and by the definitions of templates."""

from itertools import product
from math import inf

from journey.machine import Facts
from journey.rules.event_names import split_event_name
from journey.rules.monitor import BROKEN, OTHER, SATISFIED, A, B
from journeylab.testing.strategies.journeys import SEGMENTS, TIERS
from tests.journey.rules.definitions import expect_verdict

_BEGUN = 2.0
"""Time at which a history begins, in days."""

CUSTOMERS = tuple(product((*SEGMENTS, "another"), (*TIERS, "another")))
"""Segment and tier of the customers: each name of the strategies, and one that no guard names."""


class ListedHistory:
    """A history of moves.

    Attributes:
        start: The stage in which it begins.
        moves: Its moves.
        ended: Whether it ends in a terminal stage.
        customers: The customers that can have it.
        is_certain: Whether all customers of a rule can have it, without waiting.
    """

    def __init__(self, journey, start, moves, customers, *, is_certain):
        self.start, self.moves, self.customers, self.is_certain = start, moves, set(customers), is_certain
        self.ended = (moves[-1].destination if moves else start) in journey.terminal


def list_histories(journey, where, length):
    """All histories of at most `length` moves of the customers to whom a rule applies, the shortest first."""
    customers = [each for each in CUSTOMERS if where.admits(*each, 5.0)]
    level = [(start, (), None, customers, True) for start in journey.initial]
    for _ in range(length + 1):
        following = []
        for start, moves, previous, able, is_certain in level:
            yield ListedHistory(journey, start, moves, able, is_certain=is_certain)
            stage = moves[-1].destination if moves else start
            for move in journey.legal_moves(stage):
                can = [each for each in able if _allows(move, 1e6, previous, each)]
                if can:
                    at_once = all(_allows(move, 0.0, previous, each) for each in customers)
                    stays = not move.restarts_clocks
                    before = previous if stays else stage
                    following.append((start, (*moves, move), before, can, is_certain and at_once))
        level = following


def _allows(move, days, previous, customer):
    segment, tier = customer
    return move.guard is None or move.guard.allows(Facts(days, previous, segment, tier))


def list_runs(rule, history, outside, most):
    """The moments of a history, each a time and symbols, with all times and up to `most` other events in each stay."""
    moments = [[("stage", history.start)]]
    for move in history.moves:
        entry = [("stage", move.destination)] if move.restarts_clocks or move.source != move.destination else []
        moments.append([("move", move.name), *entry])
    seen = [[symbol_of(rule, event) for event in moment if event[0] in rule.kinds] for moment in moments]
    extra = [[()] for _ in seen]
    for index in range(len(seen) - history.ended):
        extra[index] = [each for count in range(most + 1) for each in product(outside, repeat=count)]
    gaps = (0.0,) if rule.within_days is None else (0.0, rule.within_days + 1.0)
    for added in product(*extra):
        parts = [part for moment, others in zip(seen, added, strict=True) for part in (moment, *([o] for o in others))]
        for waits in product(gaps, repeat=len(parts) - history.ended):
            now, events = _BEGUN, []
            for part, wait in zip(parts, (*waits, 0.0), strict=False):
                events += [(now, symbol) for symbol in part]
                now += wait
            yield events, now


def symbol_of(rule, event):
    """What an event is to a rule."""
    named = [{split_event_name(name) for name in names} for names in (rule.a, rule.b)]
    return A if event in named[0] else B if event in named[1] else OTHER


def judge(rule, history, outside=(), most=0):
    """Whether all runs of a history break a rule, whether some do, and whether some meet it."""
    days = inf if rule.within_days is None else rule.within_days
    verdicts = {
        expect_verdict(rule.template, rule.count, days, events, now, history.ended, _BEGUN)
        for events, now in list_runs(rule, history, outside, most)
    }
    return verdicts == {BROKEN}, BROKEN in verdicts, history.ended and SATISFIED in verdicts
