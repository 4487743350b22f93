"""Exclusive locks on open files, which the system releases when their process dies, however it dies."""

import sys
from typing import IO

if sys.platform == "win32":
    import msvcrt

    def lock(file: IO[bytes]) -> bool:
        """False where another process holds it."""
        position = file.tell()
        file.seek(1 << 40)  # locks are mandatory there: one far byte stands for the file
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            file.seek(position)
        return True

else:
    import fcntl

    def lock(file: IO[bytes]) -> bool:
        """False where another process holds it."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
