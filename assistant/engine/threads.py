"""How many threads to compute with: one for each physical core that we may use."""

from __future__ import annotations

import os
from pathlib import Path


def physical_cores(root: Path = Path("/sys/devices/system/cpu")) -> int:
    """Count the physical cores of the processors that this process may run on.

    Two threads of one core share its arithmetic units, so the second one only gets in
    the way. Where the topology can't be read, every processor counts as a core.
    """
    usable = (
        os.sched_getaffinity(0)
        if hasattr(os, "sched_getaffinity")
        else set(range(os.cpu_count() or 1))
    )
    cores: set[str] = set()
    for number in usable:
        topology = root / f"cpu{number}" / "topology"
        try:
            cores.add((topology / "thread_siblings_list").read_text(encoding="ascii").strip())
        except (OSError, UnicodeDecodeError):
            cores.add(f"cpu{number}")
    return max(1, len(cores))
