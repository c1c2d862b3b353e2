"""The default signal types, actions and playbook of a policy, as data; see `journey.decision.policy`."""

from typing import Any

SIGNAL_TYPES: dict[str, dict[str, Any]] = {
    # Negative types of the bundled data. Weights 0.65 to 0.85: how strongly the type predicts churn.
    "support_ticket_spike": {"polarity": "negative", "weight": 0.80, "cause": "support_pain"},
    "repeat_support_tickets": {"polarity": "negative", "weight": 0.80, "cause": "support_pain"},
    "support_satisfaction_low": {"polarity": "negative", "weight": 0.75, "cause": "support_pain"},
    "negative_sentiment": {"polarity": "negative", "weight": 0.70, "cause": "dissatisfaction"},
    "failed_onboarding_step": {"polarity": "negative", "weight": 0.85, "cause": "failed_onboarding"},
    "usage_drop": {"polarity": "negative", "weight": 0.65, "cause": "falling_usage"},
    "low_product_usage": {"polarity": "negative", "weight": 0.65, "cause": "falling_usage"},
    "inactivity_warning": {"polarity": "negative", "weight": 0.65, "cause": "disengagement"},
    # One more negative type, for a cause that the bundled data's texts name and its records lack.
    "price_complaint": {"polarity": "negative", "weight": 0.70, "cause": "price"},
    # Positive types of the bundled data. Weights 0.6 to 0.9: how strongly the type predicts retention.
    "positive_sentiment": {"polarity": "positive", "weight": 0.70, "cause": "satisfaction"},
    "renewal_intent": {"polarity": "positive", "weight": 0.90, "cause": "renewal"},
    "usage_recovery": {"polarity": "positive", "weight": 0.70, "cause": "recovery"},
}

ACTIONS: dict[str, dict[str, Any]] = {
    "proactive_outreach": {"delivery": "human", "cost": 60.0, "averts": 0.25},
    "onboarding_nudge_email": {"delivery": "automated", "cost": 0.5, "averts": 0.05},
    "onboarding_specialist_call": {"delivery": "human", "cost": 120.0, "averts": 0.30},
    "usage_review_checkin": {"delivery": "human", "cost": 45.0, "averts": 0.15},
    "support_manager_followup": {"delivery": "human", "cost": 80.0, "averts": 0.25},
    "reengagement_campaign": {"delivery": "automated", "cost": 2.0, "averts": 0.06},
    "renewal_health_check": {"delivery": "human", "cost": 50.0, "averts": 0.08},
    "monitor_only": {"delivery": "none", "cost": 0.0, "averts": 0.0},
}

_ANY_STAGE = ("onboarding", "engagement", "retention", "support", "escalation")
PLAYS: tuple[dict[str, Any], ...] = (
    # Earlier entries take precedence.
    {"stages": ("retention",), "opportunities": ("renewal_intent",), "action": "renewal_health_check"},
    {"stages": ("support", "escalation"), "causes": ("price",), "action": "proactive_outreach"},
    {
        "stages": ("support", "escalation"),
        "causes": (
            "support_pain",
            "dissatisfaction",
            "failed_onboarding",
            "falling_usage",
            "disengagement",
            "other",
            "stalled",
        ),
        "action": "support_manager_followup",
    },
    {"stages": ("onboarding", "engagement"), "causes": ("failed_onboarding",), "action": "onboarding_specialist_call"},
    {
        "stages": ("onboarding",),
        "causes": ("falling_usage", "disengagement", "stalled"),
        "action": "onboarding_nudge_email",
    },
    {"stages": ("engagement", "retention"), "causes": ("falling_usage",), "action": "usage_review_checkin"},
    {"stages": ("engagement", "retention"), "causes": ("disengagement", "stalled"), "action": "reengagement_campaign"},
    {"stages": ("engagement", "retention"), "causes": ("support_pain",), "action": "support_manager_followup"},
    {"stages": ("retention",), "causes": ("price",), "action": "renewal_health_check"},
    {
        "stages": _ANY_STAGE,
        "causes": ("support_pain", "dissatisfaction", "price", "failed_onboarding", "other"),
        "action": "proactive_outreach",
    },
)
