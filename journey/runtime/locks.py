"""A lock on an open file, which the operating system releases when the process ends."""

import sys
from typing import BinaryIO

if sys.platform == "win32":
    import msvcrt

    _FAR_AWAY = 2**62
    """Windows locks bytes, and locked bytes cannot be read. The locked byte is far beyond any content."""

    def lock(file: BinaryIO) -> bool:
        """Lock a file; False when another process holds it."""
        here = file.tell()
        file.seek(_FAR_AWAY)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            file.seek(here)
        return True

else:
    import fcntl

    def lock(file: BinaryIO) -> bool:
        """Lock a file; False when another process holds it."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            # Some network file systems have no locks; the run continues without one.
            return True
        return True
