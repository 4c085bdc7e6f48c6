"""All probes, in the order in which they run and are reported."""

from __future__ import annotations

import sys

from assistant.prove.probe import Probe


def all_probes() -> dict[str, Probe]:
    """Return every probe by its id; none on a system that they are not written for."""
    if sys.platform != "linux":
        return {}
    from assistant.prove.probes_allowed import ALLOWED
    from assistant.prove.probes_children import CHILDREN
    from assistant.prove.probes_descriptors import DESCRIPTORS
    from assistant.prove.probes_files import FILES
    from assistant.prove.probes_kernel import KERNEL
    from assistant.prove.probes_libraries import LIBRARIES
    from assistant.prove.probes_native import NATIVE
    from assistant.prove.probes_processes import PROCESSES
    from assistant.prove.probes_sockets import SOCKETS

    found: dict[str, Probe] = {}
    for probe in (
        *SOCKETS, *NATIVE, *CHILDREN, *DESCRIPTORS, *LIBRARIES, *FILES, *PROCESSES, *KERNEL,
        *ALLOWED,
    ):  # fmt: skip
        if probe.id in found:
            raise ValueError(f"two probes are called {probe.id}")
        found[probe.id] = probe
    return found
