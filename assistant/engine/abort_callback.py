"""Interrupt llama.cpp in the middle of a computation."""

from __future__ import annotations

import ctypes
from typing import Any


class AbortFlag:
    """Tells llama.cpp to stop, even in the middle of a prefill, at no cost.

    llama.cpp calls back after every node of the graph (thousands a second). A Python
    callback would take the interpreter's lock each time; the C library's `strlen` on a
    buffer does not: "" is 0 (go on), "x" is 1 (stop).
    """

    def __init__(self, binding: Any) -> None:
        self._buffer = ctypes.create_string_buffer(2)
        c_library = ctypes.CDLL(None)
        address = ctypes.cast(c_library.strlen, ctypes.c_void_p).value
        self.callback = binding.ggml_abort_callback(address)
        self.data = ctypes.cast(self._buffer, ctypes.c_void_p)

    def set(self) -> None:
        self._buffer[0] = b"x"

    def clear(self) -> None:
        self._buffer[0] = b"\0"
