"""A lock on an open file that ends with the process that holds it, however that ends."""

import sys
from typing import BinaryIO

if sys.platform == "win32":
    import msvcrt

    _FAR_AWAY = 2**62
    """Windows locks bytes, and locked bytes cannot be read: one is taken where no content will ever be."""

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
            # Some network file systems know no locks; a run there is not worth refusing.
            return True
        return True
