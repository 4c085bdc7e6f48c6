"""Select the arms of an evaluation: models, strategies, examples in the prompt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant import __version__
from assistant.cli.options import Invocation
from assistant.config import NO_READER, Settings
from assistant.types import Workspace

if TYPE_CHECKING:
    from assistant.evaluation.arms import Arm, InstalledModel
    from assistant.evaluation.few_shot import FewShotQuestions
    from assistant.evaluation.suite import Suite
    from assistant.store import StoreKey
    from assistant.unlock.unlock import LibraryUnlocker

DECIDING = (
    "context_length",
    "max_answer_tokens",
    "search_hits",
    "prompt_passages",
    "prompt_passage_tokens",
    "temperature",
)
"""Settings that decide what is answered."""


@dataclass(frozen=True, slots=True)
class ArmSelection:
    """The arms that are measured, what examples are made of, and what is left out and why."""

    arms: tuple[Arm, ...]
    shots: FewShotQuestions | None
    left_out: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        questions: Suite,
        installed: Sequence[InstalledModel],
        *,
        names: Sequence[str] = (),
        for_advice: bool = False,
        examples: Path | None = None,
    ) -> ArmSelection:
        """Return what the options of the command ask for.

        Raises `UsageError`, and `SuiteError` for examples that can't be used.
        """
        from assistant.evaluation.arms import CURRENT, arms_named, names_for_advice
        from assistant.evaluation.few_shot import candidates
        from assistant.evaluation.suite import read_examples

        if for_advice:
            names = tuple(dict.fromkeys((*names_for_advice(installed), *names)))
        arms = arms_named(tuple(names) or (CURRENT,), installed)
        given = read_examples(examples) if examples else None
        if given is None and for_advice and not questions.training:
            without = tuple(arm for arm in arms if not arm.shots)
            said = "No examples were given (--shots FILE), so +shots is left out."
            return cls(without, None, (said,) if len(without) < len(arms) else ())
        wanted = any(arm.shots for arm in arms)
        return cls(arms, candidates(questions, given) if wanted else None)


def deciding_key(settings: Settings, shots: FewShotQuestions | None) -> dict[str, Any]:
    """Return what decides the answers besides suite, library and model."""
    from assistant.engine.engine_loader import embedder_identity

    deciding = {name: getattr(settings, name) for name in DECIDING}
    embedder = asdict(embedder_identity(settings))
    return {
        "version": __version__,
        "settings": deciding,
        "embedder": embedder,
        "shots": shots.sha256 if shots else "",
    }


def installed_models(settings: Settings) -> list[InstalledModel]:
    from assistant.evaluation.arms import InstalledModel
    from assistant.models.installed_models import list_models

    return [
        InstalledModel(
            model.name,
            model.base,
            model.sha256,
            model.active,
            tuned=bool(model.base or model.prompt_version),
        )
        for model in list_models(settings)
        if model.role == "chat"
    ]


class CachedKeySource:
    """A `KeySource` for all arms: whoever has the passphrase is asked for it once."""

    def __init__(self, unlocking: LibraryUnlocker) -> None:
        self._unlocking = unlocking
        self._key: StoreKey | None = None

    def get(self, create: bool) -> StoreKey:
        self._key = self._key or self._unlocking.get(create)
        return self._key


def arm_opener(
    invocation: Invocation, shots: FewShotQuestions | None
) -> Callable[[Arm], Workspace]:
    """Return what opens the library with the model of an arm."""
    settings = invocation.settings
    given = invocation.opener
    if given is not None:
        return lambda arm: given(_with_model(settings, arm))
    from assistant.cli.eval.libraries import open_arm
    from assistant.unlock.unlock import LibraryUnlocker

    keys = CachedKeySource(LibraryUnlocker(settings, invocation.output))
    return lambda arm: open_arm(_with_model(settings, arm), keys, arm, shots)


def _with_model(settings: Settings, arm: Arm) -> Settings:
    """Return the settings of an arm; but for the current one the model is measured alone."""
    alone = bool(arm.chat_model or arm.closed or arm.shots)
    named = {"chat_model": arm.chat_model} if arm.chat_model else {}
    return settings.with_changes(**named, reader=NO_READER) if alone else settings
