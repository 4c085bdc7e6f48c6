"""A chat model that is loaded when it is first asked to do something.

Where a reader answers, most questions never need it: half a second and 200 MB are saved.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from assistant.types import Calibration, ChatEngine, ModelProfile


class LazyChat:
    """A `types.ChatEngine` whose `name`, `calibration` and `profile` are known without the model.

    Whatever else is asked of it loads the model first, and raises what `load` raises.
    """

    def __init__(
        self,
        name: str,
        calibration: Calibration,
        profile: ModelProfile,
        load: Callable[[], ChatEngine],
    ) -> None:
        self.name = name
        self.calibration = calibration
        self.profile = profile
        self._load = load
        self._lock = threading.Lock()
        self._chat: ChatEngine | None = None

    def __getattr__(self, name: str) -> Any:
        """All else is the engine's own."""
        if name.startswith("__"):
            raise AttributeError(name)
        with self._lock:
            if self._chat is None:
                self._chat = self._load()
        return getattr(self._chat, name)
