"""A probe: one way out, attempted once without the lockdown (the control) and once with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Evidence = Literal["arrival", "landed", "claim", "allowed"]
"""What shows that an attempt got through: its token came to a listener of the parent; its
token landed in a folder outside the data folder; or the kernel said yes to the call itself.
"allowed" is none of these: what must still work under the lock, so that a child in which
nothing works at all is not taken for a locked one."""


class Absent(Exception):  # noqa: N818 - a finding, not a fault
    """The kernel, the machine or this user lacks what the probe would use."""


class Refused(Exception):  # noqa: N818 - a finding, not a fault
    """Another program that was to get out says that it could not."""


@dataclass(frozen=True, slots=True)
class Arena:
    """Where one attempt takes place: its addresses, folders and token.

    `token` is a text that no other attempt has. `addresses` are those of the parent's
    listeners, all on loopback or on UNIX sockets. `data` may be written under the lock,
    `outside` may not; `secret` is a file in it whose content is the token.
    """

    token: str
    addresses: dict[str, Any]
    data: Path
    outside: Path
    helpers: dict[str, str] = field(default_factory=dict)

    @property
    def message(self) -> bytes:
        """What is sent: the token as a line."""
        return self.token.encode() + b"\n"

    @property
    def secret(self) -> Path:
        return self.outside / "home" / ".ssh" / "id_ed25519"

    def port(self, listener: str) -> int:
        return int(self._found(listener)[1])

    def address(self, listener: str) -> Any:
        """Return the address in the form that the socket calls of Python take."""
        found = self._found(listener)
        if listener == "abstract":
            return "\0" + found
        return tuple(found) if isinstance(found, list) else found

    def _found(self, listener: str) -> Any:
        if listener not in self.addresses:
            raise Absent(f"this machine has no listener {listener}")
        return self.addresses[listener]


Attempt = Callable[..., object]
"""Tries to get out, given the arena (and what `before` returned, if there is one). Returns when
it did; raises OSError, `Refused` or `Absent` when not."""
Before = Callable[[Arena], Any]
"""What the process does before it is locked; its value is handed to the attempt."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One way out. `privileged`: a plain user may not do this even without the lock, so
    that EPERM or EACCES in the control means "absent". `lacking`: a refusal of the control
    (any error number) means that this machine lacks it, not that the probe is broken.
    """

    group: str
    evidence: Evidence
    id: str
    what: str
    attempt: Attempt
    before: Before | None = None
    privileged: bool = False
    lacking: bool = False

    def make(self, arena: Arena, held: Any = None) -> None:
        """Make the attempt; `held` is what `before` returned."""
        self.attempt(*((arena, held) if self.before else (arena,)))
