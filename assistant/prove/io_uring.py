"""Just enough io_uring to ask the kernel for a socket without the socket system call.

Layout: `struct io_uring_params`, `io_uring_sqe` and `io_uring_cqe` of linux/io_uring.h;
io_uring_setup(2), io_uring_enter(2).
"""

from __future__ import annotations

import ctypes
import mmap
import os
import struct
import time

from assistant.prove import native_calls

_SETUP_SQPOLL = 2
_OFFSET_SQES = 0x10000000
_OP_SOCKET = 45
_ENTER_GETEVENTS = 1
_SQE_BYTES, _CQE_BYTES, _PARAMETER_BYTES = 64, 16, 120
_PATIENCE = 10.0


class Ring:
    """A ring of four entries. With `polled`, a thread of the kernel looks for work."""

    def __init__(self, *, polled: bool = False) -> None:
        self._polled = polled
        parameters = ctypes.create_string_buffer(_PARAMETER_BYTES)
        # The five words are entries (2), flags, processor, and idle time in milliseconds.
        struct.pack_into("=IIIII", parameters, 0, 0, 0, polled * _SETUP_SQPOLL, 0, 20_000)
        self.descriptor = native_calls.syscall("io_uring_setup", 4, parameters)
        entries, completions = struct.unpack_from("=II", parameters, 0)
        # Offsets in the ring: head, tail, mask, entries, flags, dropped, array (or entries).
        self._submit = struct.unpack_from("=7I", parameters, 40)
        self._complete = struct.unpack_from("=6I", parameters, 80)
        size = max(self._submit[6] + entries * 4, self._complete[5] + completions * _CQE_BYTES)
        # One mapping holds both rings since Linux 5.4 (IORING_FEAT_SINGLE_MMAP).
        self._rings = mmap.mmap(self.descriptor, size, flags=mmap.MAP_SHARED)
        self._sqes = mmap.mmap(
            self.descriptor, entries * _SQE_BYTES, flags=mmap.MAP_SHARED, offset=_OFFSET_SQES
        )

    def close(self) -> None:
        os.close(self.descriptor)

    def socket(self, family: int, kind: int, protocol: int) -> int:
        """Ask for a socket. Raises `OSError` when the kernel says no or does nothing."""
        entry = struct.pack("=BBHiQQII", _OP_SOCKET, 0, 0, family, kind, 0, protocol, 0)
        self._sqes[: len(entry)] = entry
        struct.pack_into("=I", self._rings, self._submit[6], 0)
        tail = self._word(self._submit[1])
        struct.pack_into("=I", self._rings, self._submit[1], tail + 1)
        if not self._polled:
            native_calls.syscall("io_uring_enter", self.descriptor, 1, 1, _ENTER_GETEVENTS, 0, 0)
        return self._completion()

    def _completion(self) -> int:
        until = time.monotonic() + _PATIENCE
        while self._word(self._complete[0]) == self._word(self._complete[1]):
            if time.monotonic() > until:
                raise TimeoutError("the ring does nothing")
            time.sleep(0.001)
        (result,) = struct.unpack_from("=i", self._rings, self._complete[5] + 8)
        if result < 0:
            raise OSError(-result, os.strerror(-result))
        return int(result)

    def _word(self, offset: int) -> int:
        return int(struct.unpack_from("=I", self._rings, offset)[0])
