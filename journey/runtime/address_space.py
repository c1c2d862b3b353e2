"""The limit on the address space of this process, and a check of it before a large library is loaded.

C and C++ libraries abort the process when they cannot allocate memory; Python has no exception to catch. Therefore the
address space is checked before they are loaded.
"""

import os
import sys
from pathlib import Path

from journey.core.errors import InputError

MIB = 2**20


def refuse_small_address_space(purpose: str, needed: float) -> None:
    """Raise an error if the limit on the address space leaves less than is needed.

    Args:
        purpose: What the memory is for; the subject of the message.
        needed: Smallest number of bytes for this purpose.

    Raises:
        InputError: The limit leaves less; the message gives both figures and the cure.
    """
    free = free_address_space()
    if free is not None and free < needed:
        raise InputError(
            f"there is not enough memory: {purpose} needs at least {needed / 1e6:,.0f} MB, and the limit on the "
            f"address space of this process leaves {max(0, free) / 1e6:,.0f} MB; raise the limit (ulimit -v), or run "
            "the command without one"
        )


def free_address_space() -> int | None:
    """Bytes that the limit on the address space (``ulimit -v``) leaves; None if there is no limit."""
    limit = address_space_limit()
    return None if limit is None else limit - _used_address_space()


def address_space_limit() -> int | None:
    """The limit on the address space (``ulimit -v``) in bytes; None if there is no limit."""
    if sys.platform == "win32":
        return None
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if soft == resource.RLIM_INFINITY else soft


def _used_address_space() -> int:
    """Bytes of address space in use; 0 where the system does not report it."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0
