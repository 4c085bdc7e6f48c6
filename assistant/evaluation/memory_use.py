"""Measure this process's resident memory, now and at its peak."""

from __future__ import annotations

import sys
from pathlib import Path

_STATM = Path("/proc/self/statm")


class Memory:
    """Looks now and then; the most that was seen is `most` (bytes, 0 if it can't be told).

    On Linux the resident pages, mapped model files among them (proc_pid_statm(5)). Elsewhere
    the process's own maximum so far (getrusage(2)), which never goes down.
    """

    def __init__(self) -> None:
        self.most = 0

    def look(self) -> None:
        self.most = max(self.most, _resident())


def _resident() -> int:
    if sys.platform == "win32":
        return 0
    import resource

    try:
        pages = int(_STATM.read_bytes().split()[1])
    except (OSError, ValueError, IndexError):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most << 10
    return pages * resource.getpagesize()
