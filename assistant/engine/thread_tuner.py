"""Tune the number of threads while tokens are written, by the time each token takes.

The threads of llama.cpp meet at some 800 barriers for each token. On a quiet machine more
threads are faster; as soon as anything else wants a core, each barrier waits for a thread
that is not running, and one thread alone is several times as fast as two. Neither can be
known beforehand, so the time that tokens take decides.
"""

from __future__ import annotations

RETRY_MORE = 32
"""Tokens after which a larger number of threads is tried again (the load may be gone)."""

RETRY_FEWER = 256
"""Tokens after which a smaller number is tried again; more, since it slows a quiet machine."""


class ThreadTuner:
    """Picks from (all, half, one) of `threads` by the seconds that tokens took."""

    def __init__(self, threads: int) -> None:
        self._choices = tuple(sorted({max(1, threads), max(1, threads // 2), 1}, reverse=True))
        self._seconds: dict[int, float] = {}
        self._untried = dict.fromkeys(self._choices, 0)

    def threads(self) -> int:
        """Return the number of threads for the next token."""
        for choice in self._choices:
            if choice not in self._seconds:
                return choice
        best = min(self._choices, key=self._seconds.__getitem__)
        for choice in self._choices:
            wait = RETRY_MORE if choice > best else RETRY_FEWER
            if choice != best and self._untried[choice] >= wait:
                return choice
        return best

    def took(self, threads: int, seconds: float) -> None:
        """Record that a token took `seconds` with `threads`."""
        recent = self._untried[threads] < 2
        old = self._seconds.get(threads, seconds)
        self._seconds[threads] = (old + seconds) / 2 if recent else seconds
        for choice in self._choices:
            self._untried[choice] += 1
        self._untried[threads] = 0
