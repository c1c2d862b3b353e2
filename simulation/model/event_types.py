"""Types of a customer's scheduled events, in the order in which simultaneous events happen."""

(
    MOVE,
    EPISODE,
    SYMPTOM,
    NOISE,
    DELIVERY,
    EFFECT_END,
    HARM_END,
    MOVE_EFFECT_END,
    DISCOUNT_END,
    ACTION,
    OUTCOME,
    EXPIRY,
    CADENCE,
    SEASON,
    RENEWAL,
    PAYMENT,
    VALUE,
) = range(17)

EVENT_COUNT = 17
"""Number of event types."""

CALM = -1
"""The cause of a customer who is not in distress."""

CALM_SPELL = 1 << 20
"""Flag in the number of a calm spell: the number of the episode before it, with this bit set."""
