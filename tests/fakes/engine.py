"""A chat model without a model: it says what the test scripted."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Generator, Sequence
from dataclasses import replace

from assistant.errors import Cancelled, ContextOverflowError
from assistant.types import (
    Calibration,
    CancelToken,
    Message,
    ModelProfile,
    Place,
    Quoted,
    Sampling,
)


def places_of(text: str, passages: Sequence[str]) -> tuple[Place, ...]:
    """All places of the passages where the words of a quote stand whole, as the decoder finds them.

    White space may be any.
    """
    words = r"\s+".join(map(re.escape, text.split()))
    whole = re.compile(rf"(?<!\w){words}(?!\w)" if text[:1].isalnum() else rf"{words}")
    return tuple(
        Place(number, *match.span())
        for number, passage in enumerate(passages)
        for match in whole.finditer(passage)
        if words
    )


def placed(quoted: Quoted, passages: Sequence[str]) -> Quoted:
    """The same with its places, if a test has not said them. A fake makes up no quote either."""
    if not quoted.text or quoted.places:
        return quoted
    places = places_of(quoted.text, passages)
    assert places, f"{quoted.text!r} stands in none of {passages}"
    return replace(quoted, places=places)


class FakeChat:
    """Yields `pieces` for every prompt, or the next script of `scripts` while there is one.

    Words are tokens. `prompts` and `samplings` record what was asked; `delay` is the time
    in seconds before each piece (a cancel ends it at once); `fail_with` is raised before
    the piece number `fail_at`. `active` is the number of `generate` calls that run now.
    """

    def __init__(
        self,
        pieces: Sequence[str] = ("A fake ", "answer."),
        *,
        scripts: Sequence[Sequence[str]] = (),
        delay: float = 0.0,
        context_length: int = 2048,
        name: str = "fake-chat",
        fail_with: Exception | None = None,
        fail_at: int = 0,
        calibration: Calibration | None = None,
        profile: ModelProfile | None = None,
        quoted: Quoted | None = None,
    ) -> None:
        self.calibration = calibration or Calibration()
        self.profile = profile or ModelProfile()
        self.quoted = quoted or Quoted("", 0.0, 0.0, 0)
        self.quoted_from: tuple[str, ...] = ()
        self._pieces = tuple(pieces)
        self._scripts = [tuple(script) for script in scripts]
        self._delay = delay
        self._context_length = context_length
        self._name = name
        self._lock = threading.Lock()
        self.fail_with = fail_with
        self.fail_at = fail_at
        self.prompts: list[str] = []
        self.warmed_up: list[str] = []
        self.messages: list[tuple[Message, ...]] = []
        self.samplings: list[Sampling] = []
        self.active = 0
        self.cancelled = 0

    @property
    def name(self) -> str:
        return self._name

    @property
    def context_length(self) -> int:
        return self._context_length

    def quote(
        self,
        prompt: str,
        passages: Sequence[str],
        refusal: str,
        cancel: CancelToken | None = None,
        *,
        max_tokens: int = 192,
    ) -> Quoted:
        if cancel is not None:
            cancel.raise_if_cancelled()
        self._check_fits(prompt)
        self.prompts.append(prompt)
        self.quoted_from = tuple(passages)
        return placed(self.quoted, passages)

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def render(self, messages: Sequence[Message]) -> str:
        self.messages.append(tuple(messages))
        turns = "".join(f"<{m.role}>\n{m.content}\n</{m.role}>\n" for m in messages)
        return f"{turns}<assistant>\n"

    def warm_up(self, prompt: str) -> None:
        self.warmed_up.append(prompt)

    def generate(
        self, prompt: str, sampling: Sampling, cancel: CancelToken | None = None
    ) -> Generator[str, None, None]:
        self.prompts.append(prompt)
        self.samplings.append(sampling)
        self._check_fits(prompt)
        pieces = self._scripts.pop(0) if self._scripts else self._pieces
        with self._lock:
            self.active += 1
            try:
                for number, piece in enumerate(pieces[: sampling.max_tokens]):
                    if self.fail_with is not None and number == self.fail_at:
                        raise self.fail_with
                    self._wait(cancel)
                    yield piece
            finally:
                self.active -= 1

    def _check_fits(self, prompt: str) -> None:
        if self.count_tokens(prompt) + 1 > self._context_length:
            raise ContextOverflowError("The prompt does not fit the context of the fake model.")

    def _wait(self, cancel: CancelToken | None) -> None:
        if cancel is None:
            time.sleep(self._delay)
            return
        stopped = threading.Event()
        with cancel.calling(stopped.set):
            if stopped.wait(self._delay) or cancel.is_cancelled:
                self.cancelled += 1
                raise Cancelled
