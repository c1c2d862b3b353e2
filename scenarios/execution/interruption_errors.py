"""Which errors mean Ctrl-C: it arrives as an error of another type where a library or a class definition runs."""


def is_interruption(error: BaseException) -> bool:
    """Whether Ctrl-C caused the error.

    During a query, DuckDB handles it and raises a RuntimeError. So does Python while it defines a class.
    """
    if isinstance(error, KeyboardInterrupt):
        return True
    if not isinstance(error, RuntimeError):
        return False
    return isinstance(error.__cause__, KeyboardInterrupt) or "interrupt" in str(error).lower()
