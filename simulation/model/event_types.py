"""What can be due in a customer's life, in the order in which things due at the very same time happen."""

(
    MOVE,
    EPISODE,
    SYMPTOM,
    NOISE,
    DELIVERY,
    EFFECT_END,
    HARM_END,
    ACTION,
    OUTCOME,
    EXPIRY,
    CADENCE,
    SEASON,
    RENEWAL,
    PAYMENT,
    VALUE,
) = range(15)

EVENT_COUNT = 15
"""Number of entries of an agenda."""

CALM = -1
"""The cause of a customer who is not in distress."""

CALM_SPELL = 1 << 20
"""Marks the identity of the calm spell that follows an episode, to distinguish it from the episode."""
