"""Failures of the platform as messages: memory, disk, encoding and database.

Such a failure can happen in any step of any command. It is described here once, and not where it happens.
"""

import errno
import sys

from journey.runtime.address_space import address_space_limit

_FEWER = "give the command fewer records or fewer customers, or run it on a machine with more memory"

_RAISE_LIMIT = ", or raise the limit on the address space (ulimit -v)"

_MEMORY_PHRASES = (
    "Out of Memory",
    "bad allocation",
    "Cannot allocate memory",
    "failed to map segment",
    "libllvmlite.so",
)
"""Parts of messages of the database, of the loader of libraries, and of Numba, where they get no memory."""


def describe_failure(error: BaseException) -> str | None:
    """What failed, and how to mend it; None if the error is not a failure of the platform."""
    if _is_lack_of_memory(error):
        return f"there is not enough memory; {_FEWER}{'' if address_space_limit() is None else _RAISE_LIMIT}"
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        return f"no thread can be started: there is too little memory, or a limit on processes (ulimit -u); {_FEWER}"
    if isinstance(error, UnicodeDecodeError | UnicodeEncodeError):
        return f"a text cannot be read or written in its encoding ({error.reason}); use UTF-8"
    if isinstance(error, OSError):
        return _describe_os_error(error)
    return _describe_database_error(error)


def describe_undecodable(value: object) -> str | None:
    """What is wrong with an argument that is not UTF-8, or contains such a text; None if nothing is."""
    # Imported here, because `--help` needs no records.
    from journey.records.encoding import is_utf8

    if isinstance(value, list | tuple):
        return next((found for part in value if (found := describe_undecodable(part))), None)
    if value is None or is_utf8(str(value)):
        return None
    shown = _show_bytes(str(value))
    return f"the argument '{shown}' is not UTF-8 text; rename the file or folder, or write the text in UTF-8"


def _show_bytes(argument: str) -> str:
    r"""An argument with its bytes that are no text as codes such as ``\xff``."""
    return argument.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _is_lack_of_memory(error: BaseException) -> bool:
    """Whether memory is short: in Python, in the database, or while a library is loaded."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    duckdb = sys.modules.get("duckdb")
    may_be = (ImportError, OSError, RuntimeError, *(() if duckdb is None else (duckdb.Error,)))
    return isinstance(error, may_be) and any(part in str(error) for part in _MEMORY_PHRASES)


def _describe_os_error(error: OSError) -> str:
    what = error.strerror or str(error)
    if error.errno == errno.ENOSPC:
        where = "name another folder" if error.filename else "redirect the output to another place"
        what = f"the disk or the output is full ({what}); free some space, or {where}"
    return f"operating system error: {what}" if error.filename is None else f"{error.filename}: {what}"


def _describe_database_error(error: BaseException) -> str | None:
    # An error of the database exists only where the database was imported.
    duckdb = sys.modules.get("duckdb")
    if duckdb is None or not isinstance(error, duckdb.Error):
        return None
    first_line = (str(error).strip().splitlines() or ["unknown reason"])[0]
    if isinstance(error, duckdb.IOException):
        return f"a file cannot be read or written: {first_line}; check the disk's space and the file's permissions"
    return None
