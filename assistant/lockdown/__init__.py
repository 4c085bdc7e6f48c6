"""The lockdown: deny this process the network, other processes and other folders.

`engage` is called once, by the real command, before any document or model is opened. It can't
be undone, and every child inherits it. `current` says what is in force.
"""

from assistant.lockdown.descriptors import close_inherited
from assistant.lockdown.engage import (
    child_preamble,
    compute_only,
    current,
    engage,
    prepare_compute_only,
    preview,
    said,
    try_sockets,
)
from assistant.lockdown.report import Facility, LockdownReport, Policy, Results, State, Tier

__all__ = [
    "Facility",
    "LockdownReport",
    "Policy",
    "Results",
    "State",
    "Tier",
    "child_preamble",
    "close_inherited",
    "compute_only",
    "current",
    "engage",
    "prepare_compute_only",
    "preview",
    "said",
    "try_sockets",
]
