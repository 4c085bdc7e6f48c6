"""Choose the number of threads: one for each physical core that we may use."""

from __future__ import annotations

import os
from pathlib import Path


def usable_processors() -> set[int]:
    """Return the numbers of the logical processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return set(range(os.cpu_count() or 1))


def threads_for(wanted: int) -> int:
    """Return how many threads to use if `wanted` are asked for (0 or less: we choose).

    Never more than there are processors: more only wait for each other, and llama.cpp
    crashes when it is given some thousands.
    """
    chosen = wanted if wanted > 0 else physical_cores()
    return max(1, min(chosen, len(usable_processors())))


def physical_cores(root: Path = Path("/sys/devices/system/cpu")) -> int:
    """Count the physical cores of the processors that this process may run on.

    Two threads of one core share its arithmetic units, so the second one only gets in
    the way. Where the topology can't be read, every processor counts as a core.
    """
    cores: set[str] = set()
    for number in usable_processors():
        topology = root / f"cpu{number}" / "topology"
        try:
            cores.add((topology / "thread_siblings_list").read_text(encoding="ascii").strip())
        except (OSError, UnicodeDecodeError):
            cores.add(f"cpu{number}")
    return max(1, len(cores))
