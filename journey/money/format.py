"""Dollars as text: one rounded form for comparisons, and one exact form for ledgers and records."""


def format_dollars(amount: float | None, *, show_plus: bool = False) -> str:
    """Dollars with at least three significant figures: ``-$1.24M``, ``$83.1k``, ``$412``, ``$0.002``.

    Args:
        amount: Dollars; None is written as ``unknown``.
        show_plus: Whether a positive amount has a plus sign, as differences do.
    """
    if amount is None:
        return "unknown"
    size = abs(amount)
    if size >= 1e6:
        text = f"{size / 1e6:,.2f}M"
    elif size >= 1e4:
        text = f"{size / 1e3:,.1f}k"
    elif size >= 100:
        text = f"{size:,.0f}"
    else:
        text = f"{size:.2f}" if size >= 0.1 or size == 0.0 else f"{size:.3g}"
    return f"{_format_sign(amount, show_plus=show_plus)}${text}"


def format_exact_dollars(amount: float | None, *, show_plus: bool = False) -> str:
    """Dollars and cents: ``$1,234.50``, ``-$0.99``; ``unknown`` where there is no amount.

    An amount that rounds to zero cents has no sign.
    """
    if amount is None:
        return "unknown"
    cents = round(amount, 2) or 0.0
    return f"{_format_sign(cents, show_plus=show_plus)}${abs(cents):,.2f}"


def _format_sign(amount: float, *, show_plus: bool) -> str:
    return "-" if amount < 0 else "+" if show_plus and amount > 0 else ""
