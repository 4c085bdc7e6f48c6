"""A chat model that is loaded when it is first asked to do something.

Where a reader answers, most questions never need it: half a second and 200 MB are saved.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence

from assistant.types import (
    Calibration,
    CancelToken,
    ChatEngine,
    Message,
    Quoted,
    Sampling,
    WeightedPassage,
    WeightedQuotes,
)


class LazyChat:
    """Implements `types.ChatEngine`. `name` and `calibration` are known without the model.

    Whatever else is asked of it loads the model first, and raises what `load` raises.
    """

    def __init__(self, name: str, calibration: Calibration, load: Callable[[], ChatEngine]) -> None:
        self.name = name
        self.calibration = calibration
        self._load = load
        self._lock = threading.Lock()
        self._chat: ChatEngine | None = None

    @property
    def _loaded(self) -> ChatEngine:
        with self._lock:
            if self._chat is None:
                self._chat = self._load()
            return self._chat

    @property
    def context_length(self) -> int:
        return self._loaded.context_length

    @property
    def side_by_side(self) -> int:
        return self._loaded.side_by_side

    def count_tokens(self, text: str) -> int:
        return self._loaded.count_tokens(text)

    def render(self, messages: Sequence[Message]) -> str:
        return self._loaded.render(messages)

    def warm_up(self, prompt: str) -> None:
        self._loaded.warm_up(prompt)

    def generate(
        self, prompt: str, sampling: Sampling, cancel: CancelToken | None = None
    ) -> Generator[str, None, None]:
        return self._loaded.generate(prompt, sampling, cancel)

    def quote(
        self,
        prompt: str,
        passages: Sequence[str],
        refusal: str,
        cancel: CancelToken | None = None,
        *,
        max_tokens: int = 192,
    ) -> Quoted:
        return self._loaded.quote(prompt, passages, refusal, cancel, max_tokens=max_tokens)

    def weigh(
        self,
        passages: Sequence[WeightedPassage],
        refusal: str,
        cancel: CancelToken | None = None,
        *,
        max_tokens: int = 192,
    ) -> WeightedQuotes:
        return self._loaded.weigh(passages, refusal, cancel, max_tokens=max_tokens)
