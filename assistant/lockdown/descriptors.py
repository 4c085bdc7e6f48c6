"""Check open descriptors: a connection opened before the lockdown would be a way past it."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Collection

_HIGHEST = 1 << 20
_LOOKED_AT = 1024


def close_inherited(keep: Collection[int] = ()) -> None:
    """Close every descriptor above 2 but those in `keep`.

    To be called first, before the program has opened anything of its own.
    """
    low = 3
    for number in sorted(n for n in keep if n >= low):
        os.closerange(low, number)
        low = number + 1
    os.closerange(low, max(_HIGHEST, low))


def network_streams(numbers: Collection[int] = (0, 1, 2)) -> list[str]:
    """Name the descriptors that are connections: sockets of a network, or datagram sockets.

    A UNIX stream socket is let pass: it leads to who started us and nowhere else, as a
    pipe does. A datagram socket can be sent to any address.
    """
    return [
        f"descriptor {number} is a socket of family {family}"
        for number in numbers
        if (family := _network_family(number)) is not None
    ]


def unexpected(keep: Collection[int] = ()) -> list[int]:
    """Return descriptors above 2 that are open; probed one by one, without /proc."""
    return [n for n in range(3, _LOOKED_AT) if n not in keep and _is_open(n)]


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _network_family(number: int) -> str | None:
    try:
        if not stat.S_ISSOCK(os.fstat(number).st_mode):
            return None
    except OSError:
        return None
    try:
        looked_at = socket.socket(fileno=os.dup(number))
    except OSError:
        return "that can't be told"
    with looked_at:
        unix = looked_at.family == getattr(socket, "AF_UNIX", None)
        if unix and looked_at.type == socket.SOCK_STREAM:
            return None
        return getattr(looked_at.family, "name", str(looked_at.family))
