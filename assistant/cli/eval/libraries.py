"""Open the library for each arm of `assistant eval`.

What differs is here and nowhere else, so that no other command can come to it: examples in
the prompt, and answers without passages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from assistant.audit import AuditedWorkspace, AuditRecorder
from assistant.cli.model_identity import chat_model_hash
from assistant.cli.wiring import LocalWorkspace
from assistant.config import Settings
from assistant.errors import ModelError, UsageError
from assistant.evaluation.closed_book import answer_closed
from assistant.evaluation.few_shot import FewShotQuestions, make_shots
from assistant.prompts import with_shots
from assistant.store import KeySource
from assistant.types import (
    EVERYTHING,
    AnswerEvent,
    CancelToken,
    ChatEngine,
    DocumentFilter,
    Message,
    Workspace,
)

if TYPE_CHECKING:
    from assistant.evaluation.arms import Arm
    from assistant.evaluation.closed_book import ClosedBookModel


def open_arm(
    settings: Settings, keys: KeySource, arm: Arm, shots: FewShotQuestions | None
) -> Workspace:
    """Open the library for an arm. All that is asked is recorded in its audit log."""
    recorder = AuditRecorder(settings, lambda: {"model": chat_model_hash(settings)})
    inner: LocalWorkspace
    if arm.closed:
        inner = ClosedBookWorkspace(settings, keys, recorder)
    elif arm.shots:
        if shots is None:
            raise UsageError(f"'{arm.name}' needs examples.", hint="Name a file: --shots FILE.")
        inner = FewShotWorkspace(settings, keys, recorder, shots)
    else:
        inner = LocalWorkspace(settings, keys, recorder)
    return AuditedWorkspace(inner, recorder)


class ClosedBookWorkspace(LocalWorkspace):
    """A library whose questions are answered without looking into it."""

    def warm_up(self) -> None:
        self._load_chat()

    def ask(
        self,
        question: str,
        cancel: CancelToken | None = None,
        *,
        strategy: str = "",  # noqa: ARG002 - nothing is read
        previous: str = "",  # noqa: ARG002 - each question stands alone
        documents: Sequence[str] = (),  # noqa: ARG002
        within: DocumentFilter = EVERYTHING,  # noqa: ARG002
    ) -> Iterator[AnswerEvent]:
        """Answer from what the model knows. Raises `ModelError` if there is no model."""
        chat = self._load_chat()
        if chat is None:
            raise ModelError("No chat model is installed.", hint="See: assistant models list")
        model = cast("ClosedBookModel", chat)  # what the engine loads can do both
        temperature = self._settings.temperature
        return answer_closed(model, question, temperature=temperature, cancel=cancel)


class FewShotWorkspace(LocalWorkspace):
    """A library whose chat model is shown examples before each question."""

    def __init__(
        self, settings: Settings, keys: KeySource, recorder: AuditRecorder, shots: FewShotQuestions
    ) -> None:
        super().__init__(settings, keys, recorder)
        self._shots = shots
        self._shown: FewShotChat | None = None

    def _load_chat(self) -> ChatEngine | None:
        chat = super()._load_chat()
        if chat is None:
            return None
        if self._shown is None or self._shown.inner is not chat:
            self._shown = FewShotChat(chat, make_shots(self._shots, self.search))
        return cast("ChatEngine", self._shown)  # it passes all on that it does not change

    def close(self) -> None:
        self._shown = None
        super().close()


@dataclass(frozen=True, slots=True)
class FewShotChat:
    """A `ChatEngine` that renders every conversation with examples before its question."""

    inner: ChatEngine
    shots: Sequence[Message]

    def render(self, messages: Sequence[Message]) -> str:
        return self.inner.render(with_shots(messages, self.shots))

    def __getattr__(self, name: str) -> Any:
        """All else is the engine's own."""
        return getattr(self.inner, name)
