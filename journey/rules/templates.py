"""The templates of rules: those of the process-mining language DECLARE, over finite histories.

Sources: M. Pesic, H. Schonenberg, W. van der Aalst, "DECLARE: Full support for loosely-structured processes" (EDOC
2007); for finite histories G. De Giacomo, M. Vardi, "Linear temporal logic and linear dynamic logic on finite traces"
(IJCAI 2013). `chain_precedence` forbids B as the first event, as the regular expressions of C. Di Ciccio and M. Mecella
do, "On the discovery of declarative control flows for artful processes" (ACM TMIS 2015); the formula "always, if B is
next, then A is now" leaves it open.
"""

from enum import StrEnum
from typing import NamedTuple


class Days(StrEnum):
    """What `within_days` means in a template."""

    FROM_START = "from_start"
    """The event happens within this number of days of the beginning of the history."""
    BETWEEN = "between"
    """The two events are at most this number of days apart."""
    WINDOW = "window"
    """The events are counted in every period of this length."""
    UNUSED = "unused"
    """The template has no `within_days`."""


class Template(NamedTuple):
    """A template of rules.

    Attributes:
        code: Its code in `journey.rules.monitor`.
        text: What it demands, with ``{a}``, ``{b}`` and ``{count}`` in place of the parameters.
        has_b: Whether it is about two events.
        has_count: Whether it has a `count`.
        days: What `within_days` means.
        forbids: Whether it forbids something: then a window in days makes it weaker, otherwise stronger.
    """

    code: int
    text: str
    has_b: bool = False
    has_count: bool = False
    days: Days = Days.BETWEEN
    forbids: bool = False


(
    EXISTENCE,
    ABSENCE,
    EXACTLY,
    INIT,
    END,
    CHOICE,
    EXCLUSIVE_CHOICE,
    RESPONDED_EXISTENCE,
    CO_EXISTENCE,
    RESPONSE,
    PRECEDENCE,
    SUCCESSION,
    ALTERNATE_RESPONSE,
    ALTERNATE_PRECEDENCE,
    ALTERNATE_SUCCESSION,
    CHAIN_RESPONSE,
    CHAIN_PRECEDENCE,
    CHAIN_SUCCESSION,
    NOT_CO_EXISTENCE,
    NOT_SUCCESSION,
    NOT_CHAIN_SUCCESSION,
) = range(21)

TEMPLATES: dict[str, Template] = {
    "existence": Template(EXISTENCE, "{a} happens at least {count}", has_count=True, days=Days.FROM_START),
    "absence": Template(ABSENCE, "{a} happens less than {count}", has_count=True, days=Days.WINDOW, forbids=True),
    "exactly": Template(EXACTLY, "{a} happens exactly {count}", has_count=True, days=Days.UNUSED),
    "init": Template(INIT, "{a} is the first event", days=Days.UNUSED),
    "end": Template(END, "{a} is the last event", days=Days.UNUSED),
    "choice": Template(CHOICE, "{a} or {b} happens", has_b=True, days=Days.FROM_START),
    "exclusive_choice": Template(EXCLUSIVE_CHOICE, "{a} or {b} happens, but not both", has_b=True, days=Days.UNUSED),
    "responded_existence": Template(
        RESPONDED_EXISTENCE, "where {a} happens, {b} happens before or after it", has_b=True
    ),
    "co_existence": Template(CO_EXISTENCE, "where one of {a} and {b} happens, the other happens too", has_b=True),
    "response": Template(RESPONSE, "{a} is followed by {b}", has_b=True),
    "precedence": Template(PRECEDENCE, "{b} happens only after {a}", has_b=True),
    "succession": Template(SUCCESSION, "{a} is followed by {b}, and {b} happens only after {a}", has_b=True),
    "alternate_response": Template(ALTERNATE_RESPONSE, "{a} is followed by {b} before the next {a}", has_b=True),
    "alternate_precedence": Template(ALTERNATE_PRECEDENCE, "{b} happens only after {a}, once for each {a}", has_b=True),
    "alternate_succession": Template(ALTERNATE_SUCCESSION, "{a} and {b} alternate, beginning with {a}", has_b=True),
    "chain_response": Template(CHAIN_RESPONSE, "{a} is immediately followed by {b}", has_b=True),
    "chain_precedence": Template(CHAIN_PRECEDENCE, "{b} happens only immediately after {a}", has_b=True),
    "chain_succession": Template(
        CHAIN_SUCCESSION, "{a} and {b} happen only one immediately after the other", has_b=True
    ),
    "not_co_existence": Template(NOT_CO_EXISTENCE, "{a} and {b} do not both happen", has_b=True, forbids=True),
    "not_succession": Template(NOT_SUCCESSION, "{a} is not followed by {b}", has_b=True, forbids=True),
    "not_chain_succession": Template(
        NOT_CHAIN_SUCCESSION, "{a} is not immediately followed by {b}", has_b=True, forbids=True
    ),
}
"""The templates by name."""
