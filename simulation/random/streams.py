"""Keyed random streams: common random numbers for the same event in every arm, engine and process.

A draw is a pure function of (seed, replication, customer, purpose, identity of the event). There is no generator to
advance, so streams stay synchronised between arms: when a policy changes one event of a customer, the draws of all
other events (stage visits, episodes, symptoms) stay the same.

The generator is SplitMix64 (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195) read at an index instead of in
sequence: draw ``i`` of key ``k`` is ``mix(k + i * GOLDEN)``. Python integers and compiled uint64 give the same bits.
"""

from math import log

MASK = 0xFFFF_FFFF_FFFF_FFFF
GOLDEN = 0x9E37_79B9_7F4A_7C15
MIX_1 = 0xBF58_476D_1CE4_E5B9
MIX_2 = 0x94D0_49BB_1331_11EB
SHIFT_1, SHIFT_2, SHIFT_3, SHIFT_TO_52_BITS = 30, 27, 31, 12
word64 = int
"""Compiled code replaces this type, and the constants above, with unsigned 64-bit integers (see `UNSIGNED`)."""

IDENTITY_LIMIT = 1 << 24
"""Upper bound (exclusive) of the two numbers that identify an event."""

# Purposes. The numbers are part of every stream's key: append new ones, never renumber, or all results change.
MOVE = 1
ONSET = 2
CAUSE = 3
RECOVERY = 4
SYMPTOM = 5
SYMPTOM_TYPE = 6
SYMPTOM_STRENGTH = 7
SYMPTOM_SOURCE = 8
SYMPTOM_DELAY = 9
NOISE = 10
NOISE_TYPE = 11
NOISE_STRENGTH = 12
NOISE_SOURCE = 13
NOISE_DELAY = 14
RELIEF_TYPE = 15
RELIEF_STRENGTH = 16
RELIEF_DELAY = 17
SERVICE = 18
VERDICT = 19
OVERRIDE = 20
RESPONSE = 21
FRAILTY = 22
SEGMENT = 23
TIER = 24
VALUE = 25
TENURE = 26
START_STAGE = 27
START_AGE = 28
START_DISTRESS = 29
CADENCE = 30
RELIEF_SOURCE = 31
ARM = 32
CONSENT = 33
ARRIVES = 34
LEAVES_AT_RENEWAL = 35
CHARGE_FAILS = 36
CHARGE_RECOVERED = 37
FIRST_CHARGE = 38
VALUE_CHANGE = 39
VALUE_CHANGE_KIND = 40
SIGNAL_RECORD = 41
SIGNAL_LATE = 42
SIGNAL_LATE_DELAY = 43
SIGNAL_TWICE = 44
STAGE_RECORD = 45
STAGE_RECORDED_AS = 46
PROSPECT_GAP = 47
PROSPECT_NEW = 48
PROSPECT_SEGMENT = 49
PROSPECT_DEPTH = 50
PROSPECT_TIME = 51
PROSPECT_DELAY = 52
APPROVAL = 53
APPROVAL_DELAY = 54


def mix(word: int) -> int:
    """Stafford's variant 13 of the 64-bit finaliser: a bijection in which every input bit affects every output bit."""
    word = ((word ^ (word >> SHIFT_1)) * MIX_1) & MASK
    word = ((word ^ (word >> SHIFT_2)) * MIX_2) & MASK
    return word ^ (word >> SHIFT_3)


def customer_key(seed: int, replication: int, customer: int) -> int:
    """The key of one customer's streams.

    Args:
        seed: The scenario's seed, 0 or more.
        replication: Number of the replication, 0 or more.
        customer: Number of the customer in the population, 0 or more.
    """
    key = mix((word64(seed) + GOLDEN) & MASK)
    key = mix((key + GOLDEN * word64(replication + 1)) & MASK)
    return mix((key + GOLDEN * word64(customer + 1)) & MASK)


def uniform(key: int, purpose: int, context: int, occurrence: int) -> float:
    """A uniform draw in the open interval (0, 1): the exact middle of one of 2^52 equal cells.

    Args:
        key: The customer's key.
        purpose: The purpose of the draw, one of the constants above.
        context: First number of the event's identity (the stage visited, the episode), below IDENTITY_LIMIT.
        occurrence: Second number (which visit, which symptom of the episode), below IDENTITY_LIMIT.
    """
    word = word64((purpose << 48) ^ (context << 24) ^ occurrence)
    return ((mix((key + GOLDEN * word) & MASK) >> SHIFT_TO_52_BITS) + 0.5) * 2.220446049250313e-16


def exponential(key: int, purpose: int, context: int, occurrence: int) -> float:
    """A unit-exponential draw: ``-log`` of the uniform draw, positive and finite."""
    return -log(uniform(key, purpose, context, occurrence))


KERNELS = (mix, customer_key, uniform, exponential)
"""Functions to compile, callees before callers."""

INLINED = (mix, uniform, exponential)
"""Functions to inline, because most events call them."""

UNSIGNED = (
    "MASK",
    "GOLDEN",
    "MIX_1",
    "MIX_2",
    "SHIFT_1",
    "SHIFT_2",
    "SHIFT_3",
    "SHIFT_TO_52_BITS",
)
"""Constants that must be unsigned 64-bit integers in compiled code."""
