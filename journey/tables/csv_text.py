"""Prevent spreadsheets from evaluating texts of CSV files as formulas."""

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""First characters of a cell that a spreadsheet evaluates, also in full width."""


def disarm_sql(text: str) -> str:
    """SQL for a text that no spreadsheet evaluates: an apostrophe precedes what would begin a formula.

    Args:
        text: SQL of the text; null stays null.
    """
    starts = ", ".join(f"chr({ord(start)})" for start in _FORMULA_STARTS)
    return f"CASE WHEN left({text}, 1) IN ({starts}) THEN chr(39) || {text} ELSE {text} END"
